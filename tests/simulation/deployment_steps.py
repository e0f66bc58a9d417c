"""Simulation steps for tenants and their deployments."""

from datetime import date, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from app.billing import Actor, DeploymentState, TransitionDecision, allowed_transitions, decide_transition
from app.operations import deployments, tenants
from app.operations.calls.refusal import ProblemCode
from tests.lives import terms
from tests.simulation.faults import Fault
from tests.simulation.model import Deployment, Tenant
from tests.simulation.steps import Steps, chosen, faults, pick

MAX_TENANTS, MAX_DEPLOYMENTS = 4, 4


class DeploymentSteps(Steps):
    """Steps that create deployments, change their state, and check that other tenants cannot access them."""

    @precondition(lambda self: len(self.tenants) < MAX_TENANTS)
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
            tenant_id = self.id_of("SELECT id FROM tenants WHERE code = %s", code)
            self.tenants.append(Tenant(tenant_id, code, [(date.min, exempt)]))

    @precondition(lambda self: bool(self.tenants))
    @rule(of=pick, slug=st.integers(0, 4), by=st.sampled_from(["operator", "tenant"]), fault=faults)
    def create_deployment(self, of: int, slug: int, by: str, fault: Fault | None) -> None:
        tenant = self.tenants[of % len(self.tenants)]
        name = f"d{slug}"
        mine = "SELECT id FROM cloud_deployments WHERE tenant_id = %s AND slug = %s"
        taken = any(deployment.slug == name for deployment in tenant.deployments)
        if len(tenant.deployments) < MAX_DEPLOYMENTS and self.attempt(
            lambda: deployments.create_deployment(
                self.caller(tenant, by), tenant_id=tenant.id, slug=name, display_name=name, region="syd1"
            ),
            fault,
            ProblemCode.SLUG_TAKEN if taken else None,
            lambda: not taken and self.exists(mine, tenant.id, name),
        ):
            deployment_id = self.id_of(mine, tenant.id, name)
            deployment = Deployment(deployment_id, terms.Deployment(name), self.world.now)
            tenant.deployments.append(deployment)
            for resource in ("r0", "r1"):
                self._register(deployment, resource)

    @precondition(lambda self: any(tenant.deployments for tenant in self.tenants))
    @rule(of=pick, way=pick, to=st.sampled_from(DeploymentState), actor=st.sampled_from(Actor), fault=faults)
    def transition(self, of: int, way: int, to: DeploymentState, actor: Actor, fault: Fault | None) -> None:
        """Requests a transition, usually one that the transition table allows."""
        tenant, deployment = self.deployment(of)
        if way and (allowed := allowed_transitions(deployment.state, actor)):
            to = allowed[way % len(allowed)]
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
            deployment.recorded_at = self.world.now
            if decision is TransitionDecision.APPLY:
                deployment.move(to, self.world.now, actor.name)

    def _register(self, deployment: Deployment, name: str) -> None:
        external_id = f"{deployment.id} {name}"
        deployment.resources[name] = self.world.run(
            deployments.register_resource(
                self.world.context(),
                deployment_id=deployment.id,
                provider="digitalocean",
                external_id=external_id,
                resource_kind="storage_gb",
                name=name,
                created_at=self.world.now - timedelta(days=200),
            )
        )

    @precondition(lambda self: any(tenant.deployments for tenant in self.tenants))
    @rule(of=pick, which=pick, hours=st.sampled_from([0, 0, 5, 200, 900]), fault=faults)
    def end_resource(self, of: int, which: int, hours: int, fault: Fault | None) -> None:
        _, deployment = self.deployment(of)
        name = chosen(sorted(deployment.resources), which)
        if name is None:
            return
        ended_at = self.world.now - timedelta(hours=hours)
        ended = deployment.described.resource_ends.get(name)
        is_ended = "SELECT FROM cloud_resources WHERE id = %s AND destroyed_at = %s"
        if self.attempt(
            lambda: deployments.end_resource(
                self.world.context(), resource_id=deployment.resources[name], ended_at=ended_at
            ),
            fault,
            ProblemCode.CONFLICT if ended not in {None, ended_at} else None,
            lambda: None if ended == ended_at else self.exists(is_ended, deployment.resources[name], ended_at),
        ):
            deployment.described.resource_ends[name] = ended_at
            deployment.changed()

    @precondition(lambda self: len(self.tenants) > 1 and any(tenant.deployments for tenant in self.tenants))
    @rule(of=pick, suspended=st.booleans())
    def suspend_billing_actions(self, of: int, suspended: bool) -> None:
        """Another tenant cannot see the deployment, so it cannot change it."""
        tenant, deployment = self.deployment(of)
        self.attempt(
            lambda: deployments.update_deployment(
                self.world.context(), deployment_id=deployment.id, billing_action_suspended=suspended
            ),
            None,
            None,
            lambda: True,
            wakes=tenant.id if deployment.suspended and not suspended else None,
        )
        deployment.suspended = suspended
        other = self.caller(next(other for other in self.tenants if other is not tenant), "tenant")
        self.attempt(
            lambda: deployments.transition_deployment(other, deployment_id=deployment.id, to=DeploymentState.PAUSED),
            None,
            ProblemCode.NOT_FOUND,
            lambda: False,
        )
