"""Writes two structured log lines for each job, when it starts and when it ends, and counts it."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from typing import Any

from saq import Job

from app.metrics import JOB_SECONDS, JOB_WAIT_SECONDS, JOBS
from app.tracing import span

log = logging.getLogger(__name__)

Counts = Mapping[str, int]
"""What a job did, as numbers: {"purged": 12}."""


def logged(function: Callable[..., Awaitable[Counts]]) -> Callable[..., Awaitable[Counts]]:
    """Wraps a job with its log lines. It keeps the job's name, by which the queue finds it."""

    @wraps(function)
    async def run(context: Any, **arguments: Any) -> Counts:
        job = context["job"]
        facts = {"job": function.__name__, "job_id": job.key, "attempt": job.attempts, **arguments}
        log.info("job started", extra=facts)
        attributes = {"arcadia.run_id": arguments.get("run_id")}
        _count_wait(job)
        began = time.perf_counter()
        try:
            with span(function.__name__, "CONSUMER", attributes, link=job.meta.get("traceparent")):
                counts = await function(context, **arguments)
        except asyncio.CancelledError:
            log.info("job returned to the queue", extra=facts | _duration(began))
            JOBS.labels(function.__name__, "returned").inc()
            raise
        except Exception as error:
            log.warning("job failed", extra=facts | _duration(began) | {"error": type(error).__name__})
            JOBS.labels(function.__name__, "failed").inc()
            raise
        log.info("job done", extra=facts | _duration(began) | {"counts": counts})
        JOBS.labels(function.__name__, "done").inc()
        JOB_SECONDS.labels(function.__name__).observe(time.perf_counter() - began)
        return counts

    return run


def _count_wait(job: Job) -> None:
    """Counts how long a job waited since it was enqueued, or since it was due if that was later."""
    if job.started and job.queued:
        JOB_WAIT_SECONDS.observe(max(0, job.started - max(job.queued, 1000 * job.scheduled)) / 1000)


def _is_unexpected(record: logging.LogRecord) -> bool:
    """Returns False for SAQ's warning about cancelled tasks, because a worker always cancels its waiting tasks when it
    stops.
    """
    return not record.getMessage().endswith("requesting cancellation")


logging.getLogger("saq").addFilter(_is_unexpected)


def _duration(began: float) -> dict[str, float]:
    return {"duration_ms": round((time.perf_counter() - began) * 1000, 1)}
