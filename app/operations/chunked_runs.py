"""Runs over many tenants, divided into chunks that any worker can take: rollups and issue runs.

Chunks, start, progress and end of a run are the same for both; what is done for a tenant is not.
"""

import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import asyncpg

from app.database import DatabaseUnavailable, UnitOfWork
from app.operations.calls.context import Context

T = TypeVar("T")

_START = "UPDATE {runs} SET status = 'RUNNING', started_at = $2 WHERE id = $1 AND status = 'QUEUED'"
_LOCK = "SELECT FROM {runs} WHERE id = $1 FOR NO KEY UPDATE"
_FINISH_CHUNK = "UPDATE {chunks} SET finished_at = $3 WHERE run_id = $1 AND position = $2 AND finished_at IS NULL"
# Processes that finish the last chunks wait for the lock on the run's row, so each sees the chunks finished before it.
_FINISH = """
UPDATE {runs} SET finished_at = $2, status = CASE
        WHEN invoices_failed = 0 THEN 'SUCCEEDED' WHEN invoices_failed < {total} THEN 'PARTIAL' ELSE 'FAILED' END
WHERE id = $1 AND finished_at IS NULL
  AND NOT EXISTS (SELECT FROM {chunks} WHERE run_id = $1 AND finished_at IS NULL)
"""
_OPEN_CHUNKS = "SELECT run_id, position FROM {chunks} WHERE finished_at IS NULL ORDER BY run_id, position"
_OPEN_CHUNKS_OF = "SELECT position FROM {chunks} WHERE run_id = $1 AND finished_at IS NULL ORDER BY position"


@dataclass(frozen=True, slots=True)
class ChunkedRuns:
    """A kind of run: the tables of its runs and chunks, the counter of all its work, and the job of a chunk.

    on_finish: what else the transaction does that ends a run.
    """

    runs: str
    chunks: str
    total: str
    chunk_job: str
    on_finish: Callable[[UnitOfWork, UUID, datetime], Awaitable[None]] | None = None

    @property
    def channel(self) -> str:
        """The channel on which the progress of runs is notified."""
        return self.runs

    async def start_if_queued(self, unit: UnitOfWork, run_id: UUID, now: datetime) -> None:
        if await unit.connection.execute(self._statement(_START), run_id, now) == "UPDATE 1":
            await self.notify_progress(unit, run_id)

    async def finish_chunk(self, unit: UnitOfWork, run_id: UUID, position: int, now: datetime) -> None:
        """Marks a chunk of a run as done. If it was the last chunk, ends the run."""
        await unit.connection.execute(self._statement(_LOCK), run_id)
        await unit.connection.execute(self._statement(_FINISH_CHUNK), run_id, position, now)
        await self.finish_if_done(unit, run_id, now)

    async def finish_if_done(self, unit: UnitOfWork, run_id: UUID, now: datetime) -> None:
        """Ends a run once all its chunks are done: PARTIAL if some of its tenants failed, FAILED if all did."""
        if await unit.connection.execute(self._statement(_FINISH), run_id, now) == "UPDATE 1":
            await self.notify_progress(unit, run_id)
            if self.on_finish is not None:
                await self.on_finish(unit, run_id, now)

    async def notify_progress(self, unit: UnitOfWork, run_id: UUID) -> None:
        """Notifies listeners of the run's progress, once the transaction commits."""
        await unit.connection.execute("SELECT pg_notify($1, $2)", self.channel, json.dumps({"id": str(run_id)}))

    async def open_chunks(self, unit: UnitOfWork, run_id: UUID) -> list[int]:
        """The positions of the run's chunks that are not done."""
        return [row["position"] for row in await unit.connection.fetch(self._statement(_OPEN_CHUNKS_OF), run_id)]

    async def enqueue_open_chunks(self, context: Context, unit: UnitOfWork) -> int:
        """Enqueues jobs for what unfinished runs have left, once the transaction commits; returns the number of
        chunks.
        """
        chunks = [
            (row["run_id"], row["position"]) for row in await unit.connection.fetch(self._statement(_OPEN_CHUNKS))
        ]
        self.enqueue_after_commit(context, unit, chunks)
        return len(chunks)

    def enqueue_after_commit(self, context: Context, unit: UnitOfWork, chunks: Iterable[tuple[UUID, int]]) -> None:
        """Enqueues a job for each of these chunks, by run and position, once the transaction commits."""

        async def enqueue() -> None:
            for run_id, position in chunks:
                key = f"{run_id}:{position}"
                await context.queue.enqueue(self.chunk_job, key, run_id=str(run_id), position=position)

        unit.after_commit(enqueue)

    def _statement(self, text: str) -> str:
        return text.format(runs=self.runs, chunks=self.chunks, total=self.total)


def never_stopping() -> bool:
    return False


async def failures_of(batch: Sequence[T], work: Callable[[Sequence[T]], Awaitable[object]]) -> dict[T, Exception]:
    """Does the work for a batch; where that fails, for each half of it. Returns what failed alone, with its error.

    Raises only what is not the error of one part of the batch: the job is retried then.
    """
    try:
        await work(batch)
    except (DatabaseUnavailable, asyncpg.LockNotAvailableError):
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it must not stop the others
        if len(batch) == 1:
            return {batch[0]: error}
        middle = len(batch) // 2
        return await failures_of(batch[:middle], work) | await failures_of(batch[middle:], work)
    return {}
