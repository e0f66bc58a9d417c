"""The simulator: a seeded state machine of operations and faults over the real system, held to the model and the laws.

What a caller was told was done must be so, what was refused must not, and what nobody was told (a crash, a COMMIT
without its answer) is done wholly or not at all: the rows say which, and the model follows.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from app.billing import Actor, DeploymentState, Period, TransitionDecision, day_of, decide_transition
from app.billing.period import day_start
from app.database import CommitUnknown, DatabaseUnavailable
from app.operations import deployments, invoices, subscriptions, tenants, usage
from app.operations.principal import Role
from app.operations.refusal import ProblemCode, Refusal
from app.operations.usage import MeteredEvent, UsageFault
from app.tables.ids import new_id
from tests.simulation.faults import Crash, Fault, Kind
from tests.simulation.ledger import Ledger
from tests.simulation.model import ADDONS, KINDS, PLANS, Deployment, Event, Subscription, Tenant
from tests.simulation.world import World

ZONES = ("UTC", "Australia/Sydney", "America/Havana")
MOST_TENANTS, MOST_DEPLOYMENTS = 4, 4

pick = st.integers(0, 11)
faults = st.one_of(
    st.none(),
    st.none(),
    st.none(),
    st.builds(Fault, st.sampled_from([Kind.KILL, Kind.CRASH]), st.integers(0, 12), st.sampled_from([1, 1, 3])),
    st.just(Fault(Kind.LOST_ANSWER)),
)
plans = st.sampled_from(sorted(PLANS))
addons = st.sampled_from(sorted(ADDONS))
quantities = st.integers(0, 400).map(lambda number: Decimal(number) / 4)
metered = st.tuples(
    pick,
    st.sampled_from([*KINDS, "egress_gb", "unheard_of"]),
    st.one_of(quantities, quantities, st.just(Decimal(-1))),
    st.integers(-70 * 24 * 4, 2),  # quarters of an hour from now
    st.integers(0, 30),
)


class Simulation(RuleBasedStateMachine):
    """Bound to a world by `simulation_of`."""

    world: ClassVar[World]

    def __init__(self) -> None:
        super().__init__()
        self.tenants: list[Tenant] = []
        self.sound = False  # whether the step in hand has been held to everything
        self.number = 0

    @initialize(
        zone=st.sampled_from(ZONES),
        exempt=st.lists(st.booleans(), min_size=2, max_size=2),
        chosen=st.lists(
            st.tuples(plans, st.lists(addons, max_size=2), st.sampled_from([0, -9, -40])), min_size=3, max_size=3
        ),
    )
    def begin(self, zone: str, exempt: list[bool], chosen: list[tuple[tuple[str, int], list[str], int]]) -> None:
        """Two tenants, with two deployments and one; all subscribed."""
        self.zone = ZoneInfo(zone)
        self.world.begin(self.zone)
        self.ledger = Ledger(self.world, self.tenants, self.zone)
        for is_exempt in exempt:
            self.create_tenant(is_exempt, None)
        for number, (plan, extras, days) in enumerate(chosen):
            self.create_deployment(number, number, "operator", None)
            tenant = self.tenants[number % 2]
            self.subscribe_to(tenant, tenant.deployments[-1], plan, extras, days, None, None)

    # Whether something was done

    def attempt(
        self,
        operation: Callable[[], Awaitable[Any]],
        fault: Fault | None,
        refusal: ProblemCode | None,
        was_done: Callable[[], bool],
    ) -> bool:
        """Does it under the fault, and says whether it was done. `was_done` looks, where nobody was told."""
        self.sound = False
        self.world.advance(seconds=1)
        self.world.database.plan(fault)
        try:
            self.world.run(operation())
        except Refusal as refused:
            assert refused.code == refusal, refused  # noqa: PT017 - whether it is refused is what is asked
            assert not was_done()
            return False
        except (Crash, CommitUnknown):
            done = was_done()
            assert not (done and refusal), "it was done where it had to be refused"
            return done
        except DatabaseUnavailable:
            assert not was_done()
            return False
        finally:
            self.world.database.plan(None)
        assert refusal is None, f"it was done where {refusal} was due"
        assert was_done()
        return True

    def exists(self, statement: str, *arguments: object) -> bool:
        return bool(self.world.rows(f"SELECT WHERE EXISTS ({statement})", *arguments))

    def id_of(self, statement: str, *arguments: object) -> Any:
        (row,) = self.world.rows(statement, *arguments)
        return row.id

    @property
    def today(self) -> date:
        return day_of(self.world.now, self.zone)

    def caller(self, tenant: Tenant, by: str) -> Any:
        return self.world.context() if by == "operator" else self.world.context(Role.TENANT_ADMIN, tenant.id)

    def deployment(self, number: int) -> tuple[Tenant, Deployment]:
        every = [(tenant, deployment) for tenant in self.tenants for deployment in tenant.deployments]
        return every[number % len(every)]

    # Tenants and deployments

    @precondition(lambda self: len(self.tenants) < MOST_TENANTS)
    @rule(exempt=st.booleans(), fault=faults)
    def create_tenant(self, exempt: bool, fault: Fault | None) -> None:
        self.number += 1
        code = f"t{self.number}"
        if self.attempt(
            lambda: tenants.create_tenant(self.world.context(), code=code, name=code, tax_exempt=exempt),
            fault,
            None,
            lambda: self.exists("SELECT FROM tenants WHERE code = %s", code),
        ):
            self.tenants.append(Tenant(self.id_of("SELECT id FROM tenants WHERE code = %s", code), code, exempt))

    @precondition(lambda self: bool(self.tenants))
    @rule(of=pick, slug=st.integers(0, 4), by=st.sampled_from(["operator", "tenant"]), fault=faults)
    def create_deployment(self, of: int, slug: int, by: str, fault: Fault | None) -> None:
        tenant = self.tenants[of % len(self.tenants)]
        name = f"d{slug}"
        mine = "SELECT id FROM cloud_deployments WHERE tenant_id = %s AND slug = %s"
        taken = any(deployment.slug == name for deployment in tenant.deployments)
        if len(tenant.deployments) < MOST_DEPLOYMENTS and self.attempt(
            lambda: deployments.create_deployment(
                self.caller(tenant, by), tenant_id=tenant.id, slug=name, display_name=name, region="syd1"
            ),
            fault,
            ProblemCode.SLUG_TAKEN if taken else None,
            lambda: not taken and self.exists(mine, tenant.id, name),
        ):
            tenant.deployments.append(Deployment(self.id_of(mine, tenant.id, name), name))

    @precondition(lambda self: any(tenant.deployments for tenant in self.tenants))
    @rule(of=pick, to=st.sampled_from(DeploymentState), actor=st.sampled_from(Actor), fault=faults)
    def transition(self, of: int, to: DeploymentState, actor: Actor, fault: Fault | None) -> None:
        tenant, deployment = self.deployment(of)
        decision = decide_transition(deployment.state, to, actor, billing_action_suspended=deployment.suspended)
        context = self.caller(tenant, "tenant" if actor is Actor.TENANT else "operator")
        move = deployments.transition_by_system if actor is Actor.SYSTEM else deployments.transition_deployment
        recorded = "SELECT FROM cloud_deployment_events WHERE deployment_id = %s OFFSET %s"
        if self.attempt(
            lambda: move(context, deployment_id=deployment.id, to=to),
            fault,
            ProblemCode.INVALID_TRANSITION if decision is TransitionDecision.REFUSE else None,
            lambda: self.exists(recorded, deployment.id, deployment.events),
        ):
            deployment.events += 1
            if decision is TransitionDecision.APPLY:
                deployment.move(to, self.world.now, self.zone)

    @precondition(lambda self: any(tenant.deployments for tenant in self.tenants))
    @rule(of=pick, suspended=st.booleans())
    def suspend_billing_actions(self, of: int, suspended: bool) -> None:
        _, deployment = self.deployment(of)
        self.attempt(
            lambda: deployments.update_deployment(
                self.world.context(), deployment_id=deployment.id, billing_action_suspended=suspended
            ),
            None,
            None,
            lambda: True,
        )
        deployment.suspended = suspended

    @precondition(lambda self: len(self.tenants) > 1 and any(tenant.deployments for tenant in self.tenants))
    @rule(of=pick, by=pick)
    def another_tenant_finds_nothing(self, of: int, by: int) -> None:
        tenant, deployment = self.deployment(of)
        others = [other for other in self.tenants if other is not tenant]
        context = self.caller(others[by % len(others)], "tenant")
        self.attempt(
            lambda: deployments.transition_deployment(context, deployment_id=deployment.id, to=DeploymentState.PAUSED),
            None,
            ProblemCode.NOT_FOUND,
            lambda: False,
        )

    # Subscriptions

    @precondition(lambda self: any(tenant.deployments for tenant in self.tenants))
    @rule(
        of=pick,
        plan=plans,
        extras=st.lists(addons, max_size=2),
        days=st.sampled_from([0, 0, 0, -1, -9, -40, 5]),
        trial=st.sampled_from([None, None, 3, 20]),
        fault=faults,
    )
    def subscribe(
        self, of: int, plan: tuple[str, int], extras: list[str], days: int, trial: int | None, fault: Fault | None
    ) -> None:
        tenant, deployment = self.deployment(of)
        if tenant.currency == "AUD":
            self.subscribe_to(tenant, deployment, plan, extras, days, trial, fault)

    def subscribe_to(
        self,
        tenant: Tenant,
        deployment: Deployment,
        plan: tuple[str, int],
        extras: list[str],
        days: int,
        trial: int | None,
        fault: Fault | None,
    ) -> None:
        self.world.advance(seconds=1)
        first_day = self.today + timedelta(days=days)
        trial_ends_at = day_start(first_day, self.zone) + timedelta(days=trial, hours=5) if trial is not None else None
        refusal = None
        if deployment.state in {DeploymentState.CANCELLED, DeploymentState.ARCHIVED} or (
            self.ledger.is_final(tenant, first_day)
        ):
            refusal = ProblemCode.CONFLICT
        elif deployment.subscription is not None:
            refusal = ProblemCode.ALREADY_SUBSCRIBED
        mine = "SELECT FROM subscriptions WHERE deployment_id = %s"
        if self.attempt(
            lambda: subscriptions.subscribe(
                self.caller(tenant, "operator" if days or trial_ends_at else "tenant"),
                deployment_id=deployment.id,
                plan_code=plan[0],
                plan_version=plan[1],
                addons=extras,
                starts_on=first_day if days else None,
                trial_ends_at=trial_ends_at,
            ),
            fault,
            refusal,
            lambda: deployment.subscription is None and self.exists(mine, deployment.id),
        ):
            attached_at = day_start(first_day, self.zone) if days else self.world.now
            deployment.subscription = Subscription(
                first_day,
                trial_ends_at,
                deployment.state in {DeploymentState.ACTIVE, DeploymentState.PAST_DUE},
                [(first_day, plan)],
                [(attached_at, first_day, code) for code in extras],
            )

    @precondition(lambda self: any(tenant.deployments for tenant in self.tenants))
    @rule(of=pick, code=addons, fault=faults)
    def attach_addon(self, of: int, code: str, fault: Fault | None) -> None:
        tenant, deployment = self.deployment(of)
        subscription = deployment.subscription
        count = len(subscription.addons) if subscription else 0
        attached = """SELECT FROM subscription_addons a JOIN subscriptions s ON s.id = a.subscription_id
                      WHERE s.deployment_id = %s OFFSET %s"""
        if (
            self.attempt(
                lambda: subscriptions.attach_addon(
                    self.caller(tenant, "tenant"), deployment_id=deployment.id, addon_code=code
                ),
                fault,
                _standing(subscription),
                lambda: self.exists(attached, deployment.id, count),
            )
            and subscription
        ):
            subscription.addons.append((self.world.now, self.today, code))

    @precondition(lambda self: any(tenant.deployments for tenant in self.tenants))
    @rule(of=pick, plan=plans, days=st.sampled_from([0, 0, -2, -25]), fault=faults)
    def change_plan(self, of: int, plan: tuple[str, int], days: int, fault: Fault | None) -> None:
        tenant, deployment = self.deployment(of)
        subscription = deployment.subscription
        if tenant.currency != "AUD":
            return
        self.world.advance(seconds=1)
        started = subscription.first_day if subscription else self.today
        first_day = max(self.today + timedelta(days=days), started)
        trial = Subscription(started, None, True, list(subscription.plans) if subscription else [])
        refusal = _standing(subscription)
        if refusal is None and trial.change_plan(first_day, plan) and self.ledger.is_final(tenant, first_day):
            refusal = ProblemCode.CONFLICT
        history = """SELECT v.effective_on, p.code, pv.version FROM subscription_plan_versions v
                     JOIN subscriptions s ON s.id = v.subscription_id JOIN plan_versions pv ON pv.id = v.plan_version_id
                     JOIN plans p ON p.id = pv.plan_id WHERE s.deployment_id = %s ORDER BY 1"""

        def was_done() -> bool:
            kept = [(row.effective_on, (row.code, row.version)) for row in self.world.rows(history, deployment.id)]
            assert kept in ([] if subscription is None else subscription.plans, trial.plans)
            return refusal is None and kept == trial.plans

        by = "operator" if first_day != max(self.today, started) else "tenant"
        if (
            self.attempt(
                lambda: subscriptions.change_plan_version(
                    self.caller(tenant, by),
                    deployment_id=deployment.id,
                    plan_code=plan[0],
                    plan_version=plan[1],
                    effective_on=first_day if by == "operator" else None,
                ),
                fault,
                refusal,
                was_done,
            )
            and subscription
        ):
            subscription.plans = trial.plans

    # Usage

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
        done = self.attempt(record, fault, None, lambda: first is None or self.exists(stored, first[0].id, first[1]))
        if done:
            for (tenant, event_id), event in kept.items():
                tenant.events["api", event_id] = event
        for answer in answers:
            told = (answer.accepted, answer.duplicates, [(fault.index, fault.code) for fault in answer.rejected])
            assert told == wanted
        (row,) = self.world.rows("SELECT count(*) AS events FROM usage_records")
        assert row.events == sum(len(tenant.events) for tenant in self.tenants), "an event was lost, or doubled"

    # Time, and what it brings

    @rule(days=st.sampled_from([0, 1, 3, 9, 20]), hours=st.integers(1, 23))
    def time_goes_by(self, days: int, hours: int) -> None:
        self.world.advance(days=days, hours=hours)

    @rule(times=st.sampled_from([1, 1, 2, 3]), fault=faults)
    def cron(self, times: int, fault: Fault | None) -> None:
        self.sound = False
        self.ledger.catch_up(times, fault)

    @rule(months_ago=st.integers(0, 3), force=st.booleans(), dry=st.sampled_from([False, False, True]), some=pick)
    def roll_up(self, months_ago: int, force: bool, dry: bool, some: int) -> None:
        period = Period.holding(self.world.now, self.zone)
        for _ in range(months_ago):
            period = period.previous()
        named = None if some > 6 else [tenant.id for tenant in self.tenants[: some + 1]]
        refusal = None if dry or months_ago else ProblemCode.PERIOD_NOT_ENDED
        self.attempt(
            lambda: self.ledger.start(period.start, named, force=force, dry=dry), None, refusal, lambda: refusal is None
        )

    @rule(fault=faults, twice=st.booleans())
    def work(self, fault: Fault | None, twice: bool) -> None:
        self.sound = False
        self.world.advance(seconds=1)
        self.ledger.work(fault, at_once=2 if twice and fault is None else 1)

    @precondition(lambda self: bool(self.tenants))
    @rule(of=pick)
    def become_unbillable_or_recover(self, of: int) -> None:
        """Its plans are then in another currency, which no operation would allow."""
        tenant = self.tenants[of % len(self.tenants)]
        tenant.currency = "NZD" if tenant.currency == "AUD" else "AUD"
        self.world.rows("UPDATE tenants SET currency = %s WHERE id = %s RETURNING id", tenant.currency, tenant.id)

    # Invoices

    @precondition(lambda self: bool(self.ledger.invoices))
    @rule(of=pick, act=st.sampled_from(["issue", "issue", "pay", "void"]), fault=faults)
    def handle_invoice(self, of: int, act: str, fault: Fault | None) -> None:
        known = list(self.ledger.invoices.values())[-1 - of % len(self.ledger.invoices)]
        context = self.world.context()
        operation, becomes, refusals = {
            "issue": (
                lambda: invoices.issue_invoice(context, invoice_id=known.id),
                "ISSUED",
                dict.fromkeys(("ISSUED", "PAID", "VOID"), ProblemCode.INVOICE_NOT_DRAFT),
            ),
            "pay": (
                lambda: invoices.mark_invoice_paid(context, invoice_id=known.id, reference="1"),
                "PAID",
                {"DRAFT": ProblemCode.CONFLICT, "VOID": ProblemCode.CONFLICT, "PAID": ProblemCode.INVOICE_PAID},
            ),
            "void": (
                lambda: invoices.void_invoice(context, invoice_id=known.id),
                "VOID",
                {"PAID": ProblemCode.INVOICE_PAID, "VOID": ProblemCode.CONFLICT},
            ),
        }[act]
        refusal = refusals.get(known.status)
        now_is = "SELECT FROM tenant_invoices WHERE id = %s AND status = %s"
        if self.attempt(operation, fault, refusal, lambda: refusal is None and self.exists(now_is, known.id, becomes)):
            known.status = becomes

    @precondition(lambda self: any(known.status != "VOID" for known in self.ledger.invoices.values()))
    @rule(of=pick)
    def a_rival_writes_a_second_live_invoice(self, of: int) -> None:
        """As a version of the code might that takes no lock: the database alone refuses it."""
        self.sound = False
        live = [known for known in self.ledger.invoices.values() if known.status != "VOID"]
        self.ledger.rival(live[of % len(live)])

    # What holds after each step, and at the end

    @invariant()
    def everything_holds(self) -> None:
        if not hasattr(self, "ledger"):
            return
        self.ledger.hold()
        assert self.world.violations() == []
        self.sound = True

    def teardown(self) -> None:
        """The faults stop: every ended month is billed, once."""
        if self.sound:
            self.sound = False
            for tenant in self.tenants:
                tenant.currency = "AUD"
            self.world.rows("UPDATE tenants SET currency = 'AUD' RETURNING id")
            self.world.now = Period.holding(self.world.now, self.zone).ends_at + timedelta(hours=4)
            self.ledger.catch_up(1, None)
            self.ledger.hold()
            self.ledger.finish()
            assert self.world.violations() == []


def _standing(subscription: Subscription | None) -> ProblemCode | None:
    gone = subscription is None or subscription.ended_on is not None
    return ProblemCode.NOT_SUBSCRIBED if gone else None


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


def simulation_of(world: World) -> type[Simulation]:
    return type("Simulation", (Simulation,), {"world": world, "__module__": __name__})
