"""The differences between a catalog file and the database: changes, faults, and what only the database has."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import chain
from typing import NamedTuple, TypeAlias

from app.billing import InputFault, decimal_text
from app.operations.catalog_file.catalog_entries import AddonEntry, Catalog, KindEntry, PlanEntry, TermsEntry
from app.operations.catalog_file.stored_catalog import StoredCatalog

Entry: TypeAlias = KindEntry | PlanEntry | AddonEntry
_FIXED_OF_ADDON = ("name", "currency", "resource_kind")


class Item(StrEnum):
    """What an entry of the catalog is, in words."""

    KIND = "resource kind"
    PLAN = "plan"
    PLAN_VERSION = "plan version"
    ADDON = "add-on"


class ChangedValue(NamedTuple):
    """A value that changes. before: None if it is new; after: None if it is removed."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class CatalogChange:
    """A change of the catalog. created: not in the database yet. version: that of a plan version, which is drafted and
    published.
    """

    item: Item
    entry: Entry
    values: tuple[ChangedValue, ...]
    created: bool
    version: int | None = None


class StoredItem(NamedTuple):
    """Something of the catalog that is in the database only."""

    item: Item
    code: str
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Differences:
    """The changes in the order in which they are applied, the file's faults, and what is left alone."""

    changes: tuple[CatalogChange, ...]
    faults: tuple[InputFault, ...]
    left_alone: tuple[StoredItem, ...]


def differences(wanted: Catalog, stored: StoredCatalog) -> Differences:
    """Compares a file's catalog with the stored one."""
    found = _CatalogComparison(wanted, stored)
    changes = (*found.kinds(), *found.plans(), *found.addons())
    return Differences(changes, tuple(found.faults), tuple(_left_alone(wanted, stored)))


class _CatalogComparison:
    """Compares entries by their codes and collects the faults."""

    def __init__(self, wanted: Catalog, stored: StoredCatalog) -> None:
        self.faults: list[InputFault] = []
        self._wanted = wanted
        self._stored = stored
        self._kinds = {kind.code for kind in (*wanted.resource_kinds, *stored.catalog.resource_kinds)}

    def kinds(self) -> Iterator[CatalogChange]:
        stored = {kind.code: kind for kind in self._stored.catalog.resource_kinds}
        for index, kind in enumerate(self._wanted.resource_kinds):
            if kind.code not in stored:
                yield CatalogChange(Item.KIND, kind, _values({}, _texts(kind)), created=True)
            else:
                self._fixed(("resource_kinds", str(index)), stored[kind.code], kind)

    def plans(self) -> Iterator[CatalogChange]:
        stored = {plan.code: plan for plan in self._stored.catalog.plans}
        for index, plan in enumerate(self._wanted.plans):
            path = ("plans", str(index))
            before = stored.get(plan.code)
            if plan.code in self._stored.archived_plans:
                self.faults.append(InputFault((*path, "code"), f"{plan.code} is archived and cannot be changed"))
            elif before is None:
                yield CatalogChange(Item.PLAN, plan, _values({}, _texts(plan)), created=True)
            else:
                self._fixed(path, before, plan)
            if plan.terms is not None:
                self._require_kinds(plan.terms, (*path, "terms", "resources"))
                if before is None or plan.terms != before.terms:
                    yield self._new_version(plan, None if before is None else before.terms)

    def addons(self) -> Iterator[CatalogChange]:
        stored = {addon.code: addon for addon in self._stored.catalog.addons}
        for index, addon in enumerate(self._wanted.addons):
            path = ("addons", str(index))
            self._require_kind(addon.resource_kind, (*path, "resource_kind"))
            before = stored.get(addon.code)
            if before is None:
                yield CatalogChange(Item.ADDON, addon, _values({}, _texts(addon)), created=True)
                continue
            self._fixed(path, before, addon, _FIXED_OF_ADDON)
            if before != addon:
                yield CatalogChange(Item.ADDON, addon, _values(_texts(before), _texts(addon)), created=False)

    def _new_version(self, plan: PlanEntry, before: TermsEntry | None) -> CatalogChange:
        numbers = self._stored.versions.get(plan.code)
        version = 1 + (numbers.latest if numbers else 0)
        values = _values(dict(_terms_texts(before)), dict(_terms_texts(plan.terms)))
        return CatalogChange(Item.PLAN_VERSION, plan, values, before is None, version)

    def _fixed(self, path: tuple[str, ...], before: Entry, after: Entry, names: Iterable[str] | None = None) -> None:
        """Records a fault for each value that has changed although it cannot."""
        old, new = _texts(before), _texts(after)
        for name in names or new:
            if old.get(name) != new.get(name):
                message = f"cannot be changed: it is {old.get(name) or 'empty'} in the database"
                self.faults.append(InputFault((*path, name), message))

    def _require_kinds(self, terms: TermsEntry, path: tuple[str, ...]) -> None:
        for resource in terms.resources:
            self._require_kind(resource.resource_kind, path)

    def _require_kind(self, code: str | None, path: tuple[str, ...]) -> None:
        if code is not None and code not in self._kinds:
            message = f"names the resource kind {code}, which is not defined"
            self.faults.append(InputFault(path, message))


def _left_alone(wanted: Catalog, stored: StoredCatalog) -> Iterator[StoredItem]:
    in_file = {
        Item.KIND: {kind.code for kind in wanted.resource_kinds},
        Item.PLAN: {plan.code for plan in wanted.plans},
        Item.ADDON: {addon.code for addon in wanted.addons},
    }
    entries = chain(
        ((Item.KIND, kind.code) for kind in stored.catalog.resource_kinds),
        ((Item.PLAN, plan.code) for plan in stored.catalog.plans),
        ((Item.ADDON, addon.code) for addon in stored.catalog.addons),
    )
    yield from (StoredItem(item, code) for item, code in entries if code not in in_file[item])
    without_terms = {plan.code for plan in wanted.plans if plan.terms is None}
    for code, numbers in stored.versions.items():
        if code in without_terms and numbers.current is not None:
            yield StoredItem(Item.PLAN_VERSION, code, numbers.current)
        yield from (StoredItem(Item.PLAN_VERSION, code, draft) for draft in numbers.drafts)


def _values(before: dict[str, str], after: dict[str, str]) -> tuple[ChangedValue, ...]:
    names = dict.fromkeys((*after, *before))
    return tuple(
        ChangedValue(name, before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)
    )


def _texts(entry: Entry) -> dict[str, str]:
    """Returns the values of an entry as texts, without its code, its terms and what is empty."""
    names = (name for name in entry.__slots__ if name not in {"code", "terms"})
    values = ((name, getattr(entry, name)) for name in names)
    return {name: _text(value) for name, value in values if value not in {None, ""}}


def _terms_texts(terms: TermsEntry | None) -> Iterator[tuple[str, str]]:
    if terms is None:
        return
    yield "base_price_cents", _text(terms.base_price_cents)
    yield "currency", terms.currency
    yield "proration", terms.proration
    for resource in terms.resources:
        kind = resource.resource_kind
        yield f"{kind}.included_quantity", _text(resource.included_quantity)
        yield f"{kind}.price_model", resource.price_model
        if resource.package_size is not None:
            yield f"{kind}.package_size", _text(resource.package_size)
        for position, tier in enumerate(resource.tiers):
            name = f"{kind}.tiers.{position}"
            yield f"{name}.unit_price_cents", _text(tier.unit_price_cents)
            if tier.up_to is not None:
                yield f"{name}.up_to", _text(tier.up_to)
            if tier.flat_price_cents:
                yield f"{name}.flat_price_cents", _text(tier.flat_price_cents)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return decimal_text(value) if isinstance(value, Decimal) else str(value)
