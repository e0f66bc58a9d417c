"""Steps of webhooks: workers that deliver, alone or two at once with clocks apart, and are killed; receivers that fail,
hang, answer twice, lose the answer, redirect, or are down for days; transactions whose events commit out of order.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from app.database import DatabaseUnavailable
from app.operations import tenants, webhooks
from app.operations.calls.refusal import ProblemCode
from tests.simulation.faults import Crash, Fault
from tests.simulation.model import BEGINNING, Tenant
from tests.simulation.receivers import Conduct, HonestReceiver
from tests.simulation.steps import Steps, faults, pick

FAILING_DAYS = 5
ATTEMPTS = 10
CLAIM = timedelta(minutes=1)
LAST_PAUSE = timedelta(days=2)
"""Longer than any pause between two attempts."""
TYPES: Sequence[Sequence[str]] = ((), ("invoice.issued", "invoice.paid", "tenant.updated", "dunning.step"), ())

PUBLISHED = "SELECT id, type, tenant_id, aggregate_id, sequence FROM events WHERE position IS NOT NULL"
DELIVERIES = "SELECT endpoint_id, event_id, status, attempts FROM webhook_deliveries"
DISABLED = "SELECT id FROM webhook_endpoints WHERE disabled_at IS NOT NULL"
ENABLED = "SELECT FROM webhook_endpoints WHERE id = %s AND disabled_at IS NULL"
RENAMED = "SELECT FROM tenants WHERE id = %s AND name = %s"
SEQUENCE = "SELECT FROM event_sequences WHERE id = %s FOR UPDATE"
LEFT = """
SELECT (SELECT count(*) FROM events WHERE position IS NULL) AS unpublished,
       (SELECT count(*) FROM webhook_deliveries WHERE status <> 'DELIVERED') AS undelivered
"""

conducts = st.lists(
    st.one_of(st.sampled_from([Conduct.ACTS, Conduct.LOSES_THE_ANSWER]), st.sampled_from(Conduct)),
    min_size=1,
    max_size=3,
)


@dataclass(eq=False)
class Endpoint:
    """An endpoint with its receiver. failed_from: when its receiver first failed. gone: whether it answered 410.

    judged: of so many events that it acted on the order is known to be right.
    """

    id: UUID
    tenant_id: UUID | None
    types: Sequence[str]
    receiver: HonestReceiver
    failed_from: datetime | None = None
    gone: bool = False
    was_disabled: bool = False
    judged: int = field(default=0)

    def gets(self, event: Any) -> bool:
        """Whether the event is one of its tenant and types."""
        its_own = self.tenant_id in {None, event.tenant_id}
        return its_own and event.type != "webhook_endpoint.test" and (not self.types or event.type in self.types)


class DeliverySteps(Steps):
    """Endpoints are made with the first step of these: of the platform, of some types, and of the first tenant."""

    def __init__(self) -> None:
        super().__init__()
        self.endpoints: list[Endpoint] = []

    def create_endpoints(self) -> None:
        for receiver, types, owner in zip(self.world.receivers, TYPES, (None, None, self.tenants[0].id), strict=True):
            receiver.begin()
            made = webhooks.create_webhook_endpoint(
                self.world.context(), url=receiver.url, event_types=types, tenant_id=owner
            )
            self.endpoints.append(Endpoint(self.world.run(made).endpoint_id, owner, types, receiver))

    @precondition(lambda self: bool(self.tenants))
    @rule(
        minutes=st.sampled_from([0, 0, 2, 6, 300, 2000]),
        conduct=st.lists(conducts, min_size=3, max_size=3),
        apart=st.sampled_from([None, None, 0, -2, 2]),
        fault=faults,
    )
    def deliver(
        self, minutes: int, conduct: Sequence[Sequence[Conduct]], apart: int | None, fault: Fault | None
    ) -> None:
        """A worker delivers what is due. apart: a second one does so beside it, and its clock is as many minutes ahead;
        a fault strikes one of them, and what it has claimed stays claimed.
        """
        if not self.endpoints:
            self.create_endpoints()
        self.sound = False
        self.world.advance(minutes=minutes, seconds=1)
        for endpoint, its in zip(self.endpoints, conduct, strict=True):
            self._behave(endpoint, its)
        self.run_workers([0] if apart is None else [0, apart], fault)

    @precondition(lambda self: bool(self.tenants))
    @rule(
        of=pick,
        conduct=st.sampled_from([Conduct.IS_DOWN, Conduct.FAILS, Conduct.REDIRECTS]),
        days=st.sampled_from([1, 3, FAILING_DAYS + 1]),
    )
    def receiver_fails_for_days(self, of: int, conduct: Conduct, days: int) -> None:
        """One receiver fails, the others work."""
        if not self.endpoints:
            self.create_endpoints()
        self.sound = False
        failing = self.endpoints[of % len(self.endpoints)]
        for endpoint in self.endpoints:
            self._behave(endpoint, [conduct if endpoint is failing else Conduct.ACTS])
        for _ in range(days):
            self.world.advance(days=1)
            self.run_workers([0], None)
        pending = [row for row in self.world.rows(DELIVERIES) if row.status == "PENDING"]
        assert days <= FAILING_DAYS or all(row.endpoint_id != failing.id for row in pending), (
            "an endpoint that has failed for five days is not disabled"
        )

    @precondition(lambda self: bool(self.endpoints))
    @rule(of=pick, fault=faults)
    def endpoint_is_enabled_and_gets_what_it_missed(self, of: int, fault: Fault | None) -> None:
        self.enable_and_redeliver(self.endpoints[of % len(self.endpoints)], fault)

    def enable_and_redeliver(self, endpoint: Endpoint, fault: Fault | None) -> None:
        context, endpoint_id = self.world.context(), endpoint.id
        enabled = self.exists(ENABLED, endpoint_id)
        if self.attempt(
            lambda: webhooks.update_webhook_endpoint(context, endpoint_id=endpoint_id, enabled=True),
            fault,
            None,
            lambda: None if enabled else self.exists(ENABLED, endpoint_id),
        ):
            enabled, endpoint.gone, endpoint.failed_from = True, False, None
        until = self.world.now + timedelta(days=1)
        self.attempt(
            lambda: webhooks.redeliver(context, endpoint_id=endpoint_id, since=BEGINNING, until=until),
            fault,
            None if enabled else ProblemCode.CONFLICT,
            lambda: None,
        )

    @precondition(lambda self: len(self.tenants) > 1)
    @rule(of=pick)
    def events_commit_out_of_order(self, of: int) -> None:
        """The event with the lower id commits after one with a higher id was published and delivered."""
        if not self.endpoints:
            self.create_endpoints()
        self.sound = False
        for endpoint in self.endpoints:
            self._behave(endpoint, [Conduct.ACTS])
        first, second = self.tenants[of % len(self.tenants)], self.tenants[(of + 1) % len(self.tenants)]

        async def work() -> None:
            with self.world.owner.transaction():
                self.world.owner.execute(SEQUENCE, [first.id])
                late = asyncio.ensure_future(self._rename(first))
                await self.world.all_wait([late])
                await self._rename(second)
                await self._worker(0)
            await late

        self.world.advance(seconds=1)
        self.world.run(work())
        self.run_workers([0], None)

    async def _rename(self, tenant: Tenant) -> None:
        self.number += 1
        await tenants.update_tenant(self.world.context(), tenant_id=tenant.id, name=f"{tenant.code} {self.number}")
        tenant.updates += 1

    def _behave(self, endpoint: Endpoint, conduct: Sequence[Conduct]) -> None:
        endpoint.receiver.behave(conduct)
        if set(conduct) - {Conduct.ACTS}:
            endpoint.failed_from = endpoint.failed_from or self.world.now
        endpoint.gone = endpoint.gone or Conduct.IS_GONE in conduct

    def run_workers(self, clocks: Sequence[int], fault: Fault | None) -> None:
        """Several workers deliver at once, each until nothing is due at its clock: so many minutes ahead."""

        async def work() -> list[bool]:
            return await asyncio.gather(*map(self._worker, clocks))

        self.world.database.plan(fault and fault.later)
        try:
            self.world.run(work())
        finally:
            self.world.database.plan(None)
        self.check_deliveries()

    async def _worker(self, minutes_ahead: int) -> bool:
        """One process with its clock; returns whether it ended by itself."""
        delivery = webhooks.Delivery(self.world.context(behind=-timedelta(minutes=minutes_ahead)), self.world.sender)
        try:
            await delivery.run()
        except (Crash, DatabaseUnavailable):
            return False
        return True

    def check_deliveries(self) -> None:
        """Nothing was acted on twice, or before what it follows; what counts as delivered was acted on, what counts as
        failed had its attempts.
        """
        events = {row.id: row for row in self.world.rows(PUBLISHED)}
        deliveries: dict[UUID, dict[UUID, Any]] = defaultdict(dict)
        for row in self.world.rows(DELIVERIES):
            deliveries[row.endpoint_id][row.event_id] = row
        disabled = {row.id for row in self.world.rows(DISABLED)}
        for endpoint in self.endpoints:
            endpoint.was_disabled |= endpoint.id in disabled
            since = endpoint.failed_from or self.world.now
            too_long = self.world.now - since >= timedelta(days=FAILING_DAYS) - CLAIM
            assert endpoint.id not in disabled or endpoint.gone or too_long, "an endpoint was disabled that works"
            _check_order(endpoint, events, deliveries[endpoint.id])

    def finish_deliveries(self) -> None:
        """Without faults: what was missed is delivered again, and then every receiver has acted on every event."""
        if not self.endpoints:
            return
        for endpoint in self.endpoints:
            self._behave(endpoint, [Conduct.ACTS])
        self.world.advance(seconds=LAST_PAUSE.total_seconds())
        for _ in range(2):  # the second for what a killed worker had claimed
            self.run_workers([0], None)
            self.world.advance(minutes=5)
        for endpoint in self.endpoints:
            self.enable_and_redeliver(endpoint, None)
        self.run_workers([0, 0], None)
        (left,) = self.world.rows(LEFT)
        assert tuple(left) == (0, 0), f"{left.unpublished} events are not published, {left.undelivered} not delivered"
        events = self.world.rows(PUBLISHED)
        for endpoint in self.endpoints:
            acted = {one.event_id for one in endpoint.receiver.acted}
            lost = {row.id for row in events if endpoint.gets(row)} - acted
            assert not lost, f"{len(lost)} events are lost"


def _check_order(endpoint: Endpoint, events: dict[UUID, Any], deliveries: dict[UUID, Any]) -> None:
    acted = [one.event_id for one in endpoint.receiver.acted]
    places = {event_id: place for place, event_id in enumerate(acted)}
    assert len(places) == len(acted), "a receiver acted twice on an event"
    delivered = {event_id for event_id, row in deliveries.items() if row.status == "DELIVERED"}
    assert delivered <= places.keys(), "an event counts as delivered, and its receiver has not acted on it"
    failed = {event_id for event_id, row in deliveries.items() if row.status == "FAILED"}
    early = [event_id for event_id in failed if deliveries[event_id].attempts < ATTEMPTS]
    assert endpoint.was_disabled or not early, "a delivery failed before its last attempt"
    of_aggregate: dict[UUID, list[Any]] = defaultdict(list)
    for event_id in deliveries:
        of_aggregate[events[event_id].aggregate_id].append(events[event_id])
    for place, event_id in enumerate(acted[endpoint.judged :], endpoint.judged):
        for before in of_aggregate[events[event_id].aggregate_id]:
            if before.sequence < events[event_id].sequence and before.id not in failed:
                assert places.get(before.id, place) < place, "an event came before one that it follows"
    endpoint.judged = len(acted)
