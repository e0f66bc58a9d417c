"""The months that a rating works on: locked exclusively, with the changes since they were last rated."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from app.database import UnitOfWork
from app.database.copy import stage
from app.tables.billing_months import BillingMonths, BillingMonthState

_COLUMNS = """
b.tenant_id, b.period_start, b.state, b.invoice_id, b.rated_cents, b.billed_cents, b.open_credit_deployments,
b.rules_version, b.run_id, b.input_hash, b.rated_at, b.failure
"""
_INSERT_MONTHS = """
INSERT INTO billing_months (id, tenant_id, period_start, state, billed_cents, open_credit_deployments)
SELECT gen_random_uuid(), t.id, $2::date, 'OPEN', 0, '{}' FROM unnest($1::uuid[]) AS t (id)
WHERE NOT EXISTS (SELECT FROM billing_months b WHERE b.tenant_id = t.id AND b.period_start = $2)
ORDER BY t.id
ON CONFLICT (tenant_id, period_start) DO NOTHING
"""
# The month itself; earlier months that are due; and months corrected by an invoice that may be replaced.
_REQUESTED = """
WITH wanted AS (
    SELECT tenant_id, $2::date AS period_start FROM unnest($1::uuid[]) AS tenant_id
    UNION
    SELECT tenant_id, period_start FROM billing_months
    WHERE tenant_id = any($1::uuid[]) AND period_start < $2 AND rated_cents <> billed_cents
    UNION
    SELECT tenant_id, period_start FROM billing_month_changes
    WHERE tenant_id = any($1::uuid[]) AND period_start < $2
    UNION
    SELECT n.tenant_id, n.late_month FROM tenant_invoices i
    JOIN tenant_invoice_inputs n ON n.tenant_id = i.tenant_id AND n.invoice_id = i.id AND n.late_month < $2
    WHERE i.tenant_id = any($1::uuid[]) AND i.period_start = $2 AND i.status <> 'VOID'
)
"""
_SELECT = f"""{_REQUESTED}
SELECT {_COLUMNS} FROM billing_months b JOIN wanted w ON w.tenant_id = b.tenant_id AND w.period_start = b.period_start
ORDER BY b.tenant_id, b.period_start
"""  # noqa: S608 - made of constants
_SELECT_LOCKED = f"{_SELECT} FOR NO KEY UPDATE OF b"
_CHANGES = """
SELECT tenant_id, period_start, array_agg(DISTINCT deployment_id) FROM billing_month_changes
WHERE tenant_id = any($1::uuid[]) AND period_start <= $2
GROUP BY tenant_id, period_start
"""
_DELETE_RATED_CHANGES = """
DELETE FROM billing_month_changes c USING unnest($1::uuid[], $2::date[]) AS m (tenant_id, period_start)
WHERE c.tenant_id = m.tenant_id AND c.period_start = m.period_start
"""
_UPDATE = """
UPDATE billing_months b SET state = m.state, invoice_id = m.invoice_id, run_id = m.run_id, input_hash = m.input_hash,
    rules_version = m.rules_version, rated_cents = m.rated_cents, billed_cents = m.billed_cents,
    open_credit_deployments = m.open_credit_deployments, rated_at = m.rated_at, failure = m.failure
FROM {staged} AS m WHERE b.tenant_id = m.tenant_id AND b.period_start = m.period_start
"""
_STAGED = (
    "tenant_id",
    "period_start",
    "state",
    "invoice_id",
    "run_id",
    "input_hash",
    "rules_version",
    "rated_cents",
    "billed_cents",
    "open_credit_deployments",
    "rated_at",
    "failure",
)


@dataclass(slots=True)
class Month:
    """A tenant's month during a rating. changed: the deployments of its changes; None in it means the tenant.

    difference_cents: the amount that this rating bills (or credits) beyond what was billed. consumed: whether the month
    has been rated with all of its changes.
    """

    tenant_id: UUID
    period_start: date
    state: BillingMonthState
    invoice_id: UUID | None
    rated_cents: int | None
    billed_cents: int
    open_credit_deployments: list[UUID]
    rules_version: int | None
    run_id: UUID | None
    input_hash: str | None
    rated_at: datetime | None
    failure: str | None
    changed: set[UUID | None] = field(default_factory=set)
    difference_cents: int = 0
    consumed: bool = False

    @property
    def was_rated(self) -> bool:
        """Whether the month was rated before, so that other invoices may have corrected it."""
        return self.run_id is not None

    @property
    def is_due_for_correction(self) -> bool:
        return bool(self.changed) or self.rated_cents != self.billed_cents

    def rate(self, run_id: UUID, now: datetime, rated_cents: int, rules_version: int) -> None:
        """Records that the billing month was rated in this rollup, and its amount."""
        self.run_id, self.rated_at, self.rated_cents, self.failure = run_id, now, rated_cents, None
        self.rules_version = self.rules_version or rules_version

    @property
    def can_be_corrected(self) -> bool:
        """Whether the month was rated and that rating is still valid, so that a correction suffices. Other months are
        rated as a whole.
        """
        return self.state in _CORRECTED


_CORRECTED = frozenset(
    {BillingMonthState.DRAFT, BillingMonthState.ISSUED, BillingMonthState.ZERO, BillingMonthState.WAIVED}
)


@dataclass(slots=True)
class TenantMonths:
    """A tenant's month that a rollup rates, and the earlier months that are due or that its invoice has corrected."""

    rolled_up_month: Month
    earlier: list[Month] = field(default_factory=list)


async def lock_months(
    unit: UnitOfWork, period_start: date, tenant_ids: Sequence[UUID], *, read_only: bool = False
) -> dict[UUID, TenantMonths]:
    """Locks the tenants' months until the commit, in order of tenant and month (as all code locks them), and returns
    them.

    read_only: reads them without locks, and without inserting rows for months that have none.
    """
    if not read_only:
        await unit.connection.execute(_INSERT_MONTHS, tenant_ids, period_start)
    rows = await unit.connection.fetch(_SELECT if read_only else _SELECT_LOCKED, tenant_ids, period_start)
    changes: dict[tuple[UUID, date], set[UUID | None]] = {
        (tenant_id, month): set(deployments)
        for tenant_id, month, deployments in await unit.connection.fetch(_CHANGES, tenant_ids, period_start)
    }
    months: dict[UUID, TenantMonths] = {}
    earlier: dict[UUID, list[Month]] = {tenant_id: [] for tenant_id in tenant_ids}
    for row in rows:
        month = _month(row, changes)
        if month.period_start == period_start:
            months[month.tenant_id] = TenantMonths(month, earlier[month.tenant_id])
        else:
            earlier[month.tenant_id].append(month)
    for tenant_id in tenant_ids:
        if tenant_id not in months:
            months[tenant_id] = TenantMonths(_unrated(tenant_id, period_start), earlier[tenant_id])
    return months


def _unrated(tenant_id: UUID, period_start: date) -> Month:
    """Returns the state of a billing month that has no row yet: it is open and was never rated."""
    return Month(tenant_id, period_start, BillingMonthState.OPEN, None, None, 0, [], None, None, None, None, None)


def _month(row: Any, changes: dict[tuple[UUID, date], set[UUID | None]]) -> Month:
    tenant_id, period_start, state, *other_columns = row
    month = Month(tenant_id, period_start, BillingMonthState(state), *other_columns)
    month.changed = changes.get((tenant_id, period_start), set())
    return month


async def write_months(unit: UnitOfWork, months: Iterable[Month]) -> None:
    """Writes the months' present values, and deletes the changes that they have been rated with."""
    written = list(months)
    if not written:
        return
    consumed = [month for month in written if month.consumed and month.changed]
    if consumed:
        columns = [month.tenant_id for month in consumed], [month.period_start for month in consumed]
        await unit.connection.execute(_DELETE_RATED_CHANGES, *columns)
    staged = await stage(unit, BillingMonths, _STAGED, map(_row, written))
    await unit.connection.execute(_UPDATE.format(staged=staged))


def _row(month: Month) -> tuple[Any, ...]:
    return tuple(getattr(month, name) for name in _STAGED)
