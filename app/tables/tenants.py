"""Who is billed, and the tax that applies to them by country."""

from piccolo.constraints import Check, Unique
from piccolo.table import Table

from app.tables.columns import boolean, decimal, instant, primary_key, text


class Tenants(Table, tablename="tenants"):
    id = primary_key()
    code = text()
    name = text()
    country = text()
    currency = text()
    tax_exempt = boolean()
    created_at = instant()

    tenants_code_key = Unique([code])
    tenants_code_check = Check("code ~ '^[a-z0-9]([a-z0-9_-]{0,62}[a-z0-9])?$'")
    tenants_name_check = Check("length(name) BETWEEN 1 AND 200")
    tenants_country_check = Check("country ~ '^[A-Z]{2}$'")
    tenants_currency_check = Check("currency ~ '^[A-Z]{3}$'")


class TaxRates(Table, tablename="tax_rates"):
    id = primary_key()
    country = text()
    name = text()
    rate = decimal()

    tax_rates_country_name_key = Unique([country, name])
    tax_rates_country_check = Check("country ~ '^[A-Z]{2}$'")
    tax_rates_rate_check = Check("rate > 0 AND rate < 1")
