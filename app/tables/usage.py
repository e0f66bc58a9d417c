"""Metered events, append-only, and their daily totals."""

import uuid

from piccolo.columns import UUID, Bytea
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from app.tables.catalog import ResourceKinds
from app.tables.columns import calendar_day, decimal, instant, primary_key, reference, text
from app.tables.deployments import CloudDeployments, CloudResources
from app.tables.tenants import Tenants

NO_RESOURCE = uuid.UUID(int=0)
"""The resource id in daily totals for events that name no resource."""


class UsageRecords(Table, tablename="usage_records"):
    """Usage events. Partitioned by the month of `occurred_at`, so its primary key in the database has more columns than
    `id`.

    `day`: the day in the billing time zone on which it occurred. `level_stream`: for a TIME_WEIGHTED kind the
    `resource_id` of its daily total, otherwise null. An index finds the previous and next level.
    """

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
    day = calendar_day()
    level_stream = UUID(default=None, null=True)

    usage_records_source_check = Check("length(source) BETWEEN 1 AND 200")
    usage_records_event_id_check = Check("length(event_id) BETWEEN 1 AND 200")
    usage_records_quantity_check = Check("quantity >= 0 AND quantity < 'Infinity'")


class UsageEventKeys(Table, tablename="usage_event_keys"):
    """The keys of usage events: (tenant, source, event_id) identifies an event permanently; `id` is the id of its
    record, in any month.

    `fingerprint` tells whether an event that is sent again with the same key has the same content; `occurred_at` finds
    the record.
    """

    id = primary_key()
    tenant_id = reference(Tenants)
    occurred_at = instant()
    source = text()
    event_id = text()
    fingerprint = Bytea(default=None)

    usage_event_keys_tenant_id_source_event_id_key = Unique([tenant_id, source, event_id])


class UsageDailyTotals(Table, tablename="usage_daily_totals"):
    """A deployment's total for one day, kind and resource, as the kind's aggregation needs it.

    `resource_id` is a resource's id on rows of MAX and TIME_WEIGHTED kinds; NO_RESOURCE for events without one, and for
    SUM kinds.

    SUM uses `total`, MAX uses `peak`. TIME_WEIGHTED uses the others: before `first_at` the level of earlier days
    applies; from then to the day's end the events' own levels add up to `level_microseconds`; `last_level` applies on
    the following days. PostgreSQL computes `month`, the first day of `day`'s month, for an index that returns a
    deployment's month in the order of kinds, resources and days.

    An event counts with the quantity of its last correction, or its own. Readings and levels of a resource from its end
    on do not count; the end itself is a level of 0 on its day, if the resource had a level before.
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
    resource_id = UUID(default=None)

    usage_daily_totals_day_key = Unique([tenant_id, deployment_id, resource_kind, resource_id, day])


class UsageCorrections(Table, tablename="usage_corrections"):
    """The corrected quantity of an event; the last correction of an event applies. Append-only."""

    id = primary_key()
    tenant_id = reference(Tenants)
    deployment_id = reference(CloudDeployments)
    resource_kind = reference(ResourceKinds)
    record_id = UUID(default=None)
    source = text()
    event_id = text()
    occurred_at = instant()
    day = calendar_day()
    previous_quantity = decimal()
    quantity = decimal()
    reason = text()
    actor = text()
    corrected_at = instant()

    usage_corrections_quantity_check = Check("quantity >= 0 AND quantity < 'Infinity'")
