"""The current (not cancelled) subscription of a deployment, locked for update."""

from typing import Any
from uuid import UUID

from app.billing import SubscriptionStatus
from app.operations.calls.context import Context
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.deployment_lock import lock_deployment
from app.tables.deployments import CloudDeployments
from app.tables.subscriptions import Subscriptions
from app.tables.tenants import Tenants


async def lock_current_subscription(context: Context, deployment_id: UUID) -> dict[str, Any]:
    """Returns the locked current subscription. Raises NOT_FOUND for an unknown deployment, NOT_SUBSCRIBED if it has no
    subscription or a cancelled one.

    The deployment is locked first, as everywhere that both are changed.
    """
    row = await lock_subscription(context, deployment_id)
    if row is None:
        raise Refusal(
            ProblemCode.NOT_SUBSCRIBED, "the deployment has no subscription; subscribe it first", ("deploymentId",)
        )
    if row["status"] == SubscriptionStatus.CANCELLED:
        raise Refusal(
            ProblemCode.NOT_SUBSCRIBED,
            "the deployment's subscription is cancelled and cannot be changed",
            ("deploymentId",),
        )
    return row


async def lock_subscription(context: Context, deployment_id: UUID) -> dict[str, Any] | None:
    """Locks the deployment, then its subscription, cancelled or not; returns the subscription. Raises NOT_FOUND."""
    deployment = await lock_deployment(context.principal, deployment_id, CloudDeployments.tenant_id)
    row: dict[str, Any] | None = (
        await Subscriptions.select()
        .where((Subscriptions.tenant_id == deployment["tenant_id"]) & (Subscriptions.deployment_id == deployment_id))
        .first()
        .lock_rows("NO KEY UPDATE")
    )
    return row


async def currency_of(tenant_id: UUID) -> str:
    tenants = await Tenants.select(Tenants.currency).where(Tenants.id == tenant_id)
    return str(tenants[0]["currency"])
