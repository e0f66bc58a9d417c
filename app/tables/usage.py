"""Metered events, append-only, and their totals by day."""

from piccolo.columns import Bytea
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from app.tables.catalog import ResourceKinds
from app.tables.columns import calendar_day, decimal, instant, primary_key, reference, text
from app.tables.deployments import CloudDeployments, CloudResources
from app.tables.tenants import Tenants


class UsageRecords(Table, tablename="usage_records"):
    """One event. Partitioned by the month of `occurred_at`: its key in the database is wider than `id`."""

    id = primary_key()
    tenant_id = reference(Tenants)
    deployment_id = reference(CloudDeployments)
    resource_kind = reference(ResourceKinds)
    source = text()
    event_id = text()
    quantity = decimal()
    occurred_at = instant()
    recorded_at = instant()
    resource_id = reference(CloudResources, null=True)

    usage_records_source_check = Check("length(source) BETWEEN 1 AND 200")
    usage_records_event_id_check = Check("length(event_id) BETWEEN 1 AND 200")
    usage_records_quantity_check = Check("quantity >= 0 AND quantity < 'Infinity'")


class UsageEventKeys(Table, tablename="usage_event_keys"):
    """(tenant, source, event_id) is an event's idempotency key, for good: `id` is the record's, of whatever month.

    `fingerprint` tells whether what is sent under the key again is the same event.
    """

    id = primary_key()
    tenant_id = reference(Tenants)
    source = text()
    event_id = text()
    fingerprint = Bytea(default=None)

    usage_event_keys_tenant_id_source_event_id_key = Unique([tenant_id, source, event_id])


class UsageDailyTotals(Table, tablename="usage_daily_totals"):
    """A deployment's day of one kind, as the kind's aggregation needs it.

    SUM reads `total`, MAX reads `peak`. TIME_WEIGHTED reads the rest: before `first_at` the level of earlier days
    holds; from there to the day's end the events' own levels add up to `level_microseconds`; `last_level` is carried
    into the days after. PostgreSQL makes `month`, the first day of the one that `day` is in: an index gives a
    deployment's month in the order of kinds and days.
    """

    id = primary_key()
    tenant_id = reference(Tenants)
    deployment_id = reference(CloudDeployments)
    resource_kind = reference(ResourceKinds)
    day = calendar_day()
    total = decimal()
    peak = decimal()
    first_at = instant()
    last_level = decimal()
    level_microseconds = decimal()
    month = calendar_day(null=True)

    usage_daily_totals_tenant_id_deployment_id_kind_day_key = Unique([tenant_id, deployment_id, resource_kind, day])
