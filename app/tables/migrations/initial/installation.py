"""The tables with settings and checks of the database as a whole, such as its billing time zone."""

from piccolo.constraints import Check

from app.tables.migrations.initial.declaration import date, integer, table, text, timestamptz, uuid

INSTALLATION = table(
    "installation",
    id=integer(primary_key=True),
    billing_time_zone=text(null=True),
    billing_months_through=date(null=True),
    cron_ran_at=timestamptz(null=True),
    installation_id_check=Check("id = 1"),
)

DATA_INTEGRITY_PROGRESS = table(
    "data_integrity_progress",
    id=uuid(primary_key=True),
    table_name=text(unique=True),
    last_checked_id=uuid(null=True),
    completed_at=timestamptz(null=True),
)

ROW_SECURITY_PROBE = table(
    "row_security_probe",
    id=uuid(primary_key=True),
    tenant_id=uuid(unique=True),
)

TABLES = (INSTALLATION, DATA_INTEGRITY_PROGRESS, ROW_SECURITY_PROBE)
