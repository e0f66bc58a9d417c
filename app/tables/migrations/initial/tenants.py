"""Tenants, and the tax that applies to them by country and day."""

from piccolo.constraints import Check, Unique

from app.tables.migrations.initial.declaration import boolean, date, numeric, reference, table, text, timestamptz, uuid

TENANTS = table(
    "tenants",
    id=uuid(primary_key=True),
    code=text(),
    name=text(),
    country=text(),
    currency=text(),
    tax_exempt=boolean(),
    created_at=timestamptz(),
    email=text(null=True),
    billing_address=text(null=True),
    abn=text(null=True),
    buyer_reference=text(null=True),
    legal_name=text(null=True),
    closed_at=timestamptz(null=True),
    tenants_code_key=Unique(["code"]),
    tenants_code_check=Check("code ~ '^[a-z0-9]([a-z0-9_-]{0,62}[a-z0-9])?$'"),
    tenants_name_check=Check("length(name) BETWEEN 1 AND 200"),
    tenants_country_check=Check("country ~ '^[A-Z]{2}$'"),
    tenants_currency_check=Check("currency ~ '^[A-Z]{3}$'"),
    tenants_abn_check=Check("abn ~ '^[0-9]{11}$'"),
    tenants_legal_name_check=Check("length(legal_name) BETWEEN 1 AND 200"),
)

TENANT_TAX_EXEMPTIONS = table(
    "tenant_tax_exemptions",
    id=uuid(primary_key=True),
    tenant_id=reference(TENANTS),
    first_day=date(),
    tax_exempt=boolean(),
    reason=text(null=True),
    created_at=timestamptz(),
    tenant_tax_exemptions_tenant_id_first_day_key=Unique(["tenant_id", "first_day"]),
)

TAX_RATES = table(
    "tax_rates",
    id=uuid(primary_key=True),
    country=text(),
    name=text(),
    rate=numeric(),
    valid_from=date(),
    tax_rates_country_name_valid_from_key=Unique(["country", "name", "valid_from"]),
    tax_rates_country_check=Check("country ~ '^[A-Z]{2}$'"),
    tax_rates_rate_check=Check("rate >= 0 AND rate < 1"),
)

TABLES = (TENANTS, TENANT_TAX_EXEMPTIONS, TAX_RATES)
