"""The callers' rate limit buckets."""

from piccolo.columns import UUID
from piccolo.constraints import Check
from piccolo.table import Table

from app.tables.columns import instant, integer, primary_key, text


class RateLimitBuckets(Table, tablename="rate_limit_buckets"):
    """A caller's bucket of points, stored as the instant at which it will be full again. UNLOGGED: a crash of
    PostgreSQL makes all buckets full. tenant_id is not a foreign key, because the tenant that a token claims may not
    exist. last_granted: the points of the last lease.
    """

    id = primary_key()
    tenant_id = UUID(default=None, null=True)
    subject = text()
    full_at = instant()
    last_granted = integer()

    rate_limit_buckets_last_granted_check = Check("last_granted >= 0")
