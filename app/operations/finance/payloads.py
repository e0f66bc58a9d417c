"""What a push says: the one declaration of the bodies, from which docs/finance.md is generated.

Amounts are integers, in the minor unit of the currency. Days are in the billing time zone.
"""

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from uuid import UUID

import msgspec

from app.operations.events.event_data import Cents, Currency
from app.tables.credit_notes import CreditReason
from app.tables.finance import FinancePushKind
from app.tables.payments import PaymentMethod


class _Part(msgspec.Struct, kw_only=True, rename="camel"):
    """A part of a body."""


class PushedTenant(_Part):
    """The buyer as the document names it. `code`: the tenant's code here. `abn`: its ABN, or null."""

    id: UUID
    code: str
    name: str
    country: str
    abn: str | None


class RevenueAmount(_Part):
    """Net amounts of one revenue account. `account`: its name in `arcadia journal`."""

    account: str
    line_kind: str
    resource_kind: str | None
    net_cents: Cents


class TaxAmount(_Part):
    """The tax of one tax line. `account`: its name in `arcadia journal`."""

    account: str
    tax_cents: Cents


class PushedDocument(_Part):
    """The PDF: its permanent URL, which requires a token, and the SHA-256 of its bytes in hexadecimal."""

    url: str
    sha256: str


class SupersededInvoice(_Part):
    """The void invoice of the same tenant and month that this one replaces."""

    invoice_id: UUID
    number: str


class Push(_Part):
    """The members of every body. `id`: the push. `sequence`: 1, 2, 3 … within the invoice, without a gap.
    `balanceChangeCents`: by how much the invoice's balance rises, below 0 if it falls. `balanceCents`: the balance
    after it.
    """

    id: UUID
    kind: FinancePushKind
    invoice_id: UUID
    invoice_number: str
    tenant_id: UUID
    sequence: int
    currency: Currency
    recorded_at: datetime
    recorded_on: date
    balance_change_cents: Cents
    balance_cents: Cents


class PushedInvoice(Push):
    """An invoice was issued. `netCents` is the sum of `revenue`, `taxCents` that of `taxes`, `totalCents` both
    together. `periodEnd` is the day after its last. `supersedes`: null unless it replaces a void invoice.
    """

    tenant: PushedTenant
    issued_on: date
    due_on: date
    period_start: date
    period_end: date
    revenue: tuple[RevenueAmount, ...]
    taxes: tuple[TaxAmount, ...]
    net_cents: Cents
    tax_cents: Cents
    total_cents: Cents
    document: PushedDocument
    supersedes: SupersededInvoice | None


class PushedVoid(Push):
    """The invoice was voided: its balance is 0, and its revenue and tax are reversed."""

    reason: str | None


class PushedCreditNote(Push):
    """A credit note (adjustment note) on the invoice. Its total lowers what is written off, then the balance; the rest
    is the tenant's credit: `writtenOffCents`, `receivableCents` and `creditCents` add up to `totalCents`.
    """

    credit_note_id: UUID
    number: str
    reason: CreditReason
    description: str
    issued_on: date
    revenue: tuple[RevenueAmount, ...]
    taxes: tuple[TaxAmount, ...]
    net_cents: Cents
    tax_cents: Cents
    total_cents: Cents
    written_off_cents: Cents
    receivable_cents: Cents
    credit_cents: Cents
    document: PushedDocument


class PushedPayment(Push):
    """A payment was allocated to the invoice. `amountCents`: the part for this invoice, of `paymentCents` received, of
    which `creditCents` became the tenant's credit.
    """

    payment_id: UUID
    amount_cents: Cents
    payment_cents: Cents
    credit_cents: Cents
    received_on: date
    method: PaymentMethod
    reference: str


class PushedReversal(Push):
    """A payment bounced: its part for this invoice, `amountCents`, is owed again."""

    payment_id: UUID
    amount_cents: Cents
    reference: str
    reason: str


class PushedCredit(Push):
    """The tenant's credit was applied to the invoice; taken back from it where `balanceChangeCents` is above 0."""


class PushedWriteOff(Push):
    """The balance was given up. `amountCents`: bad debt and tax that is no longer owed."""

    write_off_id: UUID
    amount_cents: Cents
    reason: str


class PushedRecovery(Push):
    """Money came for a balance that was written off. The balance does not change."""

    recovery_id: UUID
    amount_cents: Cents
    received_on: date
    method: PaymentMethod
    reference: str


PAYLOAD_OF: Mapping[FinancePushKind, type[Push]] = MappingProxyType(
    {
        FinancePushKind.INVOICE_ISSUED: PushedInvoice,
        FinancePushKind.INVOICE_VOIDED: PushedVoid,
        FinancePushKind.CREDIT_NOTE_ISSUED: PushedCreditNote,
        FinancePushKind.PAYMENT_RECORDED: PushedPayment,
        FinancePushKind.PAYMENT_REVERSED: PushedReversal,
        FinancePushKind.CREDIT_APPLIED: PushedCredit,
        FinancePushKind.BALANCE_WRITTEN_OFF: PushedWriteOff,
        FinancePushKind.RECOVERY_RECORDED: PushedRecovery,
    }
)
PATH_OF: Mapping[FinancePushKind, str] = MappingProxyType(
    {
        FinancePushKind.INVOICE_ISSUED: "",
        FinancePushKind.INVOICE_VOIDED: "/voids/{source}",
        FinancePushKind.CREDIT_NOTE_ISSUED: "/credit-notes/{source}",
        FinancePushKind.PAYMENT_RECORDED: "/payments/{source}",
        FinancePushKind.PAYMENT_REVERSED: "/payment-reversals/{source}",
        FinancePushKind.CREDIT_APPLIED: "/credit-applications/{source}",
        FinancePushKind.BALANCE_WRITTEN_OFF: "/write-offs/{source}",
        FinancePushKind.RECOVERY_RECORDED: "/recoveries/{source}",
    }
)
"""Below /receivables/{invoice id}. source: the id of the document that made the change; for CREDIT_APPLIED the push's.
"""
RECEIVABLES = "/receivables"


def path_of(kind: FinancePushKind, invoice_id: UUID, source_id: UUID) -> str:
    """The path to which a push is sent, below the base URL."""
    return f"{RECEIVABLES}/{invoice_id}{PATH_OF[kind].format(source=source_id)}"


class Receipt(_Part):
    """The answer to a push: the finance system's own id of what it has booked, which is kept. It may be left out."""

    external_id: str | None = None


class FinanceReceivable(_Part):
    """One receivable in the finance system's answer to `GET /receivables`."""

    invoice_id: UUID
    currency: Currency
    balance_cents: Cents


class FinanceReceivables(_Part):
    """A page of all receivables, also those with a balance of 0, in ascending order of `invoiceId`. `next`: what to
    send as `after` for the next page; null for the last page.
    """

    receivables: tuple[FinanceReceivable, ...]
    next: UUID | None = None
