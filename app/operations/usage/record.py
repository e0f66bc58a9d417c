"""Recording usage: the good events are kept, once each, whatever the others of the batch are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
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
)
from app.operations.usage.partitions import require_months
from app.operations.usage.staging import StagedDeployment, encoded, stage
from app.operations.usage.store import add_levels, add_to_days, claim
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
        open_day = first_open_day(context)
        opens_at = day_start(open_day, context.settings.billing_time_zone)
        batch = _Batch(events, await _look_up(unit, scope, events), context.clock(), opens_at)
        return await _keep(context, unit, batch, open_day)

    return await transact(context, work, scope)


@dataclass(frozen=True, slots=True)
class _Known:
    """What the events name, as far as it exists: deployments, kinds, and the resources' deployments."""

    deployments: Mapping[UUID, StagedDeployment]
    kinds: Mapping[str, Aggregation]
    owners: Mapping[UUID, UUID]

    @property
    def level_kinds(self) -> list[str]:
        return [kind for kind, aggregation in self.kinds.items() if aggregation is Aggregation.TIME_WEIGHTED]


class _Batch:
    """The events parted into rows to stage and rejections; `indexes` are the rows' places in the batch, `ids` theirs.

    `early` are the tenants of events from before `opens_at`.
    """

    def __init__(self, events: Sequence[MeteredEvent], known: _Known, now: datetime, opens_at: datetime) -> None:
        self.known = known
        self.recorded_at = now
        self.rows: list[bytes] = []
        self.ids: list[UUID] = []
        self.indexes: list[int] = []
        self.early: set[UUID] = set()
        self.rejected: list[UsageRejection] = []
        for index, (event, row_id) in enumerate(zip(events, new_ids(len(events)), strict=True)):
            deployment = known.deployments.get(event.deployment_id)
            fault = fault_of(event, now) or _unknown(event, known, deployment)
            if fault is None and deployment is not None:
                self.rows.append(encoded(row_id, event, deployment))
                self.ids.append(row_id)
                self.indexes.append(index)
                if event.occurred_at < opens_at:
                    self.early.add(deployment.tenant_id)
            elif fault is not None:
                self.rejected.append(UsageRejection(index, *fault))

    def reused(self, taken: Mapping[UUID, bool]) -> list[UsageRejection]:
        """Of rows whose event ids are taken, those that say something else."""
        if not any(taken.values()):
            return []
        return [
            UsageRejection(index, UsageFault.ID_REUSED, "another event was recorded under this id")
            for index, row_id in zip(self.indexes, self.ids, strict=True)
            if taken.get(row_id)
        ]


def _unknown(event: MeteredEvent, known: _Known, deployment: StagedDeployment | None) -> Fault | None:
    if deployment is None:
        return UsageFault.UNKNOWN_DEPLOYMENT, f"there is no deployment '{event.deployment_id}'"
    if event.resource_kind not in known.kinds:
        return UsageFault.UNKNOWN_RESOURCE_KIND, f"there is no resource kind {event.resource_kind!r}"
    if event.resource_id is not None and known.owners.get(event.resource_id) != event.deployment_id:
        return UsageFault.UNKNOWN_RESOURCE, f"the deployment has no resource '{event.resource_id}'"
    return None


async def _look_up(unit: UnitOfWork, scope: Scope, events: Sequence[MeteredEvent]) -> _Known:
    deployments = await unit.connection.fetch(
        "SELECT id, tenant_id FROM cloud_deployments"
        " WHERE id = any($1::uuid[]) AND ($2::uuid IS NULL OR tenant_id = $2)",
        list({event.deployment_id for event in events}),
        scope.tenant_id,
    )
    kinds = await known_kinds(event.resource_kind for event in events)
    resource_ids = {event.resource_id for event in events if event.resource_id is not None}
    return _Known(
        deployments={row["id"]: StagedDeployment.of(row["tenant_id"], row["id"]) for row in deployments},
        kinds={code: aggregation for code, (_, aggregation) in kinds.items()},
        owners=await _owners(unit, list(resource_ids)) if resource_ids else {},
    )


async def _owners(unit: UnitOfWork, resource_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    return dict(
        await unit.connection.fetch(
            "SELECT id, deployment_id FROM cloud_resources WHERE id = any($1::uuid[])", resource_ids
        )
    )


async def _keep(context: Context, unit: UnitOfWork, batch: _Batch, open_day: date) -> UsageRecorded:
    if not batch.rows:
        return UsageRecorded(0, 0, tuple(batch.rejected))
    zone = context.settings.billing_time_zone
    if batch.early:  # their months may be closed: held as they are
        await share_tenants(unit, batch.early)
    await stage(unit, batch.rows)
    taken = await claim(unit)
    accepted = len(batch.rows) - len(taken)
    if accepted:
        days = await add_to_days(
            unit, batch.recorded_at, zone, batch.known.level_kinds, open_day if batch.early else None
        )
        await add_levels(unit, batch.ids, days, zone)
    reused = batch.reused(taken)
    rejected = sorted([*batch.rejected, *reused], key=lambda rejection: rejection.index)
    return UsageRecorded(accepted, len(taken) - len(reused), tuple(rejected))
