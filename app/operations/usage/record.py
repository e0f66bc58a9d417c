"""Recording usage: the good events are kept, once each, whatever the others of the batch are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from app.billing import Aggregation
from app.billing.period import day_start
from app.database import Scope, UnitOfWork
from app.operations import validation
from app.operations.access import Action, authorise
from app.operations.catalog.kinds import known_kinds
from app.operations.closing import first_open_day, share_tenants
from app.operations.context import Context
from app.operations.transaction import transact
from app.operations.usage.events import (
    FUTURE_ALLOWED,
    Fault,
    MeteredEvent,
    UsageFault,
    UsageRejection,
    fault_of,
    fingerprint,
)
from app.operations.usage.partitions import require_months
from app.operations.usage.store import UsageRow, add_levels, add_to_days, differing
from app.tables.ids import new_ids

MOST_EVENTS = 1000


@dataclass(frozen=True, slots=True)
class UsageRecorded:
    """Every event of the batch is counted or listed once. A duplicate was kept before, with the same content."""

    accepted: int
    duplicates: int
    rejected: tuple[UsageRejection, ...]


async def record_usage(context: Context, *, events: Sequence[MeteredEvent]) -> UsageRecorded:
    """Keeps the events and adds them to their days' totals, in one transaction. Safe to send again."""
    authorise(context, Action.RECORD_USAGE)
    validation.refuse(validation.at_most("events", events, MOST_EVENTS))
    return await record_batch(context, events)


async def record_batch(context: Context, events: Sequence[MeteredEvent]) -> UsageRecorded:
    """The same for as many events as the caller sees fit: one transaction holds them all."""
    authorise(context, Action.RECORD_USAGE)
    scope = context.principal.metering_scope
    await require_months(context, context.clock() + FUTURE_ALLOWED)

    async def work(unit: UnitOfWork) -> UsageRecorded:
        batch = _Batch(events, await _look_up(unit, scope, events), context.clock())
        return await _keep(context, unit, batch)

    return await transact(context, work, scope)


class _Deployment(NamedTuple):
    """As PostgreSQL knows it, and as text: a batch names few deployments often."""

    id: UUID
    tenant_id: UUID
    text: str


@dataclass(frozen=True, slots=True)
class _Known:
    """What the events name, as far as it exists: deployments, kinds, and the resources' deployments."""

    deployments: Mapping[UUID, _Deployment]
    kinds: Mapping[str, Aggregation]
    owners: Mapping[UUID, UUID]


class _Batch:
    """The events parted into rows to keep and rejections; `indexes` are the rows' places in the batch."""

    def __init__(self, events: Sequence[MeteredEvent], known: _Known, now: datetime) -> None:
        self.known = known
        self.recorded_at = now
        self.rows: list[UsageRow] = []
        self.indexes: list[int] = []
        self.rejected: list[UsageRejection] = []
        for index, (event, row_id) in enumerate(zip(events, new_ids(len(events)), strict=True)):
            deployment = known.deployments.get(event.deployment_id)
            fault = fault_of(event, now) or _unknown(event, known, deployment)
            if fault is None and deployment is not None:
                self.indexes.append(index)
                self.rows.append(_row(row_id, event, deployment))
            elif fault is not None:
                self.rejected.append(UsageRejection(index, *fault))


def _unknown(event: MeteredEvent, known: _Known, deployment: _Deployment | None) -> Fault | None:
    if deployment is None:
        return UsageFault.UNKNOWN_DEPLOYMENT, f"there is no deployment '{event.deployment_id}'"
    if event.resource_kind not in known.kinds:
        return UsageFault.UNKNOWN_RESOURCE_KIND, f"there is no resource kind {event.resource_kind!r}"
    if event.resource_id is not None and known.owners.get(event.resource_id) != event.deployment_id:
        return UsageFault.UNKNOWN_RESOURCE, f"the deployment has no resource '{event.resource_id}'"
    return None


def _row(row_id: UUID, event: MeteredEvent, deployment: _Deployment) -> UsageRow:
    return UsageRow(
        row_id,
        deployment.tenant_id,
        deployment.id,
        event.resource_kind,
        event.source,
        event.id,
        str(event.quantity),
        event.occurred_at,
        event.resource_id,
        fingerprint(event, deployment.text),
    )


async def _look_up(unit: UnitOfWork, scope: Scope, events: Sequence[MeteredEvent]) -> _Known:
    deployments = await unit.connection.fetch(
        "SELECT id, tenant_id, id::text AS text FROM cloud_deployments"
        " WHERE id = any($1::uuid[]) AND ($2::uuid IS NULL OR tenant_id = $2)",
        list({event.deployment_id for event in events}),
        scope.tenant_id,
    )
    kinds = await known_kinds(event.resource_kind for event in events)
    resource_ids = {event.resource_id for event in events if event.resource_id is not None}
    return _Known(
        deployments={row["id"]: _Deployment(*row) for row in deployments},
        kinds={code: aggregation for code, (_, aggregation) in kinds.items()},
        owners=await _owners(unit, list(resource_ids)) if resource_ids else {},
    )


async def _owners(unit: UnitOfWork, resource_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    return dict(
        await unit.connection.fetch(
            "SELECT id, deployment_id FROM cloud_resources WHERE id = any($1::uuid[])", resource_ids
        )
    )


async def _share_late(context: Context, unit: UnitOfWork, batch: _Batch) -> date | None:
    """Where events are of months that may be closed: holds those as they are, and gives the first day of the others."""
    open_day = first_open_day(context)
    opens_at = day_start(open_day, context.settings.billing_time_zone)
    if not (tenants := {row.tenant_id for row in batch.rows if row.occurred_at < opens_at}):
        return None
    await share_tenants(unit, tenants)
    return open_day


async def _keep(context: Context, unit: UnitOfWork, batch: _Batch) -> UsageRecorded:
    zone = context.settings.billing_time_zone
    open_day = await _share_late(context, unit, batch)
    days = await add_to_days(unit, batch.rows, batch.recorded_at, zone, open_day)
    levels = [day for day in days if batch.known.kinds[day.resource_kind] is Aggregation.TIME_WEIGHTED]
    await add_levels(unit, batch.rows, levels, zone)
    accepted = sum(day.events for day in days)
    kept_before = len(batch.rows) - accepted
    others = await differing(unit) if kept_before else set()
    reused = [
        UsageRejection(index, UsageFault.ID_REUSED, "another event was recorded under this id")
        for index, row in zip(batch.indexes, batch.rows, strict=True)
        if row.id in others
    ]
    rejected = sorted([*batch.rejected, *reused], key=lambda rejection: rejection.index)
    return UsageRecorded(accepted, kept_before - len(reused), tuple(rejected))
