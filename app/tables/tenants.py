"""Tenants, their tax exemptions, and tax rates by country and day."""

from piccolo.constraints import Check, Unique
from piccolo.table import Table

from app.tables.columns import boolean, calendar_day, decimal, instant, primary_key, reference, text


class Tenants(Table, tablename="tenants"):
    """Tenants, the customers. tax_exempt is today's value; TenantTaxExemptions has its history. closed_at: the time at
    which the tenant was closed; nothing is billed any more.
    """

    id = primary_key()
    code = text()
    name = text()
    country = text()
    currency = text()
    tax_exempt = boolean()
    created_at = instant()
    email = text(null=True)
    billing_address = text(null=True)
    abn = text(null=True)
    buyer_reference = text(null=True)
    legal_name = text(null=True)
    closed_at = instant(null=True)

    tenants_code_key = Unique([code])
    tenants_code_check = Check("code ~ '^[a-z0-9]([a-z0-9_-]{0,62}[a-z0-9])?$'")
    tenants_name_check = Check("length(name) BETWEEN 1 AND 200")
    tenants_country_check = Check("country ~ '^[A-Z]{2}$'")
    tenants_currency_check = Check("currency ~ '^[A-Z]{3}$'")
    tenants_abn_check = Check("abn ~ '^[0-9]{11}$'")
    tenants_legal_name_check = Check("length(legal_name) BETWEEN 1 AND 200")


class TenantTaxExemptions(Table, tablename="tenant_tax_exemptions"):
    """Whether the tenant is exempt from tax, from a day on until the next row's day. None: not exempt."""

    id = primary_key()
    tenant_id = reference(Tenants)
    first_day = calendar_day()
    tax_exempt = boolean()
    reason = text(null=True)
    created_at = instant()

    tenant_tax_exemptions_tenant_id_first_day_key = Unique([tenant_id, first_day])


class TaxRates(Table, tablename="tax_rates"):
    """A country's rate of a tax from a day on, until the next row of that name; rate 0 ends the tax."""

    id = primary_key()
    country = text()
    name = text()
    rate = decimal()
    valid_from = calendar_day()

    tax_rates_country_name_valid_from_key = Unique([country, name, valid_from])
    tax_rates_country_check = Check("country ~ '^[A-Z]{2}$'")
    tax_rates_rate_check = Check("rate >= 0 AND rate < 1")
