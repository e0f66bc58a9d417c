"""Rate limits: each caller has a bucket of points in PostgreSQL, which all processes share and from which they lease
points.
"""

from app.operations.rate_limits.bucket import Buckets, Limit, purge
from app.operations.rate_limits.limiter import OperationCharge, RateLimitedError, RateLimiter

__all__ = ["Buckets", "Limit", "OperationCharge", "RateLimitedError", "RateLimiter", "purge"]
