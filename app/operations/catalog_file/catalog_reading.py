"""Reads a catalog file: types, keys and the rules of the catalog's operations, with all faults reported at once."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

import yaml

from app.billing import Aggregation, InputFault, PriceModel, Proration, Tier
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.catalog import ResourceDraft
from app.operations.catalog.addons import addon_faults
from app.operations.catalog.kinds import kind_faults
from app.operations.catalog.plans import plan_faults
from app.operations.catalog.versions import version_faults
from app.operations.catalog_file.catalog_entries import AddonEntry, Catalog, KindEntry, PlanEntry, TermsEntry, by_kind
from app.operations.catalog_file.yaml_reader import Field, Path, YamlReader


@dataclass(frozen=True, slots=True)
class CatalogFile:
    """What a file contains. line_of: the line of the value at a path."""

    name: str
    catalog: Catalog
    line_of: Callable[[Path], int]

    def refuse(self, faults: Iterable[InputFault]) -> None:
        """Raises VALIDATION_FAILED if there are faults: a line each, in the order of the file."""
        lines = sorted(
            (self.line_of(fault.path), ".".join(fault.path) or "the file", fault.message) for fault in faults
        )
        if lines:
            messages = (f"{self.name}, line {line}: {path} {message}" for line, path, message in lines)
            raise Refusal(ProblemCode.VALIDATION_FAILED, "\n".join(messages))


def read_catalog(text: str, name: str) -> CatalogFile:
    """Returns the catalog of a file with this text. Raises VALIDATION_FAILED with all faults and their lines."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = 1 if error.problem_mark is None else error.problem_mark.line + 1
        raise Refusal(ProblemCode.VALIDATION_FAILED, f"{name}, line {line} is not YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise Refusal(ProblemCode.VALIDATION_FAILED, f"{name} is not YAML: {' '.join(str(error).split())}") from error
    except RecursionError as error:
        raise Refusal(ProblemCode.VALIDATION_FAILED, f"{name}: the file is nested too deeply") from error
    if node is None:
        raise Refusal(ProblemCode.VALIDATION_FAILED, f"{name}: the file is empty")
    reader = _CatalogReader()
    catalog = reader.catalog(node)
    read = CatalogFile(name, catalog or Catalog(), reader.line_of)
    read.refuse(reader.faults)
    return read


class _CatalogReader(YamlReader):
    """The keys of a catalog file, and the rules of their values."""

    def catalog(self, node: yaml.Node) -> Catalog | None:
        catalog = self.record(
            node,
            (),
            Catalog,
            {
                "resource_kinds": Field(self.items(self._kind), ()),
                "plans": Field(self.items(self._plan), ()),
                "addons": Field(self.items(self._addon), ()),
            },
        )
        if catalog is not None:
            for name, entries in (
                ("resource_kinds", catalog.resource_kinds),
                ("plans", catalog.plans),
                ("addons", catalog.addons),
            ):
                self.check((name,), _repeated_codes([entry.code for entry in entries]))
        return catalog

    def _kind(self, node: yaml.Node, path: Path) -> KindEntry | None:
        fields = {
            "code": Field(self.text),
            "unit": Field(self.text),
            "aggregation": Field(self.member(Aggregation)),
            "description": Field(self.text, ""),
        }
        kind = self.record(node, path, KindEntry, fields)
        if kind is not None:
            self.check(path, kind_faults(code=kind.code, unit=kind.unit, description=kind.description))
        return kind

    def _plan(self, node: yaml.Node, path: Path) -> PlanEntry | None:
        fields = {
            "code": Field(self.text),
            "name": Field(self.text),
            "description": Field(self.text, None),
            "terms": Field(self._terms, None),
        }
        plan = self.record(node, path, PlanEntry, fields)
        if plan is not None:
            self.check(path, plan_faults(code=plan.code, name=plan.name, description=plan.description))
        return plan

    def _terms(self, node: yaml.Node, path: Path) -> TermsEntry | None:
        fields = {
            "base_price_cents": Field(self.integer),
            "currency": Field(self.text, "AUD"),
            "proration": Field(self.member(Proration), Proration.NONE),
            "resources": Field(self.items(self._resource), ()),
        }
        terms = self.record(node, path, TermsEntry, fields)
        if terms is None:
            return None
        faults = version_faults(
            base_price_cents=terms.base_price_cents,
            currency=terms.currency,
            proration=terms.proration,
            resources=terms.resources,
        )
        self.check(path, faults)
        return replace(terms, resources=tuple(sorted(terms.resources, key=by_kind)))

    def _resource(self, node: yaml.Node, path: Path) -> ResourceDraft | None:
        fields = {
            "resource_kind": Field(self.text),
            "included_quantity": Field(self.number, Decimal(0)),
            "price_model": Field(self.member(PriceModel), PriceModel.PER_UNIT),
            "package_size": Field(self.number, None),
            "tiers": Field(self.items(self._tier)),
        }
        return self.record(node, path, ResourceDraft, fields)

    def _tier(self, node: yaml.Node, path: Path) -> Tier | None:
        fields = {
            "up_to": Field(self.number, None),
            "unit_price_cents": Field(self.number),
            "flat_price_cents": Field(self.integer, 0),
        }
        return self.record(node, path, Tier, fields)

    def _addon(self, node: yaml.Node, path: Path) -> AddonEntry | None:
        fields = {
            "code": Field(self.text),
            "name": Field(self.text),
            "price_cents": Field(self.integer),
            "currency": Field(self.text, "AUD"),
            "resource_kind": Field(self.text, None),
            "quantity": Field(self.number, Decimal(1)),
            "active": Field(self.boolean, default=True),
        }
        addon = self.record(node, path, AddonEntry, fields)
        if addon is not None:
            faults = addon_faults(
                code=addon.code,
                name=addon.name,
                price_cents=addon.price_cents,
                currency=addon.currency,
                quantity=addon.quantity,
            )
            self.check(path, faults)
        return addon


def _repeated_codes(codes: list[str]) -> list[InputFault]:
    return [
        InputFault((str(index), "code"), f"{code} appears twice")
        for index, code in enumerate(codes)
        if code in codes[:index]
    ]
