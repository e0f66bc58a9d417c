"""The worker: its jobs, and the schedule of the cron jobs."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import saq
from saq.job import CronJob

from app.jobs import (
    data_integrity,
    document_rendering,
    dunning,
    finance,
    idempotency,
    issue_runs,
    rate_limits,
    rollups,
    subscriptions,
    usage,
    webhooks,
)
from app.jobs.context import JobContext
from app.jobs.gauges import reading_gauges
from app.operations.calls.context import Context
from app.operations.calls.principal import Principal, Role
from app.operations.documents.document_issuing import RENDER_JOB
from app.operations.dunning_wake_up import EVALUATE_JOB
from app.operations.events.wake_up import DELIVER_JOB
from app.operations.finance.push_recording import PUSH_JOB
from app.operations.finance.pushing import FinancePushing, finance_sender
from app.operations.finance.reconciling import RECONCILE_JOB
from app.operations.issue_runs import ISSUE_RUNS
from app.operations.rollups import ROLLUPS
from app.operations.webhooks import Delivery, WebhookSender
from app.queue import ATTEMPTS, HEARTBEAT_SECONDS, TIMEOUT_SECONDS

SYSTEM = Principal("system:rollup", frozenset({Role.PLATFORM_ADMIN}))
"""The principal used by scheduled jobs."""

CONCURRENCY = 3
"""Concurrent jobs in one process. Only one chunk rates at a time and the next waits for the rating lock; a huge tenant,
a cron job that takes hours, or the delivery of events runs beside them. For more throughput run more processes. See
docs/adr/0020.
"""

CATCH_UP_JOB = "catch_up"

# In UTC. SAQ identifies a cron job by its function, so each has one of its own.
_CLOCK = (
    (rollups.roll_up_month_end, "0 3 1 * *"),
    (rollups.catch_up, "30 4 * * *"),
    (rollups.resume, "*/5 * * * *"),
    (dunning.run_dunning, "*/5 * * * *"),  # from ARCADIA_DUNNING_TIME on, once a day
    (issue_runs.issue_due_months, "30 5 * * *"),
    (issue_runs.resume_issue_runs, "*/5 * * * *"),
    (document_rendering.render_due_documents, "*/5 * * * *"),
    (data_integrity.check_data_integrity, "0 1 * * *"),
    (usage.make_usage_months, "45 4 * * *"),
    (subscriptions.apply_pending_plan_changes, "2 * * * *"),
    (webhooks.deliver_events_again, "* * * * *"),
    (finance.push_to_finance_again, "* * * * *"),
    (finance.reconcile_finance_daily, "50 * * * *"),  # once a day
    (idempotency.purge_idempotency_keys, "15 * * * *"),
    (rate_limits.purge_rate_limit_buckets, "20 * * * *"),
)
_SECONDS = {data_integrity.check_data_integrity: 4 * 3600}  # it checks all data
_TIMERS: Any = {"schedule": 1, "worker_info": 10, "sweep": 5, "abort": 1}


async def _open_clients(shared: JobContext, opened: AsyncExitStack) -> None:
    """Adds what sends requests to the jobs' context."""
    operations = shared["operations"]
    sender = await opened.enter_async_context(WebhookSender(allow_loopback=not operations.settings.production))
    shared["delivery"] = Delivery(operations, sender)
    shared["finance_sender"] = await opened.enter_async_context(finance_sender())
    shared["finance"] = FinancePushing(operations, shared["finance_sender"])


def create_worker(context: Context, *, catching_up: bool = True, signals: bool = True) -> saq.Worker[JobContext]:
    """Returns a worker on the context's open queue, acting as the system.

    Without `signals` it leaves SIGTERM and SIGINT to the process that it is a part of. When it is stopped, it returns
    its jobs to the queue: what they have committed stays, and the next worker does the rest.
    """
    operations = replace(context, principal=SYSTEM)

    open_clients = AsyncExitStack()

    async def shut_down(_shared: JobContext) -> None:
        await open_clients.aclose()

    async def start_up(shared: JobContext) -> None:
        shared["operations"] = operations
        shared["rating_lock"] = asyncio.Lock()
        await _open_clients(shared, open_clients)
        if context.settings.metrics_port is not None:
            await open_clients.enter_async_context(reading_gauges(operations))
        if catching_up:
            await operations.queue.enqueue(CATCH_UP_JOB, "start")

    worker: saq.Worker[JobContext] = saq.Worker(
        context.queue.saq,
        functions=[
            (ROLLUPS.chunk_job, rollups.roll_up_chunk),
            (ISSUE_RUNS.chunk_job, issue_runs.issue_chunk),
            (EVALUATE_JOB, dunning.evaluate_dunning),
            (RENDER_JOB, document_rendering.render_documents),
            (DELIVER_JOB, webhooks.deliver_events),
            (PUSH_JOB, finance.push_to_finance),
            (RECONCILE_JOB, finance.reconcile_finance),
        ],
        cron_jobs=[_cron_job(function, cron) for function, cron in _CLOCK],
        concurrency=min(CONCURRENCY, context.settings.database_pool_size),
        startup=start_up,
        shutdown=shut_down,
        timers=_TIMERS,
        cancellation_hard_deadline_s=5,
    )
    if not signals:
        worker.SIGNALS = []
    return worker


def _cron_job(function: Any, cron: str) -> CronJob[JobContext]:
    timeout = _SECONDS.get(function, TIMEOUT_SECONDS)
    return CronJob(function, cron, timeout=timeout, heartbeat=HEARTBEAT_SECONDS, retries=ATTEMPTS)
