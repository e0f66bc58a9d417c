"""Decides which resource a row of the provider's bill is for.

A row is matched by the provider's id, then by the exact name, then by the name before " (", among the resources that
existed in the row's time span. A row whose description names none of them is matched by its group in the same way:
nodes of a Kubernetes cluster or a database are billed under its name. A name that several deployments used at that time
matches none: the cost stays unallocated.

A resource that was moved has one row for each deployment, one after the other, with the same provider's id. A bill's
row that spans the move belongs to the resource that existed at its start, or if there was none, to the first one after
it.

If none existed in the time span, a resource that was registered after it counts, by the same rules: createdAt defaults
to the time of registration and so may be later than the bill. A resource that was destroyed before the time span never
counts.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from app.database import UnitOfWork
from app.tables.costs import CloudInvoiceMatch, UnallocatedReason

_RESOURCES = """
SELECT id, tenant_id, deployment_id, external_id, name, resource_kind, created_at, destroyed_at
FROM cloud_resources WHERE provider = $1 AND (external_id = any($2::text[]) OR name = any($2::text[]))
ORDER BY created_at, id
"""
_BRACKET = re.compile(r"\s+\(")


class Charged(Protocol):
    """The fields of a bill's row that tell which resource it is for."""

    @property
    def description(self) -> str: ...
    @property
    def group_description(self) -> str: ...
    @property
    def started_at(self) -> datetime: ...
    @property
    def ended_at(self) -> datetime: ...


class Match(NamedTuple):
    """The match of a row: the columns of cloud_invoice_lines with the same names."""

    cloud_resource_id: UUID | None
    tenant_id: UUID | None
    deployment_id: UUID | None
    resource_kind: str | None
    matched_by: CloudInvoiceMatch | None
    unallocated_reason: UnallocatedReason | None


class _Rule(NamedTuple):
    """One rule for matching a row of a bill: a name, and the index in which to look it up (by provider's id or by
    resource name).
    """

    matched_by: CloudInvoiceMatch
    resources_by: dict[str, list[Any]]
    name: str


class _Candidates(NamedTuple):
    matched_by: CloudInvoiceMatch
    resources: list[Any]


def names_of(text: str) -> tuple[str, ...]:
    """Returns the possible resource names in a text of the bill: the whole text, then the part before each " (", the
    longest first.
    """
    prefixes = [text[: opening.start()] for opening in _BRACKET.finditer(text)]
    return (text, *(prefix for prefix in reversed(prefixes) if prefix)) if text else ()


class ResourceMatcher:
    """Finds the registered resource that a row of a bill names, by the provider's id or by name."""

    def __init__(self, resources: Iterable[Any]) -> None:
        self._by_external_id: dict[str, list[Any]] = defaultdict(list)
        self._by_name: dict[str, list[Any]] = defaultdict(list)
        for resource in resources:
            self._by_external_id[resource["external_id"]].append(resource)
            self._by_name[resource["name"]].append(resource)

    def match(self, row: Charged) -> Match:
        """Returns the resource that a row of a provider's bill charges for, or the reason why there is none."""
        rules = list(self._by_description(row.description)), list(self._by_group(row.group_description))
        for rule_group in rules:
            for counts in (_is_alive, _is_created_later):
                if candidates := _candidates(rule_group, row, counts):
                    return _of_one_deployment(candidates)
        is_known = any(rule.resources_by.get(rule.name) for rule_group in rules for rule in rule_group)
        return _unallocated(UnallocatedReason.NOT_ALIVE if is_known else UnallocatedReason.UNKNOWN_NAME)

    def _by_description(self, description: str) -> Iterator[_Rule]:
        names = names_of(description)
        for name in names:
            yield _Rule(CloudInvoiceMatch.PROVIDER_ID, self._by_external_id, name)
        for name in names:
            by = CloudInvoiceMatch.NAME if name == description else CloudInvoiceMatch.SHORT_NAME
            yield _Rule(by, self._by_name, name)

    def _by_group(self, group: str) -> Iterator[_Rule]:
        names = names_of(group)
        for resources_by in (self._by_external_id, self._by_name):
            for name in names:
                yield _Rule(CloudInvoiceMatch.GROUP, resources_by, name)


def _candidates(rules: Iterable[_Rule], row: Charged, counts: Callable[[Any, Charged], bool]) -> _Candidates | None:
    """Applies the matching rules in order; returns the resources found by the first rule that finds any."""
    for rule in rules:
        matching = [resource for resource in rule.resources_by.get(rule.name, ()) if counts(resource, row)]
        if matching:
            return _Candidates(rule.matched_by, matching)
    return None


def _is_alive(resource: Any, row: Charged) -> bool:
    """Whether the resource existed during the time span of a bill's row; both are [start, end). A row that ends when it
    starts is an instant.
    """
    is_created = resource["created_at"] < row.ended_at or resource["created_at"] <= row.started_at
    return is_created and (resource["destroyed_at"] is None or resource["destroyed_at"] > row.started_at)


def _is_created_later(resource: Any, row: Charged) -> bool:
    return bool(resource["created_at"] >= row.ended_at)


def _of_one_deployment(candidates: _Candidates) -> Match:
    """Returns the first resource if all belong to one deployment; of resources with the same provider's id only the
    first counts.
    """
    first_of_each = {resource["external_id"]: resource for resource in reversed(candidates.resources)}
    if len({resource["deployment_id"] for resource in first_of_each.values()}) > 1:
        return _unallocated(UnallocatedReason.SEVERAL_DEPLOYMENTS)
    resource = candidates.resources[0]
    return Match(
        resource["id"],
        resource["tenant_id"],
        resource["deployment_id"],
        resource["resource_kind"],
        candidates.matched_by,
        UnallocatedReason.NO_DEPLOYMENT if resource["deployment_id"] is None else None,
    )


def _unallocated(reason: UnallocatedReason) -> Match:
    return Match(None, None, None, None, None, reason)


async def match_rows(unit: UnitOfWork, provider: str, rows: Sequence[Charged]) -> list[Match]:
    """Matches rows of a bill to the provider's registered resources; returns one match per row."""
    names = {name for row in rows for text in (row.description, row.group_description) for name in names_of(text)}
    matcher = ResourceMatcher(await unit.connection.fetch(_RESOURCES, provider, list(names)))
    return [matcher.match(row) for row in rows]
