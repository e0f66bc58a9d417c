"""A rollup run, and the division of its tenants into portions."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from app.billing import Period


@dataclass(frozen=True, slots=True)
class Run:
    """A rollup run with its options. force: tenants that already have an invoice are rated again. dry_run: no invoices
    are written. rates_stale_drafts: a draft whose month changed after it was rated is rated again in place.
    """

    id: UUID
    period: Period
    force: bool
    dry_run: bool
    rates_stale_drafts: bool = False


class TenantWorkload(NamedTuple):
    """A tenant of a run, with the number of subscriptions to rate."""

    tenant_id: UUID
    subscriptions: int


def portions(
    workloads: Iterable[TenantWorkload], max_tenants: int, max_subscriptions: int
) -> Iterator[list[TenantWorkload]]:
    """Divides tenants, in order, into portions with limited numbers of tenants and subscriptions. A tenant with more
    subscriptions than the limit is a portion by itself.
    """
    portion: list[TenantWorkload] = []
    size = 0
    for workload in workloads:
        if portion and (len(portion) == max_tenants or size + workload.subscriptions > max_subscriptions):
            yield portion
            portion, size = [], 0
        portion.append(workload)
        size += workload.subscriptions
    if portion:
        yield portion
