"""A worker whose billing time zone is not the database's bills nothing."""

import asyncio
from uuid import uuid4

import pytest
from saq import Job

from app.database import BillingTimeZoneUnsuitable
from app.jobs.context import JobContext
from app.jobs.dunning import evaluate_dunning, run_dunning
from app.jobs.issue_runs import issue_chunk, issue_due_months
from app.jobs.rollups import catch_up, roll_up_chunk, roll_up_month_end
from tests.operations.given import Given


async def test_no_month_is_rolled_up_or_issued_and_no_one_dunned_in_another_zone_than_the_databases(
    given: Given,
) -> None:
    await given.rows("UPDATE installation SET billing_time_zone = 'Australia/Sydney' RETURNING id")
    job = Job("of this test")
    context: JobContext = {"operations": given.platform, "rating_lock": asyncio.Lock(), "job": job}  # type: ignore[typeddict-item]  # no worker
    for refused in (
        catch_up(context),
        roll_up_month_end(context),
        roll_up_chunk(context, run_id=str(uuid4()), position=0),
        issue_due_months(context),
        issue_chunk(context, run_id=str(uuid4()), position=0),
        run_dunning(context),
        evaluate_dunning(context, tenant_id=str(uuid4())),
    ):
        with pytest.raises(BillingTimeZoneUnsuitable, match="the database uses Australia/Sydney"):
            await refused
