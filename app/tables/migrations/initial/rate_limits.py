"""The rate-limit bucket of each caller."""

from piccolo.constraints import Check

from app.tables.migrations.initial.declaration import integer, table, text, timestamptz, uuid

RATE_LIMIT_BUCKETS = table(
    "rate_limit_buckets",
    id=uuid(primary_key=True),
    tenant_id=uuid(null=True),
    subject=text(),
    full_at=timestamptz(),
    last_granted=integer(),
    rate_limit_buckets_last_granted_check=Check("last_granted >= 0"),
)

TABLES = (RATE_LIMIT_BUCKETS,)
