"""Plan changes whose first day was still to come when they were made.

A pending change is a row of the plan's history with that day, and so rated whatever happens here. The subscription
names the version in force today, and beside it the pending one: what is done here only moves the second to the first.
"""

from datetime import date
from uuid import UUID

from app.database import UnitOfWork
from app.operations.calls.context import Context
from app.operations.calls.transaction import transact
from app.tables.subscriptions import SubscriptionPlanVersions as History
from app.tables.subscriptions import Subscriptions

_BATCH = 1_000

# A subscription that is being changed is left to the next time.
_APPLY = """
WITH due AS (
    SELECT tenant_id, id FROM subscriptions WHERE pending_from <= $1 ORDER BY pending_from, id LIMIT $2
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE subscriptions s
SET plan_version_id = s.pending_plan_version_id, pending_plan_version_id = NULL, pending_from = NULL
FROM due WHERE s.tenant_id = due.tenant_id AND s.id = due.id
RETURNING 1
"""


async def apply_pending_plan_changes(context: Context) -> int:
    """Makes every pending plan change whose day has come the version in force; returns how many there were.

    Safe to run at any time and by several processes at once; no amount depends on it.
    """
    today = context.today()

    async def work(unit: UnitOfWork) -> int:
        return len(await unit.connection.fetch(_APPLY, today, _BATCH))

    applied = 0
    while done := await transact(context, work):
        applied += done
    return applied


async def drop_pending_change(tenant_id: UUID, subscription_id: UUID, today: date) -> None:
    """For a subscription that ends: a plan change to come is undone. The subscription is locked."""
    await History.delete().where(
        (History.tenant_id == tenant_id) & (History.subscription_id == subscription_id) & (History.effective_on > today)
    )
    await Subscriptions.update({Subscriptions.pending_plan_version_id: None, Subscriptions.pending_from: None}).where(
        (Subscriptions.tenant_id == tenant_id)
        & (Subscriptions.id == subscription_id)
        & (Subscriptions.pending_from > today)
    )
