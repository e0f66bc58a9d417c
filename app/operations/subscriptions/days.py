"""From which day something may be billed."""

from datetime import date
from uuid import UUID

from app.operations.access import Action, authorise
from app.operations.context import Context
from app.operations.refusal import ProblemCode, Refusal
from app.tables.invoices import InvoiceStatus, TenantInvoices


def billed_from(context: Context, asked: date | None, default: date, path: tuple[str, ...]) -> date:
    """The default, unless someone who may do so asks for another day. Raises PERMISSION_DENIED."""
    if asked is None or asked == default:
        return default
    authorise(context, Action.CHOOSE_BILLING_DAYS, path)
    return asked


async def refuse_invoiced(tenant_id: UUID, first_day: date, path: tuple[str, ...]) -> None:
    """Raises CONFLICT where a month that holds the day, or a later one, is invoiced: that invoice stays as it is.

    A draft is no obstacle: rolling up with force rates it again.
    """
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
