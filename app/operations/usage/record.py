"""Records usage: the valid events of a batch are stored, each once, whatever the others are."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from app.billing import Aggregation, day_of
from app.database import Scope, UnitOfWork
from app.operations.billing_months import first_open_day, record_changes
from app.operations.calls import validation
from app.operations.calls.access import Action, authorise
from app.operations.calls.context import Context
from app.operations.calls.transaction import transact
from app.operations.catalog.kinds import known_kinds
from app.operations.usage.affected_days import Occurrence, changes_of
from app.operations.usage.event_days import event_days
from app.operations.usage.event_rows import StagedDeployment, encoded, stage
from app.operations.usage.metered_events import (
    FUTURE_ALLOWED,
    MALFORMED,
    InputFault,
    MeteredEvent,
    RejectedEvent,
    UsageFault,
    epoch_microseconds,
    usage_fault_of,
)
from app.operations.usage.partitions import require_months
from app.operations.usage.refold import DayKey, fold_days, lock_days
from app.operations.usage.usage_store import Streams, add_levels, add_to_days, claim
from app.tables.billing_months import ChangeReason
from app.tables.ids import new_ids

MAX_EVENTS = 1000


@dataclass(frozen=True, slots=True)
class RecordingOutcome:
    """The counts of a batch: every event is counted or listed once. A duplicate was stored before with the same
    content.
    """

    accepted: int
    duplicates: int
    rejected: tuple[RejectedEvent, ...]


async def record_usage(context: Context, *, events: Sequence[MeteredEvent]) -> RecordingOutcome:
    """Stores the events and adds them to their daily totals, in one transaction. Sending them again is safe."""
    authorise(context, Action.RECORD_USAGE)
    validation.refuse(validation.at_most("events", events, MAX_EVENTS))
    return await record_batch(context, events)


async def record_batch(context: Context, events: Sequence[MeteredEvent], *, malformed: int = 0) -> RecordingOutcome:
    """Records any number of usage events in one transaction.

    The call's audit entry contains the counts, including the lines that were not events.
    """
    authorise(context, Action.RECORD_USAGE)
    scope = context.principal.metering_scope
    await require_months(context, context.clock() + FUTURE_ALLOWED)

    async def work(unit: UnitOfWork) -> RecordingOutcome:
        zone = context.settings.billing_time_zone
        batch = _EventBatch(events, await _look_up(unit, scope, events), context.clock(), zone, first_open_day(context))
        recorded = await _store(context, unit, batch)
        if context.call is not None:
            context.call.result = _counts(recorded, malformed)
        return recorded

    return await transact(context, work, RecordingOutcome, scope=scope)


def _counts(recorded: RecordingOutcome, malformed: int) -> str:
    reasons = Counter[str](rejection.code for rejection in recorded.rejected)
    if malformed:
        reasons[MALFORMED] = malformed
    return json.dumps({"accepted": recorded.accepted, "duplicates": recorded.duplicates, "rejected": reasons})


class _KnownResource(NamedTuple):
    deployment_id: UUID
    destroyed_at: datetime | None


@dataclass(frozen=True, slots=True)
class _KnownRows:
    """The deployments, resource kinds and resources that a batch of usage events names, as far as they exist."""

    deployments: Mapping[UUID, StagedDeployment]
    kinds: Mapping[str, Aggregation]
    resources: Mapping[UUID, _KnownResource]

    @property
    def streams(self) -> Streams:
        return Streams(
            [kind for kind, aggregation in self.kinds.items() if aggregation is not Aggregation.SUM],
            [kind for kind, aggregation in self.kinds.items() if aggregation is Aggregation.TIME_WEIGHTED],
            {
                resource_id: resource.destroyed_at
                for resource_id, resource in self.resources.items()
                if resource.destroyed_at is not None
            },
        )


class _EventBatch:
    """The events divided into rows to stage and rejections; `indexes` are the rows' positions in the batch, `ids` their
    ids.

    `early` are the positions among the rows, with the days, of events before `open_day`.
    """

    def __init__(
        self, events: Sequence[MeteredEvent], known: _KnownRows, now: datetime, zone: ZoneInfo, open_day: date
    ) -> None:
        self.events = events
        self.known = known
        self.recorded_at = now
        self.rows: list[bytes] = []
        self.ids: list[UUID] = []
        self.indexes: list[int] = []
        self.early: list[tuple[int, date]] = []
        self.rejected: list[RejectedEvent] = []
        days = event_days(zone)
        for index, (event, row_id) in enumerate(zip(events, new_ids(len(events)), strict=True)):
            deployment = known.deployments.get(event.deployment_id)
            fault = usage_fault_of(event, now) or _unknown(event, known, deployment)
            if fault is None and deployment is not None:
                microseconds = epoch_microseconds(event.occurred_at)
                day = days.of(microseconds)
                if day.date < open_day:
                    self.early.append((len(self.rows), day.date))
                self.rows.append(encoded(row_id, event, deployment, microseconds, day))
                self.ids.append(row_id)
                self.indexes.append(index)
            elif fault is not None:
                self.rejected.append(RejectedEvent(index, *fault))

    def reused(self, taken: Mapping[UUID, bool]) -> list[RejectedEvent]:
        """Returns a rejection for each row whose event id is taken by different content."""
        if not any(taken.values()):
            return []
        return [
            RejectedEvent(index, UsageFault.ID_REUSED, "a different event was already recorded with this id")
            for index, row_id in zip(self.indexes, self.ids, strict=True)
            if taken.get(row_id)
        ]

    def early_new(self, taken: Mapping[UUID, bool]) -> Iterator[Occurrence]:
        """Yields the newly recorded events of earlier months that may change those months: every level, but of amounts
        and readings only one for each deployment and day.
        """
        kinds, seen = self.known.kinds, set[tuple[UUID, date]]()
        for place, day in self.early:
            event = self.events[self.indexes[place]]
            aggregation = kinds[event.resource_kind]
            deployment_day = event.deployment_id, day
            if deployment_day in seen and aggregation is not Aggregation.TIME_WEIGHTED:
                continue
            if taken and self.ids[place] in taken:
                continue
            if aggregation is not Aggregation.TIME_WEIGHTED:
                seen.add(deployment_day)
            yield Occurrence(
                self.known.deployments[event.deployment_id].tenant_id,
                event.deployment_id,
                event.resource_kind,
                aggregation,
                event.resource_id,
                day,
                event.occurred_at,
            )


def _unknown(event: MeteredEvent, known: _KnownRows, deployment: StagedDeployment | None) -> InputFault | None:
    if deployment is None:
        return UsageFault.UNKNOWN_DEPLOYMENT, f"deployment '{event.deployment_id}' does not exist"
    if event.resource_kind not in known.kinds:
        return UsageFault.UNKNOWN_RESOURCE_KIND, f"resource kind {event.resource_kind!r} does not exist"
    if event.resource_id is not None:
        resource = known.resources.get(event.resource_id)
        if resource is None or resource.deployment_id != event.deployment_id:
            return UsageFault.UNKNOWN_RESOURCE, f"the deployment has no resource '{event.resource_id}'"
    return None


async def _look_up(unit: UnitOfWork, scope: Scope, events: Sequence[MeteredEvent]) -> _KnownRows:
    deployments = await unit.connection.fetch(
        "SELECT id, tenant_id FROM cloud_deployments"
        " WHERE id = any($1::uuid[]) AND ($2::uuid IS NULL OR tenant_id = $2)",
        list({event.deployment_id for event in events}),
        scope.tenant_id,
    )
    kinds = {
        code: aggregation for code, (_, aggregation) in (await known_kinds(e.resource_kind for e in events)).items()
    }
    known = {row["id"]: StagedDeployment.of(row["tenant_id"], row["id"]) for row in deployments}
    return _KnownRows(
        deployments=known,
        kinds=kinds,
        resources=await _resources(unit, known, events, kinds) if any(event.resource_id for event in events) else {},
    )


_RESOURCES = """
SELECT id, deployment_id, destroyed_at FROM cloud_resources WHERE tenant_id = any($1::uuid[]) AND id = any($2::uuid[])
"""
_LOCKED_RESOURCES = f"{_RESOURCES} ORDER BY id FOR KEY SHARE"


async def _resources(
    unit: UnitOfWork,
    deployments: Mapping[UUID, StagedDeployment],
    events: Sequence[MeteredEvent],
    kinds: Mapping[str, Aggregation],
) -> dict[UUID, _KnownResource]:
    """Returns the resources that the events name, of the deployments' tenants.

    Those of levels and readings are locked, so that they cannot end before the commit.
    """
    named = {event.resource_id for event in events if event.resource_id is not None}
    streamed = {
        event.resource_id
        for event in events
        if event.resource_id is not None and kinds.get(event.resource_kind, Aggregation.SUM) is not Aggregation.SUM
    }
    tenants = list({deployment.tenant_id for deployment in deployments.values()})
    rows = []
    if streamed:
        rows += await unit.connection.fetch(_LOCKED_RESOURCES, tenants, list(streamed))
    if named - streamed:
        rows += await unit.connection.fetch(_RESOURCES, tenants, list(named - streamed))
    return {row["id"]: _KnownResource(row["deployment_id"], row["destroyed_at"]) for row in rows}


async def _store(context: Context, unit: UnitOfWork, batch: _EventBatch) -> RecordingOutcome:
    if not batch.rows:
        return RecordingOutcome(0, 0, tuple(batch.rejected))
    zone = context.settings.billing_time_zone
    await stage(unit, batch.rows)
    taken = await claim(unit)
    accepted = len(batch.rows) - len(taken)
    if accepted:
        if batch.early:  # before locking any daily total, which other batches update
            changes = await changes_of(unit, zone, batch.early_new(taken))
            await record_changes(context, unit, changes, ChangeReason.USAGE)
        await _add(unit, batch, zone)
    reused = batch.reused(taken)
    rejected = sorted([*batch.rejected, *reused], key=lambda rejection: rejection.index)
    return RecordingOutcome(accepted, len(taken) - len(reused), tuple(rejected))


async def _add(unit: UnitOfWork, batch: _EventBatch, zone: ZoneInfo) -> None:
    streams = batch.known.streams
    touched = await add_to_days(unit, batch.recorded_at, streams)
    if streams.level_kinds:
        await add_levels(unit, zone, batch.recorded_at, streams, touched)
        await _add_ends(unit, zone, touched, streams.ended)


async def _add_ends(
    unit: UnitOfWork, zone: ZoneInfo, touched: Sequence[DayKey], ended: Mapping[UUID, datetime]
) -> None:
    """Creates the daily totals for the days on which the resources with new levels ended: the end is a level of 0."""
    ends = {key._replace(day=day_of(ended[key.resource_id], zone)) for key in touched if key.resource_id in ended}
    await fold_days(unit, zone, await lock_days(unit, zone, sorted(ends.difference(touched))))
