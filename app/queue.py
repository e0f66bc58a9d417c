"""The job queue: SAQ on PostgreSQL, or on Redis if ARCADIA_QUEUE_URL names one.

A job only triggers work: what is due is always read from tables, so a job that is lost, repeated or late does no harm,
and the catch-up job finds what was missed. Therefore jobs are enqueued after the commit, and errors of enqueuing are
only logged.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Self
from urllib.parse import urlsplit

import psycopg
import psycopg_pool
import redis.asyncio
import redis.exceptions
import saq
import saq.queue
from psycopg_pool import AsyncConnectionPool
from saq.job import TERMINAL_STATUSES
from saq.queue.postgres import PostgresQueue
from saq.queue.redis import RedisQueue

from app.database.connect import server_settings
from app.database.database import database_urls
from app.database.errors import DatabaseUnavailable
from app.database_urls import parse
from app.settings import Settings
from app.tracing import span_reference

NAME = "arcadia"

# SAQ's defaults give a job ten seconds and a single attempt, and leave a job active forever after a SIGKILL.
TIMEOUT_SECONDS = 600
ATTEMPTS = 3
HEARTBEAT_SECONDS = 15
RETRY_DELAY_SECONDS = 1
MAX_RETRY_DELAY_SECONDS = 30
RETENTION_SECONDS = 3600
ABORT_SECONDS = 0.2
"""How long a job without heartbeats gets to answer an abort. SAQ's default gives each five seconds, one after the
other, and after a worker's death all its jobs have to wait for that.
"""
SWEEP_LOCK_SECONDS = 4
"""Shorter than the interval between a worker's sweeps."""

_FAILURES = (psycopg.Error, psycopg_pool.PoolTimeout, redis.exceptions.RedisError, OSError, TimeoutError)

logger = logging.getLogger(__name__)


class MigratedPostgresQueue(PostgresQueue):
    """SAQ's queue in the tables that `arcadia migrate` created: the application's role may not create any."""

    async def init_db(self) -> None:
        pass

    async def dequeue(self, timeout: float = 0.0, poll_interval: float = 0.0) -> saq.Job | None:  # noqa: ASYNC109 - SAQ's
        """Returns the next job, or None when it is cancelled.

        SAQ's own may miss the cancellation, so that a worker never stops: on Python 3.11, asyncio.wait_for forgets one
        that arrives together with what it waits for, here a notification.
        """
        waiting = asyncio.ensure_future(super().dequeue(timeout, poll_interval))
        try:
            return await asyncio.shield(waiting)
        except asyncio.CancelledError:
            while not waiting.done():
                waiting.cancel()
                await asyncio.wait([waiting], timeout=0.1)
            return waiting.result()

    async def sweep(self, lock: int = 60, abort: float = ABORT_SECONDS) -> list[str]:
        """Returns jobs without heartbeats to the queue."""
        return await super().sweep(lock, abort)


class SweptRedisQueue(RedisQueue):
    """SAQ's queue on Redis, with a short lock: SAQ's own would prevent other sweeps for a minute, also after its worker
    was killed.
    """

    async def sweep(self, lock: int = SWEEP_LOCK_SECONDS, abort: float = ABORT_SECONDS) -> list[str]:
        """Returns jobs without heartbeats to the queue. Two sweeps at once may return a job twice, which
        does no harm.
        """
        return await super().sweep(lock, abort)


class Queue:
    """The job queue of a process, opened once: `async with Queue(settings) as queue`. Raises DatabaseUnavailable, also
    if Redis is unavailable.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._saq: saq.queue.Queue | None = None
        self._pool: AsyncConnectionPool[Any] | None = None
        self._enqueueing: set[asyncio.Task[bool]] = set()

    @property
    def saq(self) -> saq.queue.Queue:
        """Returns SAQ's queue object, for a worker."""
        if self._saq is None:
            raise RuntimeError("The queue is not open.")
        return self._saq

    async def open(self) -> None:
        if self._settings.queue_url is not None:
            self._saq = await _open_redis(self._settings.queue_url, self._settings)
        else:
            self._pool = await _open_pool((await database_urls(self._settings)).direct, self._settings)
            self._saq = MigratedPostgresQueue(pool=self._pool, name=NAME)
        await self._saq.connect()

    async def close(self) -> None:
        if self._saq is not None:
            await self._saq.disconnect()
        if self._pool is not None:
            await self._pool.close()
        self._saq = self._pool = None

    async def __aenter__(self) -> Self:
        try:
            await self.open()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.close()

    async def enqueue(
        self, job: str, key: str, /, *, seconds_allowed: int = TIMEOUT_SECONDS, at: int = 0, **arguments: Any
    ) -> bool:
        """Enqueues a job with these arguments (values of JSON); returns whether the queue confirmed it. Call it after
        the commit. at: it does not start before, in seconds of the Unix epoch.

        While a job with the same name and key waits or runs, another one is not added.
        """
        # A task of its own: on a silent network psycopg would block the caller even after it is cancelled.
        enqueueing = asyncio.create_task(self._enqueue_in_time(job, key, seconds_allowed, arguments, at))
        self._enqueueing.add(enqueueing)
        enqueueing.add_done_callback(self._enqueueing.discard)
        done, _ = await asyncio.wait({enqueueing}, timeout=self._settings.connect_timeout)
        if not done:
            logger.warning("The queue did not confirm job %s in time; the next catch-up job will do its work.", job)
            enqueueing.cancel()
            return False
        return enqueueing.result()

    async def _enqueue_in_time(
        self, job: str, key: str, seconds_allowed: int, arguments: dict[str, Any], at: int
    ) -> bool:
        try:
            if await self._enqueue(job, key, seconds_allowed, arguments, scheduled=at):
                return True
            # SAQ accepts a key again only in a later second than that of the previous job with the key.
            earlier = await self.saq.job(_key(job, key))
            if earlier is not None and earlier.status in TERMINAL_STATUSES:
                at = max(at, int(time.time()) + 1)
                return await self._enqueue(job, key, seconds_allowed, arguments, scheduled=at)
        except _FAILURES as error:
            logger.warning("Job %s could not be enqueued; the next catch-up job will do its work: %s", job, error)
            return False
        return True

    async def _enqueue(
        self, job: str, key: str, seconds_allowed: int, arguments: dict[str, Any], *, scheduled: int
    ) -> bool:
        queued_job = saq.Job(
            function=job,
            key=_key(job, key),
            kwargs=arguments,
            timeout=seconds_allowed,
            retries=ATTEMPTS,
            heartbeat=HEARTBEAT_SECONDS,
            retry_delay=RETRY_DELAY_SECONDS,
            retry_backoff=MAX_RETRY_DELAY_SECONDS,
            ttl=RETENTION_SECONDS,
            scheduled=scheduled,
            meta=span_reference(),  # which span enqueued it: no work depends on it
        )
        return await self.saq.enqueue(queued_job) is not None


@asynccontextmanager
async def heartbeat(job: saq.Job) -> AsyncIterator[None]:
    """Sends heartbeats of a job while the block runs; a job without heartbeats is given to another worker."""

    async def beat() -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS / 3)
            try:
                await job.update()
            except _FAILURES as error:
                logger.warning("A heartbeat of job %s could not be sent: %s", job.key, error)

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()
        with suppress(asyncio.CancelledError):
            await beating


def _key(job: str, key: str) -> str:
    """Returns a job's key. Keys are unique over SAQ's whole table, so they contain the queue's name and the job's."""
    return f"{NAME}:{job}:{key}"


async def _open_pool(url: str, settings: Settings) -> AsyncConnectionPool[Any]:
    server = parse(url)
    server_options = " ".join(f"-c {name}={value}" for name, value in server_settings(settings).items())
    options = f"{server.options} {server_options}" if server.options else server_options
    seconds = server.connect_timeout or settings.connect_timeout
    pool: AsyncConnectionPool[Any] = AsyncConnectionPool(
        url,
        min_size=1,
        max_size=settings.queue_pool_size,
        timeout=settings.connect_timeout,
        kwargs={"options": options, "connect_timeout": seconds, "autocommit": True},
        check=AsyncConnectionPool.check_connection,
        open=False,
    )
    try:
        await pool.open(wait=True, timeout=settings.connect_timeout)
    except psycopg_pool.PoolTimeout as error:
        await pool.close()
        raise DatabaseUnavailable(f"PostgreSQL at {server.place} gave the queue no connection in time") from error
    return pool


async def require_redis(settings: Settings) -> None:
    """Raises DatabaseUnavailable if the queue uses a Redis that does not answer."""
    if settings.queue_url is not None:
        await (await _open_redis(settings.queue_url, settings)).redis.aclose()


async def _open_redis(url: str, settings: Settings) -> RedisQueue:
    limits = {"socket_connect_timeout": settings.connect_timeout, "health_check_interval": 15}
    queue = SweptRedisQueue(redis.asyncio.from_url(url, **limits), name=NAME)
    try:
        await queue.redis.execute_command("PING")
    except (redis.exceptions.RedisError, OSError) as error:
        await queue.redis.aclose()  # not queue.disconnect(), which would connect first
        raise DatabaseUnavailable(f"Redis at {redis_place(url)} cannot be reached: {error}") from error
    return queue


def redis_place(url: str) -> str:
    """Returns host, port and database of a Redis URL, without user and password."""
    parts = urlsplit(url)
    return f"{parts.hostname or 'localhost'}:{parts.port or 6379}{parts.path}"
