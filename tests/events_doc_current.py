"""The types of events in docs/events.md are described as the code declares them: `--write` writes them again."""

import json
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from app.billing import DeploymentState, StepKind, SubscriptionStatus
from app.operations.events import event_data as declared
from app.operations.events.event_data import DATA_OF, VERSION, EventData
from app.operations.events.event_reading import Envelope
from app.tables.billing_months import ChangeReason
from app.tables.credit_notes import CreditReason
from app.tables.deployments import EventCause
from app.tables.events import AggregateType, EventType
from app.tables.invoices import InvoiceStatus
from app.tables.ledger import SettledBy
from app.tables.payments import PaymentMethod
from app.tables.rollups import RollupStatus

FILE = Path(__file__).parent.parent / "docs" / "events.md"
MOMENT = datetime(2026, 5, 15, 9, 30, tzinfo=UTC)
_ID = "019d4500-0000-7000-8000-{:012d}"
TENANT, DEPLOYMENT, INVOICE, RUN, ENDPOINT = (UUID(_ID.format(number)) for number in (1, 2, 3, 4, 10))

EXAMPLES: dict[type[EventData], EventData] = {
    declared.TenantData: declared.TenantData(
        tenant_id=TENANT,
        code="acme",
        name="Acme",
        country="AU",
        currency="AUD",
        tax_exempt=False,
        closed_at=None,
    ),
    declared.DeploymentData: declared.DeploymentData(
        deployment_id=DEPLOYMENT,
        tenant_id=TENANT,
        slug="pilot",
        event_id=UUID(_ID.format(5)),
        from_state=DeploymentState.PAST_DUE,
        to_state=DeploymentState.SUSPENDED,
        cause=EventCause.DUNNING,
        reason="Invoice INV-2026-000001 was due on 2026-05-15",
    ),
    declared.SubscriptionData: declared.SubscriptionData(
        subscription_id=UUID(_ID.format(6)),
        deployment_id=DEPLOYMENT,
        tenant_id=TENANT,
        change=ChangeReason.ADDON_ATTACHED,
        effective_on=date(2026, 5, 15),
        plan_code="studio",
        plan_version=1,
        status=SubscriptionStatus.ACTIVE,
        addon_code="storage_50gb",
    ),
    declared.InvoiceData: declared.InvoiceData(
        invoice_id=INVOICE,
        tenant_id=TENANT,
        number="INV-2026-000001",
        status=InvoiceStatus.PAID,
        period_start=date(2026, 4, 1),
        period_end=date(2026, 5, 1),
        revision=1,
        currency="AUD",
        subtotal_cents=6422,
        tax_cents=642,
        total_cents=7064,
        balance_cents=0,
        issued_on=date(2026, 5, 1),
        due_on=date(2026, 5, 15),
        settled_by=SettledBy.PAYMENT,
    ),
    declared.CreditNoteData: declared.CreditNoteData(
        credit_note_id=UUID(_ID.format(7)),
        tenant_id=TENANT,
        number="CRN-2026-000001",
        invoice_id=INVOICE,
        invoice_number="INV-2026-000001",
        reason=CreditReason.SERVICE_FAULT,
        currency="AUD",
        net_cents=672,
        tax_cents=67,
        total_cents=739,
        written_off_cents=0,
        receivable_cents=739,
        credit_cents=0,
        issued_on=date(2026, 5, 15),
    ),
    declared.PaymentData: declared.PaymentData(
        payment_id=UUID(_ID.format(8)),
        tenant_id=TENANT,
        amount_cents=3000,
        currency="AUD",
        received_on=date(2026, 5, 15),
        method=PaymentMethod.BANK_TRANSFER,
        reference="bank-2",
        invoices=(declared.PaidInvoice(invoice_id=INVOICE, amount_cents=2325),),
        credit_cents=675,
    ),
    declared.PaymentReversedData: declared.PaymentReversedData(
        payment_id=UUID(_ID.format(8)),
        tenant_id=TENANT,
        amount_cents=3000,
        currency="AUD",
        reference="bank-2",
        reason="bounced",
        invoices=(declared.PaidInvoice(invoice_id=INVOICE, amount_cents=2325),),
    ),
    declared.DunningStepData: declared.DunningStepData(
        step_id=UUID(_ID.format(9)),
        tenant_id=TENANT,
        invoice_id=INVOICE,
        kind=StepKind.NOTICE,
        days=1,
        taken_on=date(2026, 5, 16),
    ),
    declared.MonthCorrectedData: declared.MonthCorrectedData(
        tenant_id=TENANT,
        month=date(2026, 4, 1),
        run_id=RUN,
        currency="AUD",
        difference_cents=-672,
        credited_cents=672,
    ),
    declared.EndpointData: declared.EndpointData(
        endpoint_id=ENDPOINT,
        tenant_id=TENANT,
        url="https://example.com/webhooks",
        reason="the receiver answered 410: it wants no more deliveries",
    ),
    declared.RollupData: declared.RollupData(
        run_id=RUN,
        period_start=date(2026, 4, 1),
        status=RollupStatus.SUCCEEDED,
        dry_run=False,
        invoices_created=1,
        invoices_replaced=0,
        invoices_skipped=0,
        invoices_failed=0,
        total_cents=7064,
    ),
}
_AGGREGATES = {
    declared.DeploymentData: (AggregateType.DEPLOYMENT, DEPLOYMENT, TENANT),
    declared.SubscriptionData: (AggregateType.DEPLOYMENT, DEPLOYMENT, TENANT),
    declared.RollupData: (AggregateType.ROLLUP_RUN, RUN, None),
    declared.EndpointData: (AggregateType.WEBHOOK_ENDPOINT, ENDPOINT, TENANT),
}
_TYPES = "## Types\n\n"
"""What is above it in the document is written by hand."""


def document() -> str:
    """The text of docs/events.md."""
    written = FILE.read_text(encoding="utf-8").partition(_TYPES)[0]
    return written + _TYPES + "\n".join(_section(event_type) for event_type in EventType)


def example(event_type: EventType) -> Envelope:
    """An event of the type."""
    data = DATA_OF[event_type]
    aggregate_type, aggregate_id, tenant_id = _AGGREGATES.get(data, (AggregateType.TENANT, TENANT, TENANT))
    return Envelope(
        id=UUID(_ID.format(99)),
        type=event_type,
        version=VERSION,
        timestamp=MOMENT.isoformat(),
        tenant_id=tenant_id,
        aggregate_type=aggregate_type,
        aggregate_id=aggregate_id,
        sequence=3,
        data=msgspec.Raw(msgspec.json.encode(EXAMPLES[data])),
    )


def schema_of(event_type: EventType) -> dict[str, Any]:
    """The JSON Schema of the type's data."""
    return msgspec.json.schema(DATA_OF[event_type])


def _section(event_type: EventType) -> str:
    shown = json.dumps(msgspec.to_builtins(msgspec.json.decode(msgspec.json.encode(example(event_type)))), indent=2)
    return (
        f"### {event_type}\n\n{' '.join((DATA_OF[event_type].__doc__ or '').split())}\n\n"
        f"```json\n{shown}\n```\n\nJSON Schema of `data`:\n\n```json\n{json.dumps(schema_of(event_type))}\n```\n"
    )


if __name__ == "__main__" and "--write" in sys.argv:
    FILE.write_text(document(), encoding="utf-8")
