"""The push to the finance system: pushes, comparisons, and what is out of step."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import strawberry

from app.reads import Condition, Connection, among, column, desc, equals, one, read_type, root_connection
from app.schema.arguments import optional
from app.schema.context import is_platform_admin
from app.schema.enums import describe
from app.schema.lazy_types import LazyInvoice, LazyTenant
from app.schema.nodes import Node
from app.schema.scalars import Cents
from app.tables.finance import (
    FinancePushes,
    FinancePushKind,
    FinancePushStatus,
    FinanceReconciliations,
    ReceivablesOutOfStep,
)

describe(
    FinancePushKind,
    "The kind of a push to the finance system.",
    INVOICE_ISSUED="An invoice was issued.",
    INVOICE_VOIDED="An issued invoice was voided.",
    CREDIT_NOTE_ISSUED="A credit note on the invoice was issued.",
    PAYMENT_RECORDED="A payment was allocated to the invoice.",
    PAYMENT_REVERSED="A payment that had been allocated to the invoice bounced.",
    CREDIT_APPLIED="The tenant's credit was applied to the invoice, or taken back from it.",
    BALANCE_WRITTEN_OFF="The invoice's balance was written off.",
    RECOVERY_RECORDED="Money was received for the invoice after its balance had been written off.",
)
describe(
    FinancePushStatus,
    "The status of a push to the finance system.",
    PENDING="It waits for its first attempt, for the next, for the invoice's earlier pushes, or for its PDF.",
    SENT="The finance system has confirmed it.",
    BLOCKED="The finance system has refused it; it and the invoice's later pushes wait for `retryFinancePush`.",
)


@read_type(
    FinancePushes,
    platform=True,
    description="A message to the finance system about a change of an invoice. docs/finance.md describes its content.",
)
class FinancePush(Node):
    """A row of `finance_pushes`."""

    tenant: LazyTenant = one(FinancePushes.tenant_id, description="The tenant that the invoice is addressed to.")
    invoice: LazyInvoice = one(FinancePushes.invoice_id, description="The invoice.")
    sequence: int = column(
        FinancePushes.sequence, description="The number of the push within its invoice: 1, 2, 3 and so on."
    )
    kind: FinancePushKind = column(FinancePushes.kind, description="The kind of push.")
    source_id: UUID = column(
        FinancePushes.source_id,
        description="The id of the document that made the change: the invoice, credit note, payment, write-off or "
        "recovery; for CREDIT_APPLIED the push's own id.",
    )
    balance_change_cents: Cents = column(
        FinancePushes.amount_cents,
        description="The amount by which the invoice's balance rises, in the minor unit of the invoice's currency; "
        "below 0 if it falls.",
    )
    recorded_at: datetime = column(FinancePushes.recorded_at, description="The time of the change.")
    status: FinancePushStatus = column(FinancePushes.status, description="The status of the push.")
    body: str | None = column(
        FinancePushes.body,
        description="The JSON document that is sent, the same in every attempt; null before the first attempt.",
    )
    attempts: int = column(
        FinancePushes.attempts,
        description="The number of attempts, since the last `retryFinancePush` if there was one.",
    )
    last_attempt_at: datetime | None = column(
        FinancePushes.last_attempt_at, description="The time of the latest attempt; null before the first."
    )
    response_status: int | None = column(
        FinancePushes.response_status,
        description="The HTTP status that the finance system answered to the latest attempt; null without an answer.",
    )
    response_body: str | None = column(
        FinancePushes.response_body,
        description="The first 2 kB of the answer to the latest attempt; null without an answer.",
    )
    error: str | None = column(
        FinancePushes.error,
        description="The reason why the latest attempt failed, in words; null if it succeeded or there was none.",
    )
    external_id: str | None = column(
        FinancePushes.external_id,
        description="The finance system's id of what it has booked; null before that, and if it gave none.",
    )


@read_type(
    FinanceReconciliations,
    platform=True,
    description="A comparison of the balances of all issued invoices with the finance system's.",
)
class FinanceReconciliation(Node):
    """A row of `finance_reconciliations`."""

    requested_at: datetime = column(
        FinanceReconciliations.requested_at, description="The time at which the comparison was requested."
    )
    requested_by: str = column(
        FinanceReconciliations.requested_by, description="The token subject that requested it; the system once a day."
    )
    reason: str | None = column(
        FinanceReconciliations.reason, description="The reason why it was requested; null if none was given."
    )
    finished_at: datetime | None = column(
        FinanceReconciliations.finished_at, description="The time at which it ended; null before that."
    )
    compared: int | None = column(
        FinanceReconciliations.compared,
        description="The number of invoices that were compared; null before it ended, and if it failed.",
    )
    out_of_step: int | None = column(
        FinanceReconciliations.out_of_step,
        description="The number of invoices whose balances differ; null before it ended, and if it failed.",
    )
    error: str | None = column(
        FinanceReconciliations.error, description="The reason why it failed, in words; null if it did not."
    )


@read_type(
    ReceivablesOutOfStep,
    platform=True,
    description="An invoice whose balance differs in the finance system.",
)
class ReceivableOutOfStep(Node):
    """A row of `receivables_out_of_step`."""

    tenant: LazyTenant | None = one(
        ReceivablesOutOfStep.tenant_id,
        description="The tenant that the invoice is addressed to; null if there is no such invoice here.",
    )
    invoice: LazyInvoice | None = one(
        ReceivablesOutOfStep.invoice_id, description="The invoice; null if there is no such invoice here."
    )
    receivable_id: UUID = column(
        ReceivablesOutOfStep.receivable_id, description="The invoice's id as the finance system has it."
    )
    currency: str = column(ReceivablesOutOfStep.currency, description="The ISO 4217 code of the amounts.")
    balance_cents: Cents | None = column(
        ReceivablesOutOfStep.balance_cents,
        description="The invoice's balance here, in the currency's minor unit; null if there is no such invoice here.",
    )
    finance_balance_cents: Cents | None = column(
        ReceivablesOutOfStep.finance_balance_cents,
        description="The balance in the finance system, in the currency's minor unit; null if it has no such invoice.",
    )
    found_at: datetime = column(ReceivablesOutOfStep.found_at, description="The time at which the comparison ended.")


@strawberry.input(description="Selects pushes to the finance system that meet every given condition.")
class FinancePushFilter:
    """Filter of `financePushes`."""

    tenant_id: UUID | None = optional(description="Only pushes of this tenant's invoices.")
    invoice_id: UUID | None = optional(description="Only pushes of this invoice.")
    status: list[FinancePushStatus] | None = optional(description="Only pushes with one of these statuses.")


FINANCE_PUSH_FILTERS: Mapping[str, Condition] = {
    "tenant_id": equals(FinancePushes.tenant_id),
    "invoice_id": equals(FinancePushes.invoice_id),
    "status": among(FinancePushes.status),
}


@strawberry.type
class FinanceQueries:
    """The push to the finance system at the root."""

    finance_pushes: Connection[FinancePush] = root_connection(
        order=(desc(FinancePushes.id),),
        filters=FINANCE_PUSH_FILTERS,
        filter_input=FinancePushFilter,
        allow=is_platform_admin,
        description="The pushes to the finance system, the latest first. Platform admins only.",
    )
    finance_reconciliations: Connection[FinanceReconciliation] = root_connection(
        order=(desc(FinanceReconciliations.id),),
        allow=is_platform_admin,
        description="The comparisons with the finance system, the latest first. Platform admins only.",
    )
    receivables_out_of_step: Connection[ReceivableOutOfStep] = root_connection(
        order=(ReceivablesOutOfStep.receivable_id, ReceivablesOutOfStep.id),
        allow=is_platform_admin,
        description="The invoices whose balances differ in the finance system, by the last comparison that succeeded; "
        "at most 10,000. Invoices with pushes that are not sent yet are not compared. Platform admins only.",
    )
