"""The rate limiter of one process: it leases points from the buckets in slices and spends them without I/O.

Unspent points are returned when the lease is renewed. If a lease is not renewed, its points are lost, but the bucket
refills all the same; so points are never granted twice when a process dies. In any span of time a caller is granted at
most `burst`, the points that flow in, and one slice for each process that held a lease at its beginning.
"""

import asyncio
import logging
import math
import time
from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

from app.database.errors import DatabaseUnavailable
from app.lru_cache import LRUCache
from app.operations.calls.principal import Principal
from app.operations.rate_limits.bucket import Buckets, Grant, Limit

REFUSAL_COST = 10
"""Points for a document that is refused: it was parsed and validated all the same."""
LEASE_SECONDS = 60.0
MAX_CALLERS = 10_000
"""How many callers' leases a process holds; beyond that, the least recently used is dropped."""
MAX_WAIT_SECONDS = 1.0
"""How long to wait for PostgreSQL to grant a lease; and, after a failure, how long until the next attempt."""

logger = logging.getLogger(__name__)


class Balance(NamedTuple):
    """The points that a caller has left, as far as this process knows. `full_at`: when the bucket will be full, in
    seconds of the Unix epoch.
    """

    limit: int
    remaining: int
    full_at: float


class RateLimitedError(Exception):
    """The caller's bucket does not hold the cost. `retry_after`: the number of whole seconds until it will."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("Rate limit exceeded: wait for the number of seconds in Retry-After.")
        self.retry_after = retry_after


class _Account:
    """A caller's leased points in this process. Instants are of the process's monotonic clock."""

    __slots__ = ("full_at", "lock", "points", "renew_at")

    def __init__(self, now: float) -> None:
        self.points = 0  # leased and unspent
        self.renew_at = now
        self.full_at = now  # when the bucket would be full if the lease were returned
        self.lock = asyncio.Lock()

    def level(self, limit: Limit, now: float) -> int:
        lacking = (self.full_at - now) * limit.per_second
        return math.floor(limit.burst - lacking) if lacking > 0 else limit.burst


class RateLimiter:
    """Admits callers until their buckets are empty. Without `buckets` it admits everyone."""

    def __init__(self, buckets: Buckets | None, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.limit = buckets.limit if buckets else None
        self._assumed_limit = self.limit or Limit(0, 1)
        self._buckets = buckets
        self._monotonic = monotonic
        self._epoch = time.time() - monotonic()  # of the steady clock; the bucket's clock corrects it
        self._accounts: LRUCache[tuple[UUID | None, str], _Account] = LRUCache(MAX_CALLERS)
        self._away_until = -math.inf

    def charge(self, principal: Principal) -> "OperationCharge":
        """Returns an object that charges one operation to the caller's rate limit."""
        return OperationCharge(self, principal)

    async def spend(self, principal: Principal, cost: int) -> None:
        """Takes a cost from the bucket: at least 1 point and at most a full bucket. Raises RateLimitedError."""
        await self.charge(principal).pay(cost)

    def account(self, principal: Principal) -> _Account:
        """Returns the caller's account, creating it if necessary; a new account replaces the least
        recently used one.
        """
        key = principal.tenant_id, principal.subject
        account = self._accounts.get(key)
        if account is None:
            account = _Account(self._monotonic())
            self._accounts.put(key, account)
        return account

    def refuse_locally(self, account: _Account, cost: int) -> None:
        """Raises RateLimitedError if the account cannot hold the cost, without querying PostgreSQL: other processes can
        only lower the balance, except by returning unspent points.
        """
        lacking = cost - account.level(self._assumed_limit, self._monotonic())
        if lacking > 0:
            raise _refused(self._assumed_limit, lacking)

    async def take(self, account: _Account, principal: Principal, cost: int) -> None:
        """Takes a cost from the bucket: at least 1 point and at most a full bucket. Raises RateLimitedError."""
        limit = self._assumed_limit
        cost = min(max(cost, 1), limit.burst)
        now = self._monotonic()
        if account.points < cost or account.renew_at <= now:
            if not await self._lease(account, principal, limit, cost):
                return
            now = self._monotonic()
        account.points -= cost
        account.full_at = max(now, account.full_at) + cost / limit.per_second

    def balance(self, account: _Account) -> Balance:
        """Returns the points that the caller has left."""
        limit, now = self._assumed_limit, self._monotonic()
        level = account.level(limit, now)
        full_at = max(now, account.full_at)
        return Balance(limit.burst, max(0, level), full_at + self._epoch)

    async def _lease(self, account: _Account, principal: Principal, limit: Limit, cost: int) -> bool:
        """Leases points from the caller's bucket; returns whether the account now holds the cost. Returns False while
        the database is unavailable: then all callers are admitted.
        """
        async with account.lock:
            if account.points >= cost and account.renew_at > self._monotonic():
                return True  # another request has leased it meanwhile
            self.refuse_locally(account, cost)
            unspent, account.points = account.points, 0
            grant = await self._granted(principal, cost, unspent)
            if grant is None:
                return False
            self._enter(account, limit, grant)
            if grant.points == 0:
                raise _refused(limit, cost - account.level(limit, self._monotonic()))
            return True

    async def _granted(self, principal: Principal, cost: int, unspent: int) -> Grant | None:
        """Leases points for a caller; returns None while PostgreSQL is unavailable. Then reads from the primary fail
        anyway, and reads from a replica may continue. Other errors are raised, because an error that one caller's
        request causes must not suspend the limits of all callers.
        """
        if self._buckets is None or self._monotonic() < self._away_until:
            return None
        try:
            async with asyncio.timeout(MAX_WAIT_SECONDS):
                return await self._buckets.take(principal.tenant_id, principal.subject, cost, unspent=unspent)
        except (DatabaseUnavailable, TimeoutError) as error:
            logger.warning("Rate limits are suspended because their buckets in PostgreSQL are unavailable: %r", error)
            self._away_until = self._monotonic() + MAX_WAIT_SECONDS
            return None

    def _enter(self, account: _Account, limit: Limit, grant: Grant) -> None:
        now = self._monotonic()
        self._epoch = grant.now.timestamp() - now
        account.points = grant.points
        account.renew_at = now + LEASE_SECONDS
        account.full_at = now + (grant.full_at - grant.now).total_seconds() - grant.points / limit.per_second


def _refused(limit: Limit, lacking: int) -> RateLimitedError:
    return RateLimitedError(max(1, math.ceil(lacking / limit.per_second)))


class OperationCharge:
    """Charges one operation to the caller's rate limit. `requested`: the operation's cost, once it is known."""

    __slots__ = ("_account", "_limiter", "_principal", "requested")

    def __init__(self, limiter: RateLimiter, principal: Principal) -> None:
        self._limiter = limiter
        self._principal = principal
        self._account = limiter.account(principal) if limiter.limit is not None else None
        self.requested = 0

    def check(self) -> None:
        """Raises RateLimitedError, before any work is done, if the caller is known to have no points left."""
        if self._account is not None and self._account.points <= 0:
            self._limiter.refuse_locally(self._account, 1)

    async def pay(self, cost: int) -> None:
        """Takes the operation's cost from the caller's bucket, before the operation runs. Raises RateLimitedError."""
        self.requested = cost
        if self._account is not None:
            await self._limiter.take(self._account, self._principal, cost)

    async def pay_for_refusal(self, cost: int, reading_cost: int = 0) -> None:
        """Takes from the caller's bucket the cost of parsing and validating an operation that was then refused. `cost`:
        the operation's own cost; None: not known.
        """
        await self.pay(REFUSAL_COST + reading_cost)
        self.requested = cost + reading_cost

    @property
    def balance(self) -> Balance | None:
        """Returns the points that the caller has left; None if there is no rate limit."""
        return None if self._account is None else self._limiter.balance(self._account)
