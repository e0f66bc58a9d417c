"""Money that came or went: payments and their reversal, refunds, write-offs and what was recovered of them."""

from enum import StrEnum

from piccolo.constraints import Check, Unique
from piccolo.table import Table

from app.tables.columns import calendar_day, cents, instant, integer, member_of, primary_key, reference, text
from app.tables.invoices import TenantInvoices
from app.tables.tenants import Tenants


class PaymentMethod(StrEnum):
    """How money moved. Part of the API."""

    BANK_TRANSFER = "BANK_TRANSFER"
    DIRECT_DEBIT = "DIRECT_DEBIT"
    CARD = "CARD"
    CASH = "CASH"
    OTHER = "OTHER"


class Payments(Table, tablename="payments"):
    """Money received. reference: the bank's or processor's transaction id. credit_cents: what was not allocated then.

    requested: the allocations that were asked for, as canonical JSON; null where the oldest invoices were to be paid.
    """

    id = primary_key()
    tenant_id = reference(Tenants)
    amount_cents = cents()
    currency = text()
    received_on = calendar_day()
    method = text()
    reference = text()
    payer_text = text(null=True)
    requested = text(null=True)
    credit_cents = cents()
    recorded_at = instant()
    recorded_by = text()
    reversed_at = instant(null=True)
    reversed_by = text(null=True)
    reversal_reason = text(null=True)

    payments_tenant_id_method_reference_key = Unique([tenant_id, method, reference])
    payments_amount_cents_check = Check("amount_cents > 0 AND credit_cents BETWEEN 0 AND amount_cents")
    payments_method_check = member_of("method", PaymentMethod)
    payments_currency_check = Check("currency ~ '^[A-Z]{3}$'")
    payments_reversed_check = Check("num_nulls(reversed_at, reversed_by, reversal_reason) IN (0, 3)")


class Refunds(Table, tablename="refunds"):
    """Credit of a tenant that was paid out."""

    id = primary_key()
    tenant_id = reference(Tenants)
    amount_cents = cents()
    currency = text()
    paid_out_on = calendar_day()
    reference = text()
    recorded_at = instant()
    recorded_by = text()

    refunds_tenant_id_reference_key = Unique([tenant_id, reference])
    refunds_amount_cents_check = Check("amount_cents > 0")


class WriteOffs(Table, tablename="write_offs"):
    """A balance that was given up. rest_cents: what of it is written off still, after credit notes and recoveries.

    remaining_cents: what was left of the invoice, with tax, when it was written off; it fixes the share of tax. It is
    below the amount where a credit note became credit of the tenant and the payment was reversed after that.
    """

    id = primary_key()
    tenant_id = reference(Tenants)
    invoice_id = reference(TenantInvoices)
    amount_cents = cents()
    remaining_cents = cents()
    rest_cents = cents()
    reason = text()
    recorded_at = instant()
    recorded_by = text()

    write_offs_amount_cents_check = Check(
        "amount_cents > 0 AND remaining_cents >= 0 AND rest_cents BETWEEN 0 AND amount_cents"
    )


class WriteOffTaxes(Table, tablename="write_off_taxes"):
    """What was left of one tax of the invoice when it was written off."""

    id = primary_key()
    tenant_id = reference(Tenants)
    write_off_id = reference(WriteOffs)
    position = integer()
    tax = text()
    tax_cents = cents()

    write_off_taxes_tenant_id_write_off_id_position_key = Unique([tenant_id, write_off_id, position])


class Recoveries(Table, tablename="recoveries"):
    """Money that came for a balance that was written off."""

    id = primary_key()
    tenant_id = reference(Tenants)
    invoice_id = reference(TenantInvoices)
    amount_cents = cents()
    received_on = calendar_day()
    method = text()
    reference = text()
    recorded_at = instant()
    recorded_by = text()

    recoveries_tenant_id_method_reference_key = Unique([tenant_id, method, reference])
    recoveries_amount_cents_check = Check("amount_cents > 0")
    recoveries_method_check = member_of("method", PaymentMethod)
