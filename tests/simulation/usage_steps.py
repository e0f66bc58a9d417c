"""Steps of metering: late, out of order, twice, under ids used before, from the future."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from app.operations import usage
from app.operations.principal import Role
from app.operations.usage import MeteredEvent, UsageFault
from app.tables.ids import new_id
from tests.simulation.faults import Fault
from tests.simulation.model import Deployment, Event, Tenant
from tests.simulation.steps import Steps, faults, metered


class UsageSteps(Steps):
    """Each batch is answered event by event, and kept whole or not at all."""

    @precondition(lambda self: any(tenant.deployments for tenant in self.tenants))
    @rule(batch=st.lists(metered, min_size=1, max_size=12), fault=faults)
    def ingest(self, batch: list[tuple[int, str, Decimal, int, int]], fault: Fault | None) -> None:
        now = self.world.now + timedelta(seconds=1)
        quarter = datetime.fromtimestamp(now.timestamp() // 900 * 900, UTC)
        events = [
            (
                self.deployment(of),
                MeteredEvent(
                    id=f"e{event_id}",
                    deployment_id=self.deployment(of)[1].id if of else new_id(),
                    resource_kind=kind,
                    quantity=quantity,
                    occurred_at=quarter + timedelta(minutes=15 * quarters),
                ),
            )
            for of, kind, quantity, quarters, event_id in batch
        ]
        wanted, kept = _classified(events, now)
        answers: list[usage.UsageRecorded] = []

        async def record() -> None:
            sent = [event for _, event in events]
            answers.append(await usage.record_usage(self.world.context(Role.METER), events=sent))

        stored = "SELECT FROM usage_records WHERE tenant_id = %s AND event_id = %s"
        first = next(iter(kept), None)
        done = self.attempt(record, fault, None, lambda: self.exists(stored, first[0].id, first[1]) if first else None)
        if done:
            for (tenant, event_id), event in kept.items():
                tenant.events["api", event_id] = event
            for (tenant, _), event in kept.items():
                self.ledger.meter(tenant, event)
        for answer in answers:
            told = (answer.accepted, answer.duplicates, [(fault.index, fault.code) for fault in answer.rejected])
            assert told == wanted, f"answered {told}, not {wanted}"
        (row,) = self.world.rows("SELECT count(*) AS events FROM usage_records")
        assert row.events == sum(len(tenant.events) for tenant in self.tenants), "an event was lost, or doubled"


Given = list[tuple[tuple[Tenant, Deployment], MeteredEvent]]
Wanted = tuple[int, int, list[tuple[int, UsageFault]]]


def _classified(events: Given, now: datetime) -> tuple[Wanted, dict[tuple[Tenant, str], Event]]:
    """The answer that is due, and the events to keep by tenant and id."""
    kept: dict[tuple[Tenant, str], Event] = {}
    rejected, duplicates = [], 0
    for index, ((tenant, deployment), event) in enumerate(events):
        told = Event(event.deployment_id, event.resource_kind, event.quantity, event.occurred_at)
        earlier = tenant.events.get(("api", event.id)) or kept.get((tenant, event.id))
        fault = _fault(event, deployment, now)
        if fault is not None:
            rejected.append((index, fault))
        elif earlier is None:
            kept[tenant, event.id] = told
        elif earlier == told:
            duplicates += 1
        else:
            rejected.append((index, UsageFault.ID_REUSED))
    return (len(kept), duplicates, rejected), kept


def _fault(event: MeteredEvent, deployment: Deployment, now: datetime) -> UsageFault | None:
    if event.quantity < 0:
        return UsageFault.NEGATIVE_QUANTITY
    if event.occurred_at > now + timedelta(minutes=5):
        return UsageFault.IN_THE_FUTURE
    if event.deployment_id != deployment.id:
        return UsageFault.UNKNOWN_DEPLOYMENT
    return UsageFault.UNKNOWN_RESOURCE_KIND if event.resource_kind == "unheard_of" else None
