"""Steps of subscriptions."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from app.billing import DeploymentState
from app.billing.period import day_start
from app.operations import subscriptions
from app.operations.refusal import ProblemCode
from tests.simulation.faults import Fault
from tests.simulation.model import Deployment, Subscription, Tenant
from tests.simulation.steps import Steps, addons, faults, pick, plans


class SubscriptionSteps(Steps):
    """Made, given add-ons, moved to other plans."""

    @precondition(lambda self: any(tenant.deployments for tenant in self.tenants))
    @rule(
        of=pick,
        plan=plans,
        extras=st.lists(addons, max_size=2),
        days=st.sampled_from([0, 0, 0, -1, -9, -40, 5]),
        trial=st.sampled_from([None, None, 3, 20]),
        fault=faults,
    )
    def subscribe(  # noqa: PLR0917 - Hypothesis gives them by name
        self, of: int, plan: tuple[str, int], extras: list[str], days: int, trial: int | None, fault: Fault | None
    ) -> None:
        tenant, deployment = self.deployment(of)
        if tenant.currency == "AUD":
            self.subscribe_to(
                tenant=tenant, deployment=deployment, plan=plan, extras=extras, days=days, trial=trial, fault=fault
            )

    def subscribe_to(
        self,
        *,
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
        another = "SELECT FROM subscriptions WHERE deployment_id = %s OFFSET %s"
        before = int(deployment.subscription is not None)
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
            lambda: self.exists(another, deployment.id, before),
        ):
            attached_at = day_start(first_day, self.zone) if days else self.world.now
            deployment.subscription = Subscription(
                first_day,
                trial_ends_at,
                deployment.state in {DeploymentState.ACTIVE, DeploymentState.PAST_DUE},
                [(first_day, plan)],
                [(attached_at, first_day, code) for code in extras],
            )
            self.ledger.reopen(tenant, first_day)

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

        def was_done() -> bool | None:
            kept = [(row.effective_on, (row.code, row.version)) for row in self.world.rows(history, deployment.id)]
            assert kept in ([] if subscription is None else subscription.plans, trial.plans)
            if subscription is not None and trial.plans == subscription.plans:
                return None  # nothing to change
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
            if subscription.plans != trial.plans:
                self.ledger.reopen(tenant, first_day)
            subscription.plans = trial.plans


def _standing(subscription: Subscription | None) -> ProblemCode | None:
    gone = subscription is None or subscription.ended_on is not None
    return ProblemCode.NOT_SUBSCRIBED if gone else None
