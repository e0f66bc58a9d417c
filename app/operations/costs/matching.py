"""Which resource of ours a row of the provider's bill is for.

A row is matched by the provider's id, then by the exact name, then by the name before " (", among the resources that
were alive in the row's time span. A name of several deployments at that time matches none: the cost stays unallocated.
A resource that was moved has one row in each deployment, one after the other, under one id of the provider's. A bill's
row that spans the move belongs to the one alive at its start, or if none was, to the first one after it.

Where none was alive in the span, one that was registered after it counts, by the same rules: createdAt is the time of
registration unless the caller says otherwise, and so may be later than the bill. One that was destroyed before it never
does.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from app.database import UnitOfWork
from app.operations.costs.digitalocean import BillRow

_RESOURCES = """
SELECT id, tenant_id, deployment_id, external_id, name, resource_kind, created_at, destroyed_at
FROM cloud_resources WHERE provider = $1 AND (external_id = any($2::text[]) OR name = any($2::text[]))
ORDER BY created_at, id
"""


class ResourceMatcher:
    """The resources that a bill names, by what it may call them, the oldest first."""

    def __init__(self, resources: Iterable[Any]) -> None:
        self._by_external_id: dict[str, list[Any]] = defaultdict(list)
        self._by_name: dict[str, list[Any]] = defaultdict(list)
        for resource in resources:
            self._by_external_id[resource["external_id"]].append(resource)
            self._by_name[resource["name"]].append(resource)

    def resource_of(self, row: BillRow) -> Any | None:
        """The resource that a row is for, or None."""
        return _of_one_deployment(self._candidates(row, _is_alive) or self._candidates(row, _is_created_later))

    def _candidates(self, row: BillRow, counts: Callable[[Any, BillRow], bool]) -> list[Any]:
        """The resources that count, by the first of the row's names that any of them has."""
        for resources_by in (self._by_external_id, self._by_name):
            for name in row.names:
                found = [resource for resource in resources_by.get(name, ()) if counts(resource, row)]
                if found:
                    return found
        return []


def _is_alive(resource: Any, row: BillRow) -> bool:
    """Whether the lives of the two overlap, both [start, end). A row that ends when it starts is an instant."""
    is_created = resource["created_at"] < row.ended_at or resource["created_at"] <= row.started_at
    return is_created and (resource["destroyed_at"] is None or resource["destroyed_at"] > row.started_at)


def _is_created_later(resource: Any, row: BillRow) -> bool:
    return bool(resource["created_at"] >= row.ended_at)


def _of_one_deployment(resources: Sequence[Any]) -> Any | None:
    """The first resource, if all are of one deployment; of rows with one id of the provider's only the first counts."""
    first_of_each = {resource["external_id"]: resource for resource in reversed(resources)}
    deployments = {resource["deployment_id"] for resource in first_of_each.values()}
    return resources[0] if len(deployments) == 1 else None


async def matcher_for(unit: UnitOfWork, provider: str, bill: Sequence[BillRow]) -> ResourceMatcher:
    names = list({name for row in bill for name in row.names})
    return ResourceMatcher(await unit.connection.fetch(_RESOURCES, provider, names))
