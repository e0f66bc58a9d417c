"""The push to the finance system: what is sent of each invoice, in its order, and how the balances there differ."""

from enum import StrEnum

from piccolo.columns import UUID
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from app.tables.columns import cents, instant, integer, member_of, primary_key, reference, text
from app.tables.invoices import TenantInvoices
from app.tables.tenants import Tenants


class FinancePushKind(StrEnum):
    """What a push tells the finance system. Part of the API.

    CREDIT_APPLIED: the tenant's credit, applied to the invoice or taken back from it.
    """

    INVOICE_ISSUED = "INVOICE_ISSUED"
    INVOICE_VOIDED = "INVOICE_VOIDED"
    CREDIT_NOTE_ISSUED = "CREDIT_NOTE_ISSUED"
    PAYMENT_RECORDED = "PAYMENT_RECORDED"
    PAYMENT_REVERSED = "PAYMENT_REVERSED"
    CREDIT_APPLIED = "CREDIT_APPLIED"
    BALANCE_WRITTEN_OFF = "BALANCE_WRITTEN_OFF"
    RECOVERY_RECORDED = "RECOVERY_RECORDED"


class FinancePushStatus(StrEnum):
    """Part of the API."""

    PENDING = "PENDING"
    SENT = "SENT"
    BLOCKED = "BLOCKED"


class FinanceQueues(Table, tablename="finance_queues"):
    """The pushes of one invoice, whose id it has: the first that is not sent is attempted next, from next_attempt_at.

    last_sequence: of its last push. next_attempt_at: null while nothing is to be attempted. claim: the worker that
    attempts it, until next_attempt_at. blocked_at: since when its first push is BLOCKED.
    """

    id = primary_key()
    tenant_id = reference(Tenants)
    last_sequence = integer()
    next_attempt_at = instant(null=True)
    claim = UUID(default=None, null=True)
    blocked_at = instant(null=True)

    finance_queues_last_sequence_check = Check("last_sequence >= 1")
    finance_queues_blocked_check = Check("num_nulls(blocked_at, next_attempt_at) >= 1")


class FinancePushes(Table, tablename="finance_pushes"):
    """A message to the finance system about one change of an invoice; written in the transaction of the change.

    sequence: 1, 2, 3 … within the invoice. source_id: the document that made the change; the push's own id for
    CREDIT_APPLIED, which has none. amount_cents: by how much the invoice's balance rises, below 0 if it falls.
    body: what is sent, as JSON, from the first attempt on; it never changes. Attempts overwrite each other's result.
    """

    id = primary_key()
    tenant_id = reference(Tenants)
    invoice_id = reference(TenantInvoices)
    sequence = integer()
    kind = text()
    source_id = UUID(default=None)
    amount_cents = cents()
    recorded_at = instant()
    status = text()
    body = text(null=True)
    attempts = integer()
    last_attempt_at = instant(null=True)
    response_status = integer(null=True)
    response_body = text(null=True)
    error = text(null=True)
    external_id = text(null=True)

    finance_pushes_tenant_id_invoice_id_sequence_key = Unique([tenant_id, invoice_id, sequence])
    finance_pushes_kind_check = member_of("kind", FinancePushKind)
    finance_pushes_status_check = member_of("status", FinancePushStatus)
    finance_pushes_sequence_check = Check("sequence >= 1 AND attempts >= 0")
    finance_pushes_body_check = Check("status = 'PENDING' OR body IS NOT NULL")


class FinanceReconciliations(Table, tablename="finance_reconciliations"):
    """A comparison of all balances with the finance system's. compared, out_of_step: numbers of invoices; null until it
    has ended, and if it failed. reason: why it was requested. error: why it failed.
    """

    id = primary_key()
    requested_at = instant()
    requested_by = text()
    reason = text(null=True)
    finished_at = instant(null=True)
    compared = integer(null=True)
    out_of_step = integer(null=True)
    error = text(null=True)

    finance_reconciliations_finished_check = Check(
        "num_nulls(compared, out_of_step) IN (0, 2)"
        " AND (finished_at IS NOT NULL) = (num_nonnulls(compared, error) = 1) AND num_nonnulls(compared, error) < 2"
    )


class ReceivablesOutOfStep(Table, tablename="receivables_out_of_step"):
    """An invoice whose balance differs in the finance system, by the last comparison that succeeded.

    receivable_id: the invoice's id as the finance system has it; invoice_id and tenant_id are null if there is no such
    invoice here. balance_cents: ours. finance_balance_cents: null if the finance system has no such receivable.
    """

    id = primary_key()
    tenant_id = reference(Tenants, null=True)
    invoice_id = reference(TenantInvoices, null=True)
    receivable_id = UUID(default=None)
    currency = text()
    balance_cents = cents(null=True)
    finance_balance_cents = cents(null=True)
    found_at = instant()

    receivables_out_of_step_receivable_id_key = Unique([receivable_id])
    receivables_out_of_step_invoice_check = Check("num_nulls(tenant_id, invoice_id, balance_cents) IN (0, 3)")
    receivables_out_of_step_balance_check = Check("num_nonnulls(balance_cents, finance_balance_cents) >= 1")
