"""Aged receivables: the balances of invoices at the end of a day, by how many days they were past due then."""

from datetime import date
from typing import NamedTuple
from uuid import UUID

from app.billing import InputFault
from app.billing.period import ONE_DAY, day_start
from app.database import UnitOfWork
from app.operations.calls import validation
from app.operations.calls.access import Action, authorise
from app.operations.calls.context import Context
from app.operations.calls.transaction import transact

MAX_FIRST = 1_000

# The balance then: the balance now, and what was taken off it since. Only what is open or changed since is read.
_AGED = """
WITH changes AS (
    SELECT tenant_id, id AS invoice_id, balance_cents AS cents FROM invoice_balances WHERE balance_cents > 0
    UNION ALL
    SELECT tenant_id, invoice_id, amount_cents FROM invoice_applications WHERE applied_at >= $1
    UNION ALL
    SELECT a.tenant_id, a.invoice_id, -r.amount_cents
    FROM invoice_application_reversals r
    JOIN invoice_applications a ON a.tenant_id = r.tenant_id AND a.id = r.application_id WHERE r.reversed_at >= $1
    UNION ALL
    SELECT tenant_id, invoice_id, receivable_cents FROM credit_notes WHERE issued_at >= $1
    UNION ALL
    SELECT tenant_id, invoice_id, amount_cents FROM write_offs WHERE recorded_at >= $1
    UNION ALL
    SELECT i.tenant_id, i.id, b.voided_cents
    FROM tenant_invoices i JOIN invoice_balances b ON b.tenant_id = i.tenant_id AND b.id = i.id
    WHERE i.voided_at >= $1
),
balances AS (
    SELECT tenant_id, invoice_id, sum(cents) AS cents FROM changes GROUP BY 1, 2 HAVING sum(cents) > 0
),
aged AS (
    SELECT b.currency, t.code, b.tenant_id,
           coalesce(sum(x.cents) FILTER (WHERE $2 - b.due_on <= 0), 0)::bigint AS current_cents,
           coalesce(sum(x.cents) FILTER (WHERE $2 - b.due_on BETWEEN 1 AND 30), 0)::bigint AS days_1_to_30_cents,
           coalesce(sum(x.cents) FILTER (WHERE $2 - b.due_on BETWEEN 31 AND 60), 0)::bigint AS days_31_to_60_cents,
           coalesce(sum(x.cents) FILTER (WHERE $2 - b.due_on BETWEEN 61 AND 90), 0)::bigint AS days_61_to_90_cents,
           coalesce(sum(x.cents) FILTER (WHERE $2 - b.due_on > 90), 0)::bigint AS over_90_days_cents
    FROM balances x
    JOIN tenant_invoices i ON i.tenant_id = x.tenant_id AND i.id = x.invoice_id AND i.issued_at < $1
    JOIN invoice_balances b ON b.tenant_id = x.tenant_id AND b.id = x.invoice_id
    JOIN tenants t ON t.id = x.tenant_id
    GROUP BY GROUPING SETS ((b.currency), (b.currency, t.code, b.tenant_id))
)
(SELECT * FROM aged WHERE code IS NULL ORDER BY currency)
UNION ALL
(SELECT * FROM aged WHERE code > $3 ORDER BY code, currency LIMIT $4)
"""


class AgedAmounts(NamedTuple):
    """Balances of one currency by days past due, of one tenant (null: of all tenants)."""

    currency: str
    tenant_id: UUID | None
    current_cents: int
    days_1_to_30_cents: int
    days_31_to_60_cents: int
    days_61_to_90_cents: int
    over_90_days_cents: int

    @property
    def total_cents(self) -> int:
        return sum(self[2:])


class ReceivablesByAge(NamedTuple):
    """The balances at the end of a day: totals by currency, and the tenants that had any, by code."""

    at: date
    totals: tuple[AgedAmounts, ...]
    tenants: tuple[AgedAmounts, ...]


async def aged_receivables(
    context: Context, *, at: date | None = None, first: int = MAX_FIRST, after_code: str = ""
) -> ReceivablesByAge:
    """The balances at the end of a day (default: now, today), of at most `first` tenants after that code.

    Raises PERMISSION_DENIED, VALIDATION_FAILED for a day in the future.
    """
    authorise(context, Action.SEE_LEDGER)
    today = context.today()
    day = at or today
    faults = list(validation.day("at", day))
    if day > today:
        faults.append(InputFault(("at",), f"must not be in the future; today is {today}"))
    if not 1 <= first <= MAX_FIRST:
        faults.append(InputFault(("first",), f"must be from 1 to {MAX_FIRST}"))
    validation.refuse(faults)

    async def work(unit: UnitOfWork) -> ReceivablesByAge:
        end = day_start(day + ONE_DAY, context.settings.billing_time_zone)
        rows = await unit.connection.fetch(_AGED, end, day, after_code, first)
        amounts = [AgedAmounts(row["currency"], *list(row)[2:]) for row in rows]
        totals = tuple(one for one in amounts if one.tenant_id is None)
        return ReceivablesByAge(day, totals, tuple(amounts[len(totals) :]))

    return await transact(context, work)
