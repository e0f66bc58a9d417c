"""Each job is two lines in the log: that it started, and how it ended with what it counted."""

import asyncio
import logging
from typing import Any
from uuid import uuid4

import pytest
from saq import Job

from app.jobs.context import JobContext
from app.jobs.log import logged
from app.jobs.rollups import roll_up_chunk
from app.operations.rollups import roll_up_period
from tests.faults.tenants import seed
from tests.operations.given import Given
from tests.operations.months import APRIL


def _lines(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    return [(record.levelname, record.getMessage()) for record in caplog.records if record.name == "app.jobs.log"]


async def test_a_chunk_counts_its_tenants_by_outcome(given: Given, caplog: pytest.LogCaptureFixture) -> None:
    await seed(given.database, 3, await given.plan(), APRIL)
    run_id = str(await roll_up_period(given.platform, period_start=APRIL))
    job = Job("roll_up_chunk", key="k-1", attempts=2)
    context: JobContext = {"operations": given.platform, "rating_lock": asyncio.Lock(), "job": job}  # type: ignore[typeddict-item]  # no worker
    with caplog.at_level(logging.INFO, logger="app.jobs.log"):
        assert await roll_up_chunk(context, run_id=run_id, position=0) == {"created": 3}
    assert _lines(caplog) == [("INFO", "job started"), ("INFO", "job done")]
    facts: dict[str, Any] = vars(caplog.records[-1])
    assert (facts["job"], facts["job_id"], facts["attempt"]) == ("roll_up_chunk", "k-1", 2)
    assert (facts["run_id"], facts["position"], facts["counts"], facts["duration_ms"] > 0) == (
        run_id,
        0,
        {"created": 3},
        True,
    )


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("no"), ("WARNING", "job failed")),
        (asyncio.CancelledError(), ("INFO", "job returned to the queue")),
    ],
)
async def test_a_job_that_does_not_end_says_why(
    error: BaseException, line: tuple[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    @logged
    async def failing(_context: object) -> dict[str, int]:
        raise error

    with caplog.at_level(logging.INFO, logger="app.jobs.log"), pytest.raises(type(error)):
        await failing({"job": Job("failing", key=str(uuid4()))})
    assert _lines(caplog) == [("INFO", "job started"), line]
