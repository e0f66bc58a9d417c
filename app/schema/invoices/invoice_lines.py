"""The lines of invoices."""

from decimal import Decimal
from typing import cast

from app.billing import LineKind
from app.operations import invoices
from app.reads import (
    Computed,
    PythonFieldInfo,
    Rows,
    column,
    many,
    one,
    python_field,
    read_type,
    related,
)
from app.schema.catalog.resource_kinds import ResourceKind
from app.schema.context import RequestContext
from app.schema.lazy_types import (
    LazyAbsorbedCorrection,
    LazyDeployment,
    LazyInvoice,
    LazySubscription,
    LazySubscriptionAddon,
)
from app.schema.nodes import Node
from app.schema.quotes import LineExplanation
from app.schema.scalars import Cents
from app.tables.credit_notes import AbsorbedCorrections
from app.tables.invoices import TenantInvoiceLines, TenantInvoices

_KEY = (TenantInvoices.tenant_id, TenantInvoices.id)


def _explanations(rows: Rows, _info: PythonFieldInfo[RequestContext]) -> list[LineExplanation]:
    lines = [
        invoices.LineToExplain(
            row["key"], row["kind"] == LineKind.TAX, row["unit_price_cents"], tuple(row["documents"] or ())
        )
        for row in rows
    ]
    return cast("list[LineExplanation]", invoices.explain_lines(lines))


@read_type(TenantInvoiceLines, description="A line of an invoice. Amounts are in the minor unit of `currency`.")
class InvoiceLine(Node):
    """A row of `tenant_invoice_lines`."""

    invoice: LazyInvoice = one(TenantInvoiceLines.invoice_id, description="The invoice that the line belongs to.")
    kind: LineKind = column(TenantInvoiceLines.kind, description="The kind of charge.")
    description: str = column(
        TenantInvoiceLines.description, description="The text of the line, saying what is charged."
    )
    resource_kind: str | None = column(
        TenantInvoiceLines.resource_kind,
        description="The code of the charged resource kind; null if the line charges none.",
    )
    resource_kind_details: ResourceKind | None = one(
        TenantInvoiceLines.resource_kind, description="The charged resource kind; null if the line charges none."
    )
    quantity: Decimal = column(TenantInvoiceLines.quantity, description="The charged quantity.")
    unit_price_cents: Decimal = column(
        TenantInvoiceLines.unit_price_cents, description="The price of one unit of the quantity, as a decimal."
    )
    amount_cents: Cents = column(
        TenantInvoiceLines.amount_cents,
        description="The amount of the line without tax (of a tax line: the tax), rounded once to a whole number, "
        "half away from zero.",
    )
    currency: str = related(
        TenantInvoiceLines.invoice_id,
        TenantInvoices.currency,
        description="The ISO 4217 code of the currency of the amounts.",
    )
    deployment: LazyDeployment | None = one(
        TenantInvoiceLines.deployment_id,
        description="The deployment that is charged; null on lines for the tenant as a whole, such as tax.",
    )
    subscription: LazySubscription | None = one(
        TenantInvoiceLines.subscription_id,
        description="The subscription that is charged; null on lines for the tenant as a whole.",
    )
    subscription_addon: LazySubscriptionAddon | None = one(
        TenantInvoiceLines.subscription_addon_id,
        description="The charged attached add-on; null on lines of another kind than ADDON.",
    )
    absorbed_corrections: list[LazyAbsorbedCorrection] = many(
        AbsorbedCorrections.invoice_line_id,
        order=(AbsorbedCorrections.id,),
        description="The parts of late corrections that were not credited on the line, because other credit notes had "
        "taken it off before, in order.",
    )
    explanation = python_field(
        needs=(TenantInvoiceLines.key, TenantInvoiceLines.kind, TenantInvoiceLines.unit_price_cents),
        computed={
            "documents": Computed(
                "invoice_line_inputs",
                (
                    TenantInvoiceLines.tenant_id,
                    TenantInvoiceLines.invoice_id,
                    TenantInvoiceLines.subscription_id,
                    TenantInvoiceLines.period_start,
                    TenantInvoiceLines.key,
                ),
            )
        },
        description="How the amount was calculated, recalculated from the invoice's stored inputs.",
    )(_explanations)
