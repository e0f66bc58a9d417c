"""Rate limits: each caller has a bucket of points in PostgreSQL, which all processes share and from which they lease
points.
"""

from app.operations.rate_limits.bucket import Buckets, Grant, Limit, purge
from app.operations.rate_limits.limiter import Balance, Charge, RateLimitedError, RateLimiter

__all__ = ["Balance", "Buckets", "Charge", "Grant", "Limit", "RateLimitedError", "RateLimiter", "purge"]
