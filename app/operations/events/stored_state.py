"""Events whose data is read from the tables, as they are in the transaction: for any number of objects at once."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from app.billing import SubscriptionStatus
from app.database import UnitOfWork
from app.operations.events.event_data import InvoiceData, SubscriptionData, TenantData
from app.operations.events.event_recording import Aggregate, record_event, record_tenant_event
from app.tables.billing_months import ChangeReason
from app.tables.events import AggregateType, EventType
from app.tables.invoices import InvoiceStatus
from app.tables.ledger import SettledBy

_TENANT = """
SELECT id AS tenant_id, code, name, country, currency, tax_exempt, closed_at FROM tenants WHERE id = $1
"""
_INVOICES = """
SELECT i.id AS invoice_id, i.tenant_id, i.number, i.status, i.period_start, i.period_end, i.revision, i.currency,
       i.subtotal_cents, i.tax_cents, i.total_cents, b.balance_cents, i.issued_on, i.due_on, b.settled_by
FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS n (tenant_id, id, place)
JOIN tenant_invoices i ON i.tenant_id = n.tenant_id AND i.id = n.id
LEFT JOIN invoice_balances b ON b.tenant_id = i.tenant_id AND b.id = i.id
ORDER BY n.place
"""
_SUBSCRIPTIONS = """
SELECT s.id AS subscription_id, s.deployment_id, s.tenant_id, p.code AS plan_code, v.version AS plan_version, s.status
FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS n (tenant_id, id, place)
JOIN subscriptions s ON s.tenant_id = n.tenant_id AND s.id = n.id
JOIN plan_versions v ON v.id = s.plan_version_id JOIN plans p ON p.id = v.plan_id
ORDER BY n.place
"""


class SubscriptionChange(NamedTuple):
    """What changed of a subscription. addon_code: of an add-on that was attached or detached."""

    tenant_id: UUID
    subscription_id: UUID
    reason: ChangeReason
    effective_on: date
    addon_code: str | None = None


async def record_tenant(unit: UnitOfWork, event_type: EventType, tenant_id: UUID, now: datetime) -> None:
    """Records an event with the tenant as it is now."""
    row = await unit.connection.fetchrow(_TENANT, tenant_id)
    record_tenant_event(unit, event_type, tenant_id, TenantData(**row), now)


async def record_invoices(
    unit: UnitOfWork, event_type: EventType, invoices: Iterable[tuple[UUID, UUID]], now: datetime
) -> None:
    """Records an event for each of the invoices (tenant and id), as they are now, in the order given."""
    keys = list(invoices)
    if not keys:
        return
    tenant_ids, ids = (list(column) for column in zip(*keys, strict=True))
    for row in await unit.connection.fetch(_INVOICES, tenant_ids, ids):
        settled_by = row["settled_by"] and SettledBy(row["settled_by"])
        data = InvoiceData(**{**row, "status": InvoiceStatus(row["status"]), "settled_by": settled_by})
        record_tenant_event(unit, event_type, row["tenant_id"], data, now)


async def record_subscriptions(unit: UnitOfWork, changes: Sequence[SubscriptionChange], now: datetime) -> None:
    """Records subscription.changed for each change, with the subscription as it is now."""
    keys = [change.tenant_id for change in changes], [change.subscription_id for change in changes]
    for change, row in zip(changes, await unit.connection.fetch(_SUBSCRIPTIONS, *keys), strict=True):
        data = SubscriptionData(
            **{**row, "status": SubscriptionStatus(row["status"])},
            change=change.reason,
            effective_on=change.effective_on,
            addon_code=change.addon_code,
        )
        deployment = Aggregate(AggregateType.DEPLOYMENT, data.deployment_id, data.tenant_id)
        record_event(unit, EventType.SUBSCRIPTION_CHANGED, deployment, data, now)
