"""The catalog: resource kinds, plans and their immutable versions, add-ons."""

from enum import StrEnum

from piccolo.constraints import Check, Unique
from piccolo.table import Table

from app.billing import Aggregation, PriceModel, Proration
from app.tables.columns import boolean, cents, decimal, instant, integer, member_of, primary_key, reference, text


class PlanVersionStatus(StrEnum):
    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    RETIRED = "RETIRED"


class ResourceKinds(Table, tablename="resource_kinds"):
    code = text(primary_key=True)
    unit = text()
    aggregation = text()
    description = text()
    created_at = instant()

    resource_kinds_code_check = Check("code ~ '^[a-z][a-z0-9_]{0,62}$'")
    resource_kinds_aggregation_check = member_of("aggregation", Aggregation)


class Plans(Table, tablename="plans"):
    id = primary_key()
    code = text()
    name = text()
    description = text(null=True)
    created_at = instant()
    archived_at = instant(null=True)

    plans_code_key = Unique([code])
    plans_code_check = Check("code ~ '^[a-z0-9]([a-z0-9_-]{0,62}[a-z0-9])?$'")


class PlanVersions(Table, tablename="plan_versions"):
    """Plan versions. Immutable once published, except for PUBLISHED -> RETIRED (enforced by a trigger)."""

    id = primary_key()
    plan_id = reference(Plans)
    version = integer()
    status = text()
    currency = text()
    base_price_cents = cents()
    proration = text()
    created_at = instant()
    published_at = instant(null=True)

    plan_versions_plan_id_version_key = Unique([plan_id, version])
    plan_versions_version_check = Check("version > 0")
    plan_versions_status_check = member_of("status", PlanVersionStatus)
    plan_versions_currency_check = Check("currency ~ '^[A-Z]{3}$'")
    plan_versions_base_price_cents_check = Check("base_price_cents >= 0")
    plan_versions_proration_check = member_of("proration", Proration)
    plan_versions_published_at_check = Check("(status = 'DRAFT') = (published_at IS NULL)")


class PlanResources(Table, tablename="plan_resources"):
    id = primary_key()
    plan_version_id = reference(PlanVersions)
    resource_kind = reference(ResourceKinds)
    included_quantity = decimal()
    price_model = text()
    package_size = decimal(null=True)

    plan_resources_plan_version_id_resource_kind_key = Unique([plan_version_id, resource_kind])
    plan_resources_included_quantity_check = Check("included_quantity >= 0")
    plan_resources_price_model_check = member_of("price_model", PriceModel)
    plan_resources_package_size_check = Check(
        "(price_model = 'PACKAGE') = (package_size IS NOT NULL AND package_size > 0)"
    )


class PlanPriceTiers(Table, tablename="plan_price_tiers"):
    """Price tiers. A tier covers the quantities in (the previous tier's up_to, up_to]; the last one
    has no upper bound.
    """

    id = primary_key()
    plan_resource_id = reference(PlanResources)
    position = integer()
    up_to = decimal(null=True)
    unit_price_cents = decimal()
    flat_price_cents = cents()

    plan_price_tiers_plan_resource_id_position_key = Unique([plan_resource_id, position])
    plan_price_tiers_up_to_check = Check("up_to > 0")
    plan_price_tiers_prices_check = Check("unit_price_cents >= 0 AND flat_price_cents >= 0")


class Addons(Table, tablename="addons"):
    id = primary_key()
    code = text()
    name = text()
    currency = text()
    price_cents = cents()
    resource_kind = reference(ResourceKinds, null=True)
    quantity = decimal()
    active = boolean()
    created_at = instant()

    addons_code_key = Unique([code])
    addons_code_check = Check("code ~ '^[a-z0-9]([a-z0-9_-]{0,62}[a-z0-9])?$'")
    addons_currency_check = Check("currency ~ '^[A-Z]{3}$'")
    addons_price_cents_check = Check("price_cents >= 0")
    addons_quantity_check = Check("quantity >= 0")
