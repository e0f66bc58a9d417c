"""Plan changes that take effect in the future.

A pending change is a row of the plan history with its first day, so rating does not depend on this module. The
subscription names the version in force today and the pending one; this module only makes the pending one current.
"""

from datetime import date
from uuid import UUID

from app.database import UnitOfWork
from app.operations.calls.context import Context
from app.operations.calls.transaction import transact
from app.operations.events import SubscriptionChange, record_subscriptions
from app.tables.billing_months import ChangeReason
from app.tables.subscriptions import SubscriptionPlanVersions as History
from app.tables.subscriptions import Subscriptions

_BATCH = 1_000

# A subscription that is locked by another change is left to the next run.
_APPLY = """
WITH due AS (
    SELECT tenant_id, id, pending_from FROM subscriptions WHERE pending_from <= $1 ORDER BY pending_from, id LIMIT $2
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE subscriptions s
SET plan_version_id = s.pending_plan_version_id, pending_plan_version_id = NULL, pending_from = NULL
FROM due WHERE s.tenant_id = due.tenant_id AND s.id = due.id
RETURNING s.tenant_id, s.id, due.pending_from
"""


async def apply_pending_plan_changes(context: Context) -> int:
    """Puts every pending plan change into force whose day has come; returns their number.

    It may run at any time and in several processes at once; no amount depends on it.
    """
    today = context.today()

    async def work(unit: UnitOfWork) -> int:
        changes = [
            SubscriptionChange(row["tenant_id"], row["id"], ChangeReason.PLAN_CHANGED, row["pending_from"])
            for row in await unit.connection.fetch(_APPLY, today, _BATCH)
        ]
        await record_subscriptions(unit, changes, context.clock())
        return len(changes)

    applied = 0
    while done := await transact(context, work):
        applied += done
    return applied


async def drop_pending_change(tenant_id: UUID, subscription_id: UUID, today: date) -> None:
    """Deletes the pending plan change of a subscription that ends. The subscription must be locked."""
    await History.delete().where(
        (History.tenant_id == tenant_id) & (History.subscription_id == subscription_id) & (History.effective_on > today)
    )
    await Subscriptions.update({Subscriptions.pending_plan_version_id: None, Subscriptions.pending_from: None}).where(
        (Subscriptions.tenant_id == tenant_id)
        & (Subscriptions.id == subscription_id)
        & (Subscriptions.pending_from > today)
    )
