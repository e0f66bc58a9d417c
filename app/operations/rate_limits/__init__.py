"""How much work a caller may ask for: points in PostgreSQL's buckets, which all processes share, spent from leases."""

from app.operations.rate_limits.bucket import Buckets, Limit, purge
from app.operations.rate_limits.limiter import Charge, RateLimitedError, RateLimiter

__all__ = ["Buckets", "Charge", "Limit", "RateLimitedError", "RateLimiter", "purge"]
