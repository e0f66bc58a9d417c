"""The balances beside the ledger: of each issued invoice, and of each tenant's credit.

A change is noted in the unit of work, and `transact` wakes dunning for the tenant.
Locks are taken in this order: the tenant, then its invoices by id, then its balance.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from app.billing import OpenInvoice
from app.database import UnitOfWork
from app.operations.calls.access import not_found
from app.operations.events import record_invoices
from app.operations.finance.push_recording import NewPush, record_pushes
from app.tables.events import EventType
from app.tables.finance import FinancePushKind
from app.tables.ids import new_id
from app.tables.invoices import InvoiceStatus
from app.tables.ledger import SettledBy

_TENANT_OF = "SELECT tenant_id FROM tenant_invoices WHERE id = $1"
_LOCK_TENANTS = "SELECT id FROM tenants WHERE id = any($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"
_LOCK_TENANT = "SELECT currency FROM tenants WHERE id = $1 FOR NO KEY UPDATE"
# The invoice's own row is the lock; its balance changes only under it.
_LOCK_INVOICES = """
SELECT i.id, i.tenant_id, i.number, i.status, b.currency, b.due_on, b.total_cents, b.balance_cents, b.paid_cents,
       b.credit_cents, b.noted_cents, b.written_off_cents, b.recovered_cents, b.credited_net_cents,
       b.credited_tax_cents
FROM tenant_invoices i JOIN invoice_balances b ON b.tenant_id = i.tenant_id AND b.id = i.id
WHERE {chosen} ORDER BY i.id
"""
_LOCKED = "FOR NO KEY UPDATE OF i, b"
_NAMED = _LOCK_INVOICES.format(chosen="i.tenant_id = any($1::uuid[]) AND i.id = any($2::uuid[])")
_OPEN = _LOCK_INVOICES.format(chosen="i.tenant_id = $1 AND b.currency = $2 AND b.balance_cents > 0")
_CREDIT = """
INSERT INTO tenant_balances AS t (id, tenant_id, currency, credit_cents) VALUES ($1, $2, $3, 0)
ON CONFLICT (tenant_id, currency) DO UPDATE SET credit_cents = t.credit_cents RETURNING credit_cents
"""
_CHANGE_CREDIT = """
UPDATE tenant_balances SET credit_cents = credit_cents + $3 WHERE tenant_id = $1 AND currency = $2
"""
_CHANGE = """
UPDATE invoice_balances b SET
    paid_cents = b.paid_cents + c.paid, credit_cents = b.credit_cents + c.credit,
    noted_cents = b.noted_cents + c.noted, written_off_cents = b.written_off_cents + c.written_off,
    voided_cents = b.voided_cents + c.voided, recovered_cents = b.recovered_cents + c.recovered,
    credited_net_cents = b.credited_net_cents + c.credited_net,
    credited_tax_cents = b.credited_tax_cents + c.credited_tax,
    balance_cents = b.balance_cents - c.paid - c.credit - c.noted - c.written_off - c.voided,
    settled_by = CASE WHEN b.balance_cents <> c.paid + c.credit + c.noted + c.written_off + c.voided THEN NULL
                      WHEN c.voided <> 0 THEN NULL WHEN b.balance_cents = 0 THEN b.settled_by ELSE c.settled_by END
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
            $9::bigint[], $10::bigint[], $11::bigint[])
    AS c (tenant_id, id, settled_by, paid, credit, noted, written_off, voided, recovered, credited_net, credited_tax)
WHERE b.tenant_id = c.tenant_id AND b.id = c.id
"""
# A void invoice has a balance of 0 and keeps its status.
_SETTLE = """
UPDATE tenant_invoices i SET status = 'PAID', paid_at = $3, payment_reference = c.reference
FROM invoice_balances b
JOIN unnest($1::uuid[], $2::uuid[], $4::text[]) AS c (tenant_id, id, reference)
    ON b.tenant_id = c.tenant_id AND b.id = c.id
WHERE i.tenant_id = c.tenant_id AND i.id = c.id
  AND b.balance_cents = 0 AND b.voided_cents = 0 AND i.status = 'ISSUED'
RETURNING i.tenant_id, i.id
"""
_REOPEN = """
UPDATE tenant_invoices i SET status = 'ISSUED', paid_at = NULL, payment_reference = NULL
FROM invoice_balances b
JOIN unnest($1::uuid[], $2::uuid[]) AS c (tenant_id, id) ON b.tenant_id = c.tenant_id AND b.id = c.id
WHERE i.tenant_id = c.tenant_id AND i.id = c.id
  AND b.balance_cents > 0 AND i.status = 'PAID'
RETURNING i.tenant_id, i.id
"""


@dataclass(frozen=True, slots=True)
class Receivable:
    """An issued, paid or void invoice with its balance. See InvoiceBalances for the amounts."""

    id: UUID
    tenant_id: UUID
    number: str
    status: InvoiceStatus
    currency: str
    due_on: date
    total_cents: int
    balance_cents: int
    paid_cents: int
    credit_cents: int
    noted_cents: int
    written_off_cents: int
    recovered_cents: int
    credited_net_cents: int
    credited_tax_cents: int

    @property
    def open(self) -> OpenInvoice[UUID]:
        return OpenInvoice(self.id, self.due_on, self.number, self.balance_cents)

    @property
    def written_off_rest_cents(self) -> int:
        """What is written off still, after credit notes and recoveries."""
        return self.written_off_cents - self.recovered_cents

    def split(self, cents: int) -> tuple[int, int, int]:
        """Where the total of a credit note goes: off what is written off first, then off the balance, the rest to the
        tenant's credit.
        """
        written_off = min(cents, self.written_off_rest_cents)
        receivable = min(cents - written_off, self.balance_cents)
        return written_off, receivable, cents - written_off - receivable


class BalanceChange(NamedTuple):
    """Amounts to add to an invoice's balance row; settled_by: what settles it if its balance becomes 0. source_id: the
    document that changes it; None for the tenant's credit, which has none.
    """

    invoice_id: UUID
    settled_by: SettledBy
    paid: int = 0
    credit: int = 0
    noted: int = 0
    written_off: int = 0
    voided: int = 0
    recovered: int = 0
    credited_net: int = 0
    credited_tax: int = 0
    source_id: UUID | None = None

    @property
    def kind(self) -> FinancePushKind:
        """The message to the finance system about this change. Each change is of one kind."""
        kinds = {
            FinancePushKind.INVOICE_VOIDED: self.settled_by is SettledBy.ZERO,  # also of a total of 0
            FinancePushKind.PAYMENT_RECORDED: self.paid > 0,
            FinancePushKind.PAYMENT_REVERSED: self.paid < 0,
            FinancePushKind.CREDIT_APPLIED: self.credit,
            FinancePushKind.RECOVERY_RECORDED: self.recovered,
            FinancePushKind.BALANCE_WRITTEN_OFF: self.written_off > 0,
        }
        return next((kind for kind, applies in kinds.items() if applies), FinancePushKind.CREDIT_NOTE_ISSUED)

    @property
    def balance_cents(self) -> int:
        """By how much the balance rises."""
        return -(self.paid + self.credit + self.noted + self.written_off + self.voided)


async def lock_tenant(unit: UnitOfWork, tenant_id: UUID) -> str | None:
    """Locks the tenant against other events of its receivables, and returns its currency; None: unknown tenant."""
    currency: str | None = await unit.connection.fetchval(_LOCK_TENANT, tenant_id)
    return currency


async def lock_tenants(unit: UnitOfWork, tenant_ids: Sequence[UUID]) -> None:
    """Locks several tenants as lock_tenant does, in the order of their ids."""
    await unit.connection.execute(_LOCK_TENANTS, list(tenant_ids))


async def tenant_of_invoice(unit: UnitOfWork, invoice_id: UUID) -> UUID:
    """Returns the id of the invoice's tenant. Raises NOT_FOUND."""
    tenant_id: UUID | None = await unit.connection.fetchval(_TENANT_OF, invoice_id)
    if tenant_id is None:
        raise not_found("invoice", invoice_id, ("invoiceId",))
    return tenant_id


async def lock_tenant_of_invoice(unit: UnitOfWork, invoice_id: UUID) -> UUID:
    """Locks the invoice's tenant, before months and invoices, and returns its id. Raises NOT_FOUND."""
    tenant_id = await tenant_of_invoice(unit, invoice_id)
    await lock_tenant(unit, tenant_id)
    return tenant_id


async def lock_receivables(
    unit: UnitOfWork, tenant_ids: Sequence[UUID], invoice_ids: Sequence[UUID]
) -> list[Receivable]:
    """Locks those of the tenants' invoices that have been issued, in the order of their ids, and returns them."""
    return _receivables(await unit.connection.fetch(f"{_NAMED} {_LOCKED}", list(tenant_ids), list(invoice_ids)))


async def read_receivables(
    unit: UnitOfWork, tenant_ids: Sequence[UUID], invoice_ids: Sequence[UUID]
) -> list[Receivable]:
    """The same without locks, as they are now."""
    return _receivables(await unit.connection.fetch(_NAMED, list(tenant_ids), list(invoice_ids)))


async def lock_open_receivables(unit: UnitOfWork, tenant_id: UUID, currency: str) -> list[Receivable]:
    """Locks the tenant's invoices in a currency that have a balance."""
    return _receivables(await unit.connection.fetch(f"{_OPEN} {_LOCKED}", tenant_id, currency))


async def lock_credit(unit: UnitOfWork, tenant_id: UUID, currency: str) -> int:
    """Locks the tenant's credit balance, and returns it in cents."""
    cents: int = await unit.connection.fetchval(_CREDIT, new_id(), tenant_id, currency)
    return cents


async def change_credit(unit: UnitOfWork, tenant_id: UUID, currency: str, cents: int) -> None:
    """Adds to the tenant's credit balance, which is locked."""
    if cents:
        unit.changed_balances.add(tenant_id)
        await unit.connection.execute(_CHANGE_CREDIT, tenant_id, currency, cents)


async def change_balances(
    unit: UnitOfWork,
    tenant_id: UUID,
    changes: Sequence[BalanceChange],
    now: datetime,
    *,
    paid_at: datetime | None = None,
    reference: str | None = None,
) -> list[UUID]:
    """Changes balances of a tenant's locked invoices; see change_balances_of."""
    count = len(changes)
    return await change_balances_of(unit, [tenant_id] * count, changes, now, [reference] * count, paid_at=paid_at)


async def change_balances_of(
    unit: UnitOfWork,
    tenant_ids: Sequence[UUID],
    changes: Sequence[BalanceChange],
    now: datetime,
    references: Sequence[str | None],
    *,
    paid_at: datetime | None = None,
) -> list[UUID]:
    """Changes balances of locked invoices, each of its tenant, and their status with them: PAID at 0, ISSUED above it.

    Returns the ids of invoices that were paid and are not any more. paid_at (default: now), and the reference of the
    payment, are kept on those that are paid by it.
    """
    if not changes:
        return []
    unit.changed_balances.update(tenant_ids)
    *columns, sources = (list(column) for column in zip(*changes, strict=True))
    await unit.connection.execute(_CHANGE, tenant_ids, *columns)
    pushes = [
        NewPush(tenant_id, change.invoice_id, change.kind, source_id, change.balance_cents, now)
        for tenant_id, change, source_id in zip(tenant_ids, changes, sources, strict=True)
    ]
    record_pushes(unit, pushes)
    paid = await unit.connection.fetch(_SETTLE, tenant_ids, columns[0], paid_at or now, references)
    reopened = await unit.connection.fetch(_REOPEN, tenant_ids, columns[0])
    await record_invoices(unit, EventType.INVOICE_PAID, map(tuple, paid), now)
    await record_invoices(unit, EventType.INVOICE_REOPENED, map(tuple, reopened), now)
    return [row["id"] for row in reopened]


def _receivables(rows: Iterable[Any]) -> list[Receivable]:
    return [Receivable(**{**row, "status": InvoiceStatus(row["status"])}) for row in rows]
