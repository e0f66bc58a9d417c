"""Simulation steps for subscriptions."""

from datetime import date, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from app.operations import subscriptions
from app.operations.calls.refusal import ProblemCode
from app.operations.catalog.offers import AddonSelection
from tests.lives import terms
from tests.lives.life import change_by_admin, change_by_tenant
from tests.lives.rating import local_day, next_month, start_of
from tests.simulation.faults import Fault
from tests.simulation.model import ADDONS, PLANS, Attached, Deployment, Tenant, versions
from tests.simulation.steps import Steps, addons, faults, pick, plans

ATTACHED = """
SELECT a.id, a.code FROM subscription_addons a JOIN subscriptions s ON s.id = a.subscription_id
WHERE s.deployment_id = %s ORDER BY a.id
"""
HISTORY = """
SELECT v.effective_on, p.code, pv.version FROM subscription_plan_versions v
JOIN subscriptions s ON s.id = v.subscription_id JOIN plan_versions pv ON pv.id = v.plan_version_id
JOIN plans p ON p.id = pv.plan_id WHERE s.deployment_id = %s ORDER BY 1
"""
LONG_AGO = -100
"""Days: a start further back than the three months that need no confirmation."""


class SubscriptionSteps(Steps):
    """Steps that create subscriptions, attach add-ons and change plans."""

    @precondition(lambda self: any(tenant.deployments for tenant in self.tenants))
    @rule(
        of=pick,
        plan=plans,
        extras=st.lists(addons, max_size=2),
        days=st.sampled_from([0, 0, 0, -1, -9, -40, LONG_AGO, 5]),
        trial=st.sampled_from([None, None, 3, 20]),
        confirmed=st.booleans(),
        fault=faults,
    )
    def subscribe(  # noqa: PLR0917 - Hypothesis gives them by name
        self,
        of: int,
        plan: tuple[str, int],
        extras: list[str],
        days: int,
        trial: int | None,
        confirmed: bool,
        fault: Fault | None,
    ) -> None:
        tenant, deployment = self.deployment(of)
        self.subscribe_to(
            tenant=tenant,
            deployment=deployment,
            plan=plan,
            extras=extras,
            days=days,
            trial=trial,
            fault=fault,
            confirmed=confirmed,
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
        confirmed: bool = False,
    ) -> None:
        self.world.advance(seconds=1)
        first_day = self.today + timedelta(days=days)
        trial_ends_at = None if trial is None else start_of(first_day, self.zone) + timedelta(days=trial, hours=5)
        refusal = None
        if days == LONG_AGO and not confirmed:
            refusal = ProblemCode.CONFIRMATION_REQUIRED
        elif deployment.is_gone:
            refusal = ProblemCode.CONFLICT
        elif len(set(extras)) < len(extras) and not confirmed:
            refusal = ProblemCode.ALREADY_ATTACHED
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
                addons=[AddonSelection(code, additional=confirmed) for code in extras],
                starts_on=first_day if days else None,
                trial_ends_at=trial_ends_at,
                confirm_backdating=confirmed,
            ),
            fault,
            refusal,
            lambda: self.exists(another, deployment.id, before),
        ):
            deployment.described.subscription = terms.Subscription(
                first_day, [(first_day, PLANS[plan])], deployment.is_active, trial_ends_at
            )
            deployment.recorded_at = self.world.now
            deployment.told["SUBSCRIBED"] += 1
            self._attached(deployment, [_addon(code, first_day) for code in extras])

    @precondition(lambda self: any(tenant.deployments for tenant in self.tenants))
    @rule(of=pick, code=addons, additional=st.booleans(), behind=st.sampled_from([0, 0, 0, 120]), fault=faults)
    def attach_addon(self, of: int, code: str, additional: bool, behind: int, fault: Fault | None) -> None:
        """Attaches an add-on, sometimes on a machine whose clock is two minutes behind."""
        tenant, deployment = self.deployment(of)
        subscription = deployment.current
        count = len(deployment.attached)
        self.world.advance(seconds=1)
        at = self.world.now + timedelta(seconds=1 - behind)
        first_day = local_day(max(at, deployment.recorded_at), self.zone)
        refusal = None
        if subscription is None:
            refusal = ProblemCode.NOT_SUBSCRIBED
        elif not additional and any(
            addon.code == code and (addon.last_day is None or addon.last_day >= first_day)
            for addon in subscription.addons
        ):
            refusal = ProblemCode.ALREADY_ATTACHED
        if self.attempt(
            lambda: subscriptions.attach_addon(
                self.caller(tenant, "tenant", behind=timedelta(seconds=behind)),
                deployment_id=deployment.id,
                addon_code=code,
                additional=additional,
            ),
            fault,
            refusal,
            lambda: self.exists(f"{ATTACHED} OFFSET %s", deployment.id, count),
        ):
            deployment.told["ADDON_ATTACHED"] += 1
            self._attached(deployment, [_addon(code, first_day)])

    def _attached(self, deployment: Deployment, new: list[terms.Addon]) -> None:
        """Adds the newly attached add-ons to the model's deployment, with the ids that the system has given them."""
        known = {attached.id for attached in deployment.attached}
        rows = [row for row in self.world.rows(ATTACHED, deployment.id) if row.id not in known]
        assert [row.code for row in rows] == [addon.code for addon in new]
        deployment.attached += [Attached(row.id, addon) for row, addon in zip(rows, new, strict=True)]
        if deployment.subscription is not None:
            deployment.subscription.addons += new
        deployment.changed()

    @precondition(lambda self: any(deployment.attached for t in self.tenants for deployment in t.deployments))
    @rule(of=pick, days=st.sampled_from([0, 0, -3, -35]), fault=faults)
    def detach_addon(self, of: int, days: int, fault: Fault | None) -> None:
        every = [
            (tenant, deployment, attached)
            for tenant in self.tenants
            for deployment in tenant.deployments
            for attached in deployment.attached
        ]
        tenant, deployment, (attached_id, addon) = every[of % len(every)]
        self.world.advance(seconds=1)
        today = max(self.today, addon.first_day)
        last_day = max(today + timedelta(days=days), addon.first_day)
        detached = "SELECT FROM subscription_addons WHERE id = %s AND detached_on = %s"
        if self.attempt(
            lambda: subscriptions.detach_addon(
                self.caller(tenant, "tenant" if last_day == today else "operator"),
                subscription_addon_id=attached_id,
                last_day=None if last_day == today else last_day,
            ),
            fault,
            ProblemCode.CONFLICT if addon.last_day not in {None, last_day} else None,
            lambda: None if addon.last_day == last_day else self.exists(detached, attached_id, last_day),
        ):
            deployment.told["ADDON_DETACHED"] += addon.last_day is None
            addon.last_day = last_day
            deployment.changed()

    @precondition(lambda self: any(tenant.deployments for tenant in self.tenants))
    @rule(of=pick, plan=plans, days=st.sampled_from([None, None, None, 0, -2, -25, 31]), fault=faults)
    def change_plan(self, of: int, plan: tuple[str, int], days: int | None, fault: Fault | None) -> None:
        """As the tenant itself, or as a platform admin with a day: 31 means the first day of the next month."""
        tenant, deployment = self.deployment(of)
        subscription = deployment.current
        self.world.advance(seconds=1)
        kept = deployment.subscription.plans if deployment.subscription else []
        changed = terms.Subscription(self.today, list(kept))
        first_day = today = max(self.today, subscription.first_day if subscription else self.today)
        if days is not None:
            first_day = next_month(today) if days == 31 else today + timedelta(days=days)
            first_day = max(first_day, subscription.first_day if subscription else first_day)
        if subscription is not None and days is None and self.today >= subscription.first_day:
            change_by_tenant(changed, PLANS[plan], today)
        elif subscription is not None:
            change_by_admin(changed, PLANS[plan], first_day)
        wanted, before = versions(changed.plans), versions(kept)

        def was_done() -> bool | None:
            rows = self.world.rows(HISTORY, deployment.id)
            history = versions((row.effective_on, PLANS[row.code, row.version]) for row in rows)
            assert deployment.is_gone or history in (before, wanted), f"{history} is neither {before} nor {wanted}"
            return None if before == wanted else subscription is not None and history == wanted

        if self.attempt(
            lambda: subscriptions.change_plan_version(
                self.caller(tenant, "tenant" if days is None else "operator"),
                deployment_id=deployment.id,
                plan_code=plan[0],
                plan_version=plan[1],
                effective_on=None if days is None else first_day,
            ),
            fault,
            ProblemCode.NOT_SUBSCRIBED if subscription is None else None,
            was_done,
        ):
            assert subscription is not None
            subscription.plans = changed.plans
            deployment.told["PLAN_CHANGED"] += before != wanted
            deployment.changed()


def _addon(code: str, first_day: date) -> terms.Addon:
    price, kind, quantity = ADDONS[code]
    return terms.Addon(code, price, kind, quantity, first_day)
