"""One process's side of the buckets: points are leased by the slice and spent without I/O.

A lease is given back as it is renewed. One that is not renewed is lost to its caller, whose bucket flows full all the
same; so a process that dies never grants anything twice. In any span of time a caller is granted at most `burst`, what
flows in, and what each process had on lease at its beginning: a slice.
"""

import asyncio
import logging
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

from app.database.errors import DatabaseUnavailable
from app.operations.calls.principal import Principal
from app.operations.rate_limits.bucket import Buckets, Grant, Limit

REFUSAL_COST = 10
"""Points for a document that is not run: it was parsed and validated all the same."""
LEASE_SECONDS = 60.0
MAX_CALLERS = 10_000
"""How many callers' leases a process holds; the least recently seen lose theirs."""
MAX_WAIT_SECONDS = 1.0
"""For PostgreSQL to grant a lease; and, when it does not, until it is asked again."""

logger = logging.getLogger(__name__)


class Balance(NamedTuple):
    """What a caller has left, as far as this process knows. `full_at`: in seconds of the Unix epoch."""

    limit: int
    remaining: int
    full_at: float


class RateLimitedError(Exception):
    """The caller's bucket does not hold the cost. `retry_after`: in how many whole seconds it will."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("Too much was asked for in too short a time.")
        self.retry_after = retry_after


class _Account:
    """A caller as this process knows it. Instants are of the process's own steady clock."""

    __slots__ = ("full_at", "lock", "points", "renew_at")

    def __init__(self, now: float) -> None:
        self.points = 0  # leased and unspent
        self.renew_at = now
        self.full_at = now  # of the bucket, were the lease given back
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
        self._accounts: OrderedDict[tuple[UUID | None, str], _Account] = OrderedDict()
        self._away_until = -math.inf

    def charge(self, principal: Principal) -> "OperationCharge":
        """For one operation of the caller."""
        return OperationCharge(self, principal)

    async def spend(self, principal: Principal, cost: int) -> None:
        """Takes the cost, 1 at least; all there is if the bucket is smaller than that. Raises RateLimitedError."""
        await self.charge(principal).pay(cost)

    def account(self, principal: Principal) -> _Account:
        """Of the caller; the least recently seen is forgotten for it."""
        key = principal.tenant_id, principal.subject
        account = self._accounts.get(key)
        if account is None:
            account = self._accounts[key] = _Account(self._monotonic())
            if len(self._accounts) > MAX_CALLERS:
                self._accounts.popitem(last=False)
        else:
            self._accounts.move_to_end(key)
        return account

    def refuse_locally(self, account: _Account, cost: int) -> None:
        """Without asking: others only ever take, but for what is left of their leases. Raises RateLimitedError."""
        lacking = cost - account.level(self._assumed_limit, self._monotonic())
        if lacking > 0:
            raise _refused(self._assumed_limit, lacking)

    async def take(self, account: _Account, principal: Principal, cost: int) -> None:
        """Takes the cost, 1 at least; all there is if the bucket is smaller than that. Raises RateLimitedError."""
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
        """What is left."""
        limit, now = self._assumed_limit, self._monotonic()
        level = account.level(limit, now)
        full_at = max(now, account.full_at)
        return Balance(limit.burst, max(0, level), full_at + self._epoch)

    async def _lease(self, account: _Account, principal: Principal, limit: Limit, cost: int) -> bool:
        """Whether the account now holds the cost. Not so while the database is away: then everyone is admitted."""
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
        """None while PostgreSQL cannot be reached: reads would fail by themselves, and a replica's need not. Any other
        error is raised: what one caller sends must not take the limits off the rest.
        """
        if self._buckets is None or self._monotonic() < self._away_until:
            return None
        try:
            async with asyncio.timeout(MAX_WAIT_SECONDS):
                return await self._buckets.take(principal.tenant_id, principal.subject, cost, unspent=unspent)
        except (DatabaseUnavailable, TimeoutError) as error:
            logger.warning("Rate limits are not held while their buckets are away: %r", error)
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
    """What one operation of a caller costs: `requested`, once it is known."""

    __slots__ = ("_account", "_limiter", "_principal", "requested")

    def __init__(self, limiter: RateLimiter, principal: Principal) -> None:
        self._limiter = limiter
        self._principal = principal
        self._account = limiter.account(principal) if limiter.limit is not None else None
        self.requested = 0

    def check(self) -> None:
        """Raises RateLimitedError for a caller who is known to have nothing left: before any work is done."""
        if self._account is not None and self._account.points <= 0:
            self._limiter.refuse_locally(self._account, 1)

    async def pay(self, cost: int) -> None:
        """Once the cost is known, and before the operation runs. Raises RateLimitedError."""
        self.requested = cost
        if self._account is not None:
            await self._limiter.take(self._account, self._principal, cost)

    async def pay_for_refusal(self, cost: int, reading_cost: int = 0) -> None:
        """For an operation of this cost, if it is known, that was refused: to read its text and find out was work."""
        await self.pay(REFUSAL_COST + reading_cost)
        self.requested = cost + reading_cost

    @property
    def balance(self) -> Balance | None:
        """What the caller has left; None where there is no limit."""
        return None if self._account is None else self._limiter.balance(self._account)
