"""Steps of dunning: policies, holds, disputes, days of dunning, and evaluations between them."""

import asyncio
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from app.billing import Step, StepKind
from app.operations import dunning
from app.operations.calls.refusal import ProblemCode
from tests.simulation.dunning import DAILY_TIME, POLICIES, Evaluation, Policy, is_sound
from tests.simulation.faults import Fault
from tests.simulation.model import Tenant
from tests.simulation.receivables import Owed
from tests.simulation.steps import Steps, faults, pick

POLICY = "SELECT FROM dunning_policies WHERE tenant_id IS NOT DISTINCT FROM %s AND set_at = %s"
NO_POLICY = "SELECT WHERE NOT EXISTS (SELECT FROM dunning_policies WHERE tenant_id IS NOT DISTINCT FROM %s)"
HOLD = "SELECT FROM dunning_holds WHERE tenant_id = %s AND reason = %s"
ENDED = "SELECT FROM dunning_holds WHERE tenant_id = %s AND ended_at = %s"
DISPUTED = "SELECT FROM invoice_balances WHERE id = %s AND (disputed_at IS NOT NULL) = %s"
TAKEN = "SELECT FROM dunning_steps WHERE invoice_id = %s AND kind = %s"
EVENT = "SELECT FROM cloud_deployment_events WHERE deployment_id = %s OFFSET %s"
RUN = "SELECT last_tenant_id FROM dunning_runs WHERE day = %s"
RUNS = "SELECT day, steps_taken, transitions_applied, transitions_withheld, tenants_failed FROM dunning_runs"
STEPS = "SELECT invoice_id, kind, days, taken_on FROM dunning_steps"
HOLDS = "SELECT tenant_id, until FROM dunning_holds WHERE ended_at IS NULL"
EVENTS = """
SELECT d.id, d.state, (
    SELECT coalesce(array_agg(ARRAY[e.to_state, e.withheld::text, e.dunning_invoice_id::text, e.dunning_step]
                              ORDER BY e.occurred_at, e.id), '{}')
    FROM cloud_deployment_events e WHERE e.deployment_id = d.id AND e.cause = 'DUNNING') AS dunned
FROM cloud_deployments d
"""


class DunningSteps(Steps):
    """What dunning does to tenants that do not pay, and what operators do about it."""

    def due_of(self, tenant: Tenant, now: datetime) -> Evaluation:
        """What an evaluation of the tenant does at that time."""
        return self.dunning.evaluate(tenant, self.ledger.receivables.accounts[tenant.id], now)

    def dun_the_woken(self) -> None:
        """What workers do after a step: they evaluate the tenants that it woke dunning for."""
        for tenant_id in sorted(self.world.queue.woken):
            self.evaluate_dunning_of(self.ledger.tenant(tenant_id), None)
        self.world.queue.woken.clear()

    @precondition(lambda self: bool(self.tenants))
    @rule(of=pick, fault=faults)
    def evaluate(self, of: int, fault: Fault | None) -> None:
        self.evaluate_dunning_of(self.tenants[of % len(self.tenants)], fault)

    def evaluate_dunning_of(self, tenant: Tenant, fault: Fault | None) -> None:
        due = self.due_of(tenant, self.world.now + timedelta(seconds=1))

        async def evaluated() -> None:
            found = await dunning.evaluate_tenant(self.world.context(), tenant_id=tenant.id)
            counts = found.steps_taken, found.transitions_applied, found.transitions_withheld
            assert counts == due.counts, f"an evaluation did {counts}, and not {due.counts}"

        if self.attempt(evaluated, fault, None, lambda: self._is_done(due)):
            self.dunning.follow(due, self.world.now)

    def _is_done(self, due: Evaluation) -> bool | None:
        """An evaluation is one transaction: any part of it tells. None where it has nothing to do."""
        for owed, kind, _ in due.steps[:1]:
            return self.exists(TAKEN, owed.known.id, kind)
        for move in due.moves[:1]:
            return self.exists(EVENT, move.deployment.id, move.deployment.events)
        return self.exists(ENDED, due.tenant.id, self.world.now) if due.ends_hold else None

    @rule(
        days=st.sampled_from([0, 1, 1, 1, 2, 6, 14, 31]),
        minutes=st.sampled_from([-1, 0, 0, 700]),
        twice=st.booleans(),
        fault=faults,
    )
    def day_of_dunning(self, days: int, minutes: int, twice: bool, fault: Fault | None) -> None:
        """Lets days pass, to a moment around the time of dunning, and does the daily run."""
        self.wait_for_dunning(self.today + timedelta(days=days), minutes)
        self.run_dunning(fault, at_once=2 if twice and fault is None else 1)

    def wait_for_dunning(self, day: date, minutes: int = 0) -> None:
        """Lets time pass to so many minutes after the day's time of dunning, if that is not over."""
        local = datetime.combine(day, DAILY_TIME, self.zone) + timedelta(minutes=minutes)
        self.world.now = max(self.world.now, local.astimezone(self.world.now.tzinfo)) + timedelta(seconds=1)

    def run_dunning(self, fault: Fault | None = None, *, at_once: int = 1) -> None:
        """The run of the day, once however often it is called. Of one that is interrupted, some tenants are done."""
        self.sound = False
        now, day = self.world.now, self.dunning.day(self.world.now)
        rows = self.world.rows(RUN, day)
        last = rows[0].last_tenant_id if rows else None
        due = [] if day in self.dunning.finished else [self.due_of(tenant, now) for tenant in self.tenants]

        async def work() -> None:
            await asyncio.gather(*(dunning.run_dunning(self.world.context()) for _ in range(at_once)))

        completed = self.world.under(fault and fault.later, work)
        finished = self.exists(f"{RUN} AND finished_at IS NOT NULL", day)
        assert finished or not completed, "the run did not finish"
        counts = self.dunning.runs.setdefault(day, [])
        for evaluation in due:
            done = self._is_done(evaluation)
            comes = finished and (last is None or evaluation.tenant.id > last)
            assert done is not False or not comes, f"the run skipped {evaluation.tenant.code}"
            if done:
                self.dunning.follow(evaluation, now)
                counts.append(evaluation.counts)
        if finished:
            self.dunning.finished.add(day)

    @precondition(lambda self: bool(self.tenants))
    @rule(of=pick, policy=st.sampled_from(POLICIES), fault=faults)
    def set_dunning_policy(self, of: int, policy: Policy | None, fault: Fault | None) -> None:
        """Of a tenant or, now and then, of the platform; None removes it."""
        tenant_id = None if of > 8 else self.tenants[of % len(self.tenants)].id
        steps = None if policy is None else [Step(StepKind(kind), days) for kind, days in policy.steps]
        refusal = None if policy is None or is_sound(policy) else ProblemCode.VALIDATION_FAILED

        def was_done() -> bool | None:
            if policy is None:
                return self.exists(NO_POLICY, tenant_id) if tenant_id in self.dunning.policies else None
            return self.exists(POLICY, tenant_id, self.world.now)

        if self.attempt(
            lambda: dunning.set_dunning_policy(
                self.world.context(), tenant_id=tenant_id, steps=steps, minimum_cents=policy.minimum if policy else 0
            ),
            fault,
            refusal,
            was_done,
        ):
            if policy is None:
                self.dunning.policies.pop(tenant_id, None)
            else:
                self.dunning.policies[tenant_id] = policy

    @precondition(lambda self: bool(self.tenants))
    @rule(of=pick, days=st.sampled_from([-1, 0, 3, 20]), fault=faults)
    def hold_dunning(self, of: int, days: int, fault: Fault | None) -> None:
        tenant = self.tenants[of % len(self.tenants)]
        self.number += 1
        until, reason = self.today + timedelta(days=days), f"hold {self.number}"
        if self.attempt(
            lambda: dunning.hold_dunning(self.world.context(), tenant_id=tenant.id, until=until, reason=reason),
            fault,
            ProblemCode.VALIDATION_FAILED if days < 0 else None,
            lambda: self.exists(HOLD, tenant.id, reason),
        ):
            self.dunning.holds[tenant.id] = until

    @precondition(lambda self: bool(self.tenants))
    @rule(of=pick, fault=faults)
    def release_dunning(self, of: int, fault: Fault | None) -> None:
        """Of a tenant whose dunning is on hold, if there is one."""
        held = [tenant for tenant in self.tenants if tenant.id in self.dunning.holds]
        tenant = (held or self.tenants)[of % len(held or self.tenants)]
        if self.attempt(
            lambda: dunning.release_dunning(self.world.context(), tenant_id=tenant.id),
            fault,
            None if held else ProblemCode.CONFLICT,
            lambda: self.exists(ENDED, tenant.id, self.world.now),
            wakes=tenant.id,
        ):
            del self.dunning.holds[tenant.id]

    @precondition(lambda self: bool(self.ledger.receivables.issued()))
    @rule(of=pick, fault=faults)
    def dispute_invoice(self, of: int, fault: Fault | None) -> None:
        """Disputes an invoice, one with a balance if there is one; or ends its dispute."""
        issued = self.ledger.receivables.issued()
        open_ones = [owed for owed in issued if owed.balance or owed.disputed]
        owed = (open_ones or issued)[-1 - of % len(open_ones or issued)]
        if owed.disputed:
            self.resolve(owed, fault)
        else:
            self.dispute(owed, fault)

    def dispute(self, owed: Owed, fault: Fault | None) -> None:
        refusal = ProblemCode.INVOICE_NOT_ISSUED if owed.void else None if owed.balance else ProblemCode.INVOICE_PAID
        if self.attempt(
            lambda: dunning.dispute_invoice(self.world.context(), invoice_id=owed.known.id, reason="not as agreed"),
            fault,
            refusal,
            lambda: self.exists(DISPUTED, owed.known.id, True),
            wakes=owed.known.month[0],
        ):
            owed.disputed = True

    def resolve(self, owed: Owed, fault: Fault | None) -> None:
        if self.attempt(
            lambda: dunning.resolve_dispute(self.world.context(), invoice_id=owed.known.id),
            fault,
            ProblemCode.INVOICE_NOT_ISSUED if owed.void else None,
            lambda: self.exists(DISPUTED, owed.known.id, False),
            wakes=owed.known.month[0],
        ):
            owed.disputed = False

    def check_dunning(self) -> None:
        """Every step and every transition of dunning is there once, and no other."""
        expected = {
            (owed.known.id, kind, days, day)
            for owed in self.ledger.receivables.issued()
            for kind, (_, days, day) in owed.taken.items()
        }
        taken = [tuple(row) for row in self.world.rows(STEPS)]
        assert sorted(taken) == sorted(expected), f"the steps {taken} were taken, and not {expected}"
        assert {row.tenant_id: row.until for row in self.world.rows(HOLDS)} == self.dunning.holds, "another hold"
        rows = {row.id: row for row in self.world.rows(EVENTS)}
        for deployment in (deployment for tenant in self.tenants for deployment in tenant.deployments):
            row = rows[deployment.id]
            dunned = [_as_stored(*each) for each in deployment.dunned]
            assert row.dunned == dunned, f"dunning did {row.dunned}, and not {dunned}"
            assert row.state == deployment.state, f"a deployment is {row.state}, and not {deployment.state}"
        for run in self.world.rows(RUNS):
            counts = tuple(map(sum, zip(*self.dunning.runs[run.day], (0, 0, 0), strict=False)))
            assert tuple(run)[1:] == (*counts, 0), f"a run tells of {tuple(run)[1:]}, and not of {counts}"

    def finish_dunning(self) -> None:
        """Without faults: the next day's run does what is left."""
        self.day_of_dunning(days=1, minutes=0, twice=False, fault=None)
        assert all(self.due_of(tenant, self.world.now).counts == (0, 0, 0) for tenant in self.tenants), (
            "the run left something"
        )
        self.check_dunning()


def _as_stored(to: Any, withheld: bool, asked: tuple[UUID, str] | None) -> list[str | None]:
    told: Iterable[str | None] = (str(asked[0]), asked[1]) if asked else (None, None)
    return [to, str(withheld).lower(), *told]
