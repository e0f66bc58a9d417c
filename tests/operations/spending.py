"""`python -m tests.operations.spending URL SUBJECT`: a process that asks for 5 points 100 times, at once; prints how
often it was admitted.
"""

import asyncio
import sys

from app.database import Database
from app.operations.calls.principal import Principal, Role
from app.operations.rate_limits import Buckets, Limit, RateLimitedError, RateLimiter, limiter
from app.settings import Settings


async def spend(url: str, subject: str) -> int:
    principal = Principal(subject, frozenset({Role.PLATFORM_ADMIN}))
    async with Database(Settings(database_url=url)) as database:
        process = RateLimiter(Buckets(database, Limit(burst=1_000, per_second=1)))
        answers = await asyncio.gather(*(process.spend(principal, 5) for _ in range(100)), return_exceptions=True)
    refused = sum(isinstance(answer, RateLimitedError) for answer in answers)
    return answers.count(None) if answers.count(None) + refused == len(answers) else -1


if __name__ == "__main__":
    limiter.MAX_WAIT_SECONDS = 60.0  # however busy the machine is, no lease is given up
    print(asyncio.run(spend(*sys.argv[1:])))  # noqa: T201 # read by the test
