"""Resource kinds, plans with their versions and prices, add-ons."""

from piccolo.constraints import Check, Unique

from app.tables.migrations.initial.declaration import (
    bigint,
    boolean,
    integer,
    numeric,
    reference,
    table,
    text,
    timestamptz,
    uuid,
)

RESOURCE_KINDS = table(
    "resource_kinds",
    code=text(primary_key=True),
    unit=text(),
    aggregation=text(),
    description=text(),
    created_at=timestamptz(),
    resource_kinds_code_check=Check("code ~ '^[a-z][a-z0-9_]{0,62}$'"),
    resource_kinds_aggregation_check=Check("aggregation IN ('SUM', 'MAX', 'TIME_WEIGHTED')"),
)

PLANS = table(
    "plans",
    id=uuid(primary_key=True),
    code=text(),
    name=text(),
    description=text(null=True),
    created_at=timestamptz(),
    archived_at=timestamptz(null=True),
    plans_code_key=Unique(["code"]),
    plans_code_check=Check("code ~ '^[a-z0-9]([a-z0-9_-]{0,62}[a-z0-9])?$'"),
)

PLAN_VERSIONS = table(
    "plan_versions",
    id=uuid(primary_key=True),
    plan_id=reference(PLANS),
    version=integer(),
    status=text(),
    currency=text(),
    base_price_cents=bigint(),
    proration=text(),
    created_at=timestamptz(),
    published_at=timestamptz(null=True),
    plan_versions_plan_id_version_key=Unique(["plan_id", "version"]),
    plan_versions_version_check=Check("version > 0"),
    plan_versions_status_check=Check("status IN ('DRAFT', 'PUBLISHED', 'RETIRED')"),
    plan_versions_currency_check=Check("currency ~ '^[A-Z]{3}$'"),
    plan_versions_base_price_cents_check=Check("base_price_cents >= 0"),
    plan_versions_proration_check=Check("proration IN ('NONE', 'DAILY')"),
    plan_versions_published_at_check=Check("(status = 'DRAFT') = (published_at IS NULL)"),
)

PLAN_RESOURCES = table(
    "plan_resources",
    id=uuid(primary_key=True),
    plan_version_id=reference(PLAN_VERSIONS),
    resource_kind=reference(RESOURCE_KINDS),
    included_quantity=numeric(),
    price_model=text(),
    package_size=numeric(null=True),
    plan_resources_plan_version_id_resource_kind_key=Unique(["plan_version_id", "resource_kind"]),
    plan_resources_included_quantity_check=Check("included_quantity >= 0"),
    plan_resources_price_model_check=Check("price_model IN ('PER_UNIT', 'GRADUATED', 'VOLUME', 'PACKAGE')"),
    plan_resources_package_size_check=Check(
        "(price_model = 'PACKAGE') = (package_size IS NOT NULL AND package_size > 0)"
    ),
)

PLAN_PRICE_TIERS = table(
    "plan_price_tiers",
    id=uuid(primary_key=True),
    plan_resource_id=reference(PLAN_RESOURCES),
    position=integer(),
    up_to=numeric(null=True),
    unit_price_cents=numeric(),
    flat_price_cents=bigint(),
    plan_price_tiers_plan_resource_id_position_key=Unique(["plan_resource_id", "position"]),
    plan_price_tiers_up_to_check=Check("up_to > 0"),
    plan_price_tiers_prices_check=Check("unit_price_cents >= 0 AND flat_price_cents >= 0"),
)

ADDONS = table(
    "addons",
    id=uuid(primary_key=True),
    code=text(),
    name=text(),
    currency=text(),
    price_cents=bigint(),
    resource_kind=reference(RESOURCE_KINDS, null=True),
    quantity=numeric(),
    active=boolean(),
    created_at=timestamptz(),
    addons_code_key=Unique(["code"]),
    addons_code_check=Check("code ~ '^[a-z0-9]([a-z0-9_-]{0,62}[a-z0-9])?$'"),
    addons_currency_check=Check("currency ~ '^[A-Z]{3}$'"),
    addons_price_cents_check=Check("price_cents >= 0"),
    addons_quantity_check=Check("quantity >= 0"),
)

TABLES = (RESOURCE_KINDS, PLANS, PLAN_VERSIONS, PLAN_RESOURCES, PLAN_PRICE_TIERS, ADDONS)
