"""How much each caller has left."""

from piccolo.columns import UUID
from piccolo.constraints import Check
from piccolo.table import Table

from app.tables.columns import instant, integer, primary_key, text


class RateLimitBuckets(Table, tablename="rate_limit_buckets"):
    """A caller's bucket of points, held as the instant at which it will be full again. UNLOGGED: a crash of PostgreSQL
    fills them all. The tenant is no reference: what a token claims need not exist. last_granted: the points that were
    last taken from it.
    """

    id = primary_key()
    tenant_id = UUID(default=None, null=True)
    subject = text()
    full_at = instant()
    last_granted = integer()

    rate_limit_buckets_last_granted_check = Check("last_granted >= 0")
