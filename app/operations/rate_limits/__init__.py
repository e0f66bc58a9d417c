"""How much work a caller may ask for: points in PostgreSQL's buckets, which all processes share, spent from leases."""

from app.operations.rate_limits.bucket import Buckets, Grant, Limit, purge
from app.operations.rate_limits.limiter import Balance, OperationCharge, RateLimitedError, RateLimiter

__all__ = ["Balance", "Buckets", "Grant", "Limit", "OperationCharge", "RateLimitedError", "RateLimiter", "purge"]
