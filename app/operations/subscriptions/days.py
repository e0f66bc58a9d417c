"""From which day something may be billed."""

from datetime import date
from uuid import UUID

from app.database import UnitOfWork
from app.operations.access import Action, authorise
from app.operations.closing import first_open_day, reopen_months, share_tenants
from app.operations.context import Context
from app.operations.refusal import ProblemCode, Refusal
from app.tables.invoices import InvoiceStatus, TenantInvoices


def billed_from(context: Context, asked: date | None, default: date, path: tuple[str, ...]) -> date:
    """The default, unless someone who may do so asks for another day. Raises PERMISSION_DENIED."""
    if asked is None or asked == default:
        return default
    authorise(context, Action.CHOOSE_BILLING_DAYS, path)
    return asked


async def change_from(
    context: Context, unit: UnitOfWork, tenant_id: UUID, first_day: date, path: tuple[str, ...]
) -> None:
    """Before a change of what the tenant is billed from this day on. Raises CONFLICT where a month that holds the day,
    or a later one, is invoiced: that invoice stays as it is.

    A draft is no obstacle: it is stale then, and rolling up with force rates it again. Months that were settled at
    nothing are due again.
    """
    past = first_day < first_open_day(context)
    if past:
        await share_tenants(unit, [tenant_id])
    await _refuse_invoiced(tenant_id, first_day, path)
    if past:
        await reopen_months(unit, tenant_id, first_day, context.clock())


async def _refuse_invoiced(tenant_id: UUID, first_day: date, path: tuple[str, ...]) -> None:
    final = [InvoiceStatus.ISSUED, InvoiceStatus.PAID]
    invoice = (
        await TenantInvoices.select(TenantInvoices.period_start)
        .where(
            (TenantInvoices.tenant_id == tenant_id)
            & (TenantInvoices.period_end > first_day)
            & TenantInvoices.status.is_in(final)
        )
        .order_by(TenantInvoices.period_start)
        .first()
    )
    if invoice is not None:
        raise Refusal(
            ProblemCode.CONFLICT, f"the month from {invoice['period_start']} is invoiced: void its invoice first", path
        )
