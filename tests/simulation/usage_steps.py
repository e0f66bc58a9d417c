"""Simulation steps for usage: late, out of order, repeated, with reused ids, from the future, corrected."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from app.operations import usage
from app.operations.calls.principal import Role
from app.operations.calls.refusal import ProblemCode
from app.operations.usage import MeteredEvent, UsageFault
from app.tables.ids import new_id
from tests.lives.rating import month_of, start_of
from tests.simulation.faults import Fault
from tests.simulation.model import KINDS, UNBILLABLE_KIND, UNBILLABLE_QUANTITY, Deployment, Event, Tenant
from tests.simulation.steps import Metered, Steps, chosen, faults, metered, pick, quantities

STORED = "SELECT FROM usage_records WHERE tenant_id = %s AND event_id = %s"


class Sent(NamedTuple):
    """An event that is sent, the deployment it is meant for, and the name of its resource there."""

    tenant: Tenant
    deployment: Deployment
    resource: str | None
    event: MeteredEvent


class UsageSteps(Steps):
    """Steps that record usage: each batch gets a result for each event, and is stored completely or not at all."""

    @precondition(lambda self: any(tenant.deployments for tenant in self.tenants))
    @rule(batch=st.lists(metered, min_size=1, max_size=12), fault=faults)
    def ingest(self, batch: list[Metered], fault: Fault | None) -> None:
        now = self.world.now + timedelta(seconds=1)
        quarter = datetime.fromtimestamp(now.timestamp() // 900 * 900, UTC)
        sent = []
        for of, kind, quantity, quarters, event_id, name in batch:
            tenant, deployment = self.deployment(of)
            event = MeteredEvent(
                id=f"e{event_id}",
                deployment_id=deployment.id if of else new_id(),
                resource_kind=kind,
                quantity=quantity,
                occurred_at=quarter + timedelta(minutes=15 * quarters),
                resource_id=None if name is None else deployment.resources.get(name, new_id()),
            )
            sent.append(Sent(tenant, deployment, name, event))
        self.send(sent, fault)

    @precondition(lambda self: bool(self.ledger.live_invoices()))
    @rule(
        of=pick, which=pick, kind=st.sampled_from(sorted(KINDS)), quantity=quantities, hour=st.integers(0, 670),
        name=st.sampled_from([None, None, "r0"]),
    )  # fmt: skip
    def meter_late(  # noqa: PLR0917 - Hypothesis gives them by name
        self, of: int, which: int, kind: str, quantity: Decimal, hour: int, name: str | None
    ) -> None:
        """Records usage of a month that already has an invoice."""
        live = self.ledger.live_invoices()
        tenant_id, month = live[-1 - of % len(live)].month
        tenant = self.ledger.tenant(tenant_id)
        deployment = chosen(tenant.deployments, which)
        if deployment is not None:
            self.number += 1
            event = MeteredEvent(
                id=f"late {self.number}",
                deployment_id=deployment.id,
                resource_kind=kind,
                quantity=quantity,
                occurred_at=start_of(month, self.zone) + timedelta(hours=hour),
                resource_id=None if name is None else deployment.resources[name],
            )
            self.send([Sent(tenant, deployment, name, event)], None)

    def send(self, sent: list[Sent], fault: Fault | None) -> None:
        wanted, kept = _classified(sent, self.world.now + timedelta(seconds=1))
        answers: list[usage.RecordingOutcome] = []

        async def record() -> None:
            events = [each.event for each in sent]
            answers.append(await usage.record_usage(self.world.context(Role.METER), events=events))

        first = next(iter(kept.values()), None)
        if self.attempt(
            record, fault, None, lambda: self.exists(STORED, first.tenant.id, first.event.id) if first else None
        ):
            _keep(kept)
        for answer in answers:
            told = (answer.accepted, answer.duplicates, [(fault.index, fault.code) for fault in answer.rejected])
            assert told == wanted, f"answered {told}, not {wanted}"
        (row,) = self.world.rows("SELECT count(*) AS events FROM usage_records")
        assert row.events == sum(len(tenant.events) for tenant in self.tenants), "an event was lost, or doubled"

    @precondition(lambda self: any(tenant.events for tenant in self.tenants))
    @rule(of=pick, which=pick, quantity=st.one_of(quantities, st.just(Decimal(0))), fault=faults)
    def correct_usage(self, of: int, which: int, quantity: Decimal, fault: Fault | None) -> None:
        tenant = self.tenants[of % len(self.tenants)]
        self.correct(tenant, chosen(sorted(tenant.events), which) or "unheard of", quantity, fault)

    def correct(self, tenant: Tenant, event_id: str, quantity: Decimal, fault: Fault | None) -> None:
        self.number += 1
        reason = f"correction {self.number}"
        if self.attempt(
            lambda: usage.correct_usage(
                self.world.context(Role.METER),
                tenant_id=tenant.id,
                source="api",
                event_id=event_id,
                quantity=quantity,
                reason=reason,
            ),
            fault,
            None if event_id in tenant.events else ProblemCode.NOT_FOUND,
            lambda: self.exists("SELECT FROM usage_corrections WHERE reason = %s", reason),
        ):
            tenant.readings[event_id].quantity = Fraction(quantity)
            tenant.deployment_of(tenant.events[event_id]).changed()

    @precondition(lambda self: any(tenant.deployments for tenant in self.tenants))
    @rule(of=pick, days=st.sampled_from([0, 20, 40]))
    def become_unbillable_or_recover(self, of: int, days: int) -> None:
        """Records so much usage that the month's amount cannot be stored; the next call corrects it."""
        tenant, deployment = self.deployment(of)
        if not self.recover(tenant):
            self.number += 1
            event = MeteredEvent(
                id=f"unbillable {self.number}",
                deployment_id=deployment.id,
                resource_kind=UNBILLABLE_KIND,
                quantity=UNBILLABLE_QUANTITY,
                occurred_at=self.world.now - timedelta(days=days),
            )
            self.send([Sent(tenant, deployment, None, event)], None)

    def recover(self, tenant: Tenant) -> bool:
        """Corrects the usage that made the tenant impossible to bill; returns whether there was any."""
        found = [key for key, reading in tenant.readings.items() if reading.quantity == UNBILLABLE_QUANTITY]
        for event_id in found:
            self.correct(tenant, event_id, Decimal(0), None)
        return bool(found)

    @precondition(lambda self: any(tenant.deployments for tenant in self.tenants))
    @rule(of=pick, force=st.booleans(), quantity=quantities)
    def usage_races_the_rating(self, of: int, force: bool, quantity: Decimal) -> None:
        """Records a batch of usage of the previous month while that month is rolled up."""
        self.sound = False
        self.world.advance(seconds=1)
        self.number += 1
        tenant, deployment = self.deployment(of)
        ends_at = start_of(self.ledger.running, self.zone)
        event = MeteredEvent(
            id=f"race {self.number}",
            deployment_id=deployment.id,
            resource_kind="droplet_hours",
            quantity=quantity,
            occurred_at=ends_at - timedelta(hours=1),
        )
        month = month_of((ends_at - timedelta(days=1)).astimezone(self.zone).date())
        run_id: UUID = self.world.run(self.ledger.start(month, [tenant.id], force=force, dry=False))
        self.world.run_beside(
            lambda: usage.record_usage(self.world.context(Role.METER), events=[event]),
            lambda: self.ledger.rate(run_id),
            held_up_at="usage_daily_totals",
        )
        _, kept = _classified([Sent(tenant, deployment, None, event)], self.world.now)
        _keep(kept)


Wanted = tuple[int, int, list[tuple[int, UsageFault]]]


def _keep(kept: dict[tuple[Tenant, str], Sent]) -> None:
    for (tenant, event_id), sent in kept.items():
        tenant.keep_event(event_id, _as_sent(sent.event), sent.deployment, sent.resource)


def _as_sent(event: MeteredEvent) -> Event:
    return Event(event.deployment_id, event.resource_kind, event.quantity, event.occurred_at, event.resource_id)


def _classified(events: list[Sent], now: datetime) -> tuple[Wanted, dict[tuple[Tenant, str], Sent]]:
    """Returns the expected response, and the events that must be stored, by tenant and id."""
    kept: dict[tuple[Tenant, str], Sent] = {}
    rejected, duplicates = [], 0
    for index, sent in enumerate(events):
        key = sent.tenant, sent.event.id
        earlier = sent.tenant.events.get(sent.event.id) or (_as_sent(kept[key].event) if key in kept else None)
        fault = _fault(sent, now)
        if fault is not None:
            rejected.append((index, fault))
        elif earlier is None:
            kept[key] = sent
        elif earlier == _as_sent(sent.event):
            duplicates += 1
        else:
            rejected.append((index, UsageFault.ID_REUSED))
    return (len(kept), duplicates, rejected), kept


def _fault(sent: Sent, now: datetime) -> UsageFault | None:
    event, deployment = sent.event, sent.deployment
    if event.quantity < 0:
        return UsageFault.NEGATIVE_QUANTITY
    if event.occurred_at > now + timedelta(minutes=5):
        return UsageFault.IN_THE_FUTURE
    if event.deployment_id != deployment.id:
        return UsageFault.UNKNOWN_DEPLOYMENT
    if event.resource_kind == "unheard_of":
        return UsageFault.UNKNOWN_RESOURCE_KIND
    known = sent.resource is None or sent.resource in deployment.resources
    return None if known else UsageFault.UNKNOWN_RESOURCE
