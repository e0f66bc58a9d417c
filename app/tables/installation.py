"""Settings and checks of the database as a whole, such as its billing time zone."""

from piccolo.columns import UUID
from piccolo.constraints import Check
from piccolo.table import Table

from app.tables.columns import calendar_day, instant, integer, primary_key, text


class Installation(Table, tablename="installation"):
    """The table's only row. billing_time_zone: recorded by the first process that serves, and fixed once there are
    tenants. billing_months_through: every tenant's billing months up to and including this month have been inserted.
    cron_ran_at: when a worker last ran the job of every minute; null if none has.
    """

    id = integer(primary_key=True)
    billing_time_zone = text(null=True)
    billing_months_through = calendar_day(null=True)
    cron_ran_at = instant(null=True)

    installation_id_check = Check("id = 1")


class DataIntegrityProgress(Table, tablename="data_integrity_progress"):
    """How far the nightly data-integrity check has come in a table: the next night continues after last_checked_id."""

    id = primary_key()
    table_name = text(unique=True)
    last_checked_id = UUID(default=None, null=True)
    completed_at = instant(null=True)


class RowSecurityProbe(Table, tablename="row_security_probe"):
    """One row of a tenant that does not exist. If a connection sees it without that tenant's id in its setting
    app.tenant_id, row-level security does not apply to the connection: every process checks this when it starts
    (app/database/self_check.py).
    """

    id = primary_key()
    tenant_id = UUID(default=None, unique=True)
