"""Closes a tenant that has no active deployment and no unpaid invoice left."""

from datetime import date
from uuid import UUID

from app.billing import DeploymentState, Period
from app.database import UnitOfWork
from app.database.locks import lock_row
from app.operations.calls.access import Action, authorise, not_found
from app.operations.calls.context import Context
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.calls.transaction import transact
from app.operations.events import record_tenant
from app.tables.events import EventType
from app.tables.invoices import InvoiceStatus
from app.tables.tenants import Tenants

_MAX_NAMED = 5
"""How many open items of each kind the message names."""

_ENDED = [DeploymentState.CANCELLED, DeploymentState.ARCHIVED]
_UNPAID = [InvoiceStatus.DRAFT, InvoiceStatus.ISSUED]

_DEPLOYMENTS = """
SELECT slug, state FROM cloud_deployments WHERE tenant_id = $1 AND state <> all($2::text[]) ORDER BY slug LIMIT $3
"""
_INVOICES = """
SELECT period_start, status FROM tenant_invoices WHERE tenant_id = $1 AND status = any($2::text[])
ORDER BY period_start LIMIT $3
"""
# A month with a subscription, a charge or a row is open until it is issued, zero or waived and has no waiting changes.
# Whether the invoice of an issued month is paid is checked separately.
_MONTHS = """
WITH months AS (
    SELECT period_start
    FROM subscriptions s, months_between(s.started_on, coalesce(s.ended_on, $2)) AS period_start
    WHERE s.tenant_id = $1
    UNION
    SELECT month_of(charged_on) FROM charges WHERE tenant_id = $1
    UNION
    SELECT period_start FROM billing_months WHERE tenant_id = $1
)
SELECT m.period_start FROM months m
LEFT JOIN billing_months b ON b.tenant_id = $1 AND b.period_start = m.period_start
WHERE b.state IS NULL OR b.state NOT IN ('ISSUED', 'ZERO', 'WAIVED') OR b.rated_cents <> b.billed_cents
   OR EXISTS (SELECT FROM billing_month_changes c WHERE c.tenant_id = $1 AND c.period_start = m.period_start)
ORDER BY m.period_start LIMIT $3
"""


async def close_tenant(context: Context, *, tenant_id: UUID) -> UUID:
    """Closes the tenant permanently: no deployment, subscription or charge can be added to it. Returns its id.

    Raises NOT_FOUND; CONFLICT, naming what is open: deployments that are neither cancelled nor archived, invoices that
    are drafts or not paid, months that are not billed; TENANT_CLOSED if it is already closed.
    """
    authorise(context, Action.CLOSE_TENANT)

    async def work(unit: UnitOfWork) -> UUID:
        tenant = await lock_row(Tenants, tenant_id, Tenants.closed_at)
        if tenant is None:
            raise not_found("tenant", tenant_id, ("tenantId",))
        if tenant["closed_at"] is not None:
            raise Refusal(ProblemCode.TENANT_CLOSED, "the tenant is already closed", ("tenantId",))
        months = await open_months(unit, tenant_id, Period.holding(context.today(), context.settings.billing_time_zone))
        names_by_noun = [
            ("deployments", await _open_deployments(unit, tenant_id)),
            ("invoices", await _open_invoices(unit, tenant_id)),
            ("months to bill", [f"{month:%Y-%m}" for month in months]),
        ]
        if open_items := [f"{noun}: {', '.join(names)}" for noun, names in names_by_noun if names]:
            raise Refusal(ProblemCode.CONFLICT, f"the tenant has open {'; '.join(open_items)}", ("tenantId",))
        now = context.clock()
        await Tenants.update({Tenants.closed_at: now}).where(Tenants.id == tenant_id)
        await record_tenant(unit, EventType.TENANT_UPDATED, tenant_id, now)
        return tenant_id

    return await transact(context, work, UUID)


async def open_months(unit: UnitOfWork, tenant_id: UUID, running: Period) -> list[date]:
    """Returns the first of the tenant's months that are not completely billed, including the running and
    future ones.
    """
    return [row[0] for row in await unit.connection.fetch(_MONTHS, tenant_id, running.start, _MAX_NAMED)]


async def _open_deployments(unit: UnitOfWork, tenant_id: UUID) -> list[str]:
    rows = await unit.connection.fetch(_DEPLOYMENTS, tenant_id, _ENDED, _MAX_NAMED)
    return [f"{slug} ({state})" for slug, state in rows]


async def _open_invoices(unit: UnitOfWork, tenant_id: UUID) -> list[str]:
    rows = await unit.connection.fetch(_INVOICES, tenant_id, _UNPAID, _MAX_NAMED)
    return [f"{month:%Y-%m} ({status})" for month, status in rows]
