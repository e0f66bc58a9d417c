"""GraphQL subscriptions: events from any process reach the callers that may see them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import psycopg
import pytest

from app.billing import DeploymentState
from app.operations.deployments import transition_deployment
from app.operations.issue_runs import issue_invoices, issue_run_here
from app.operations.rollups import roll_up_period, roll_up_run
from tests.operations.months import roll_up
from tests.schema.api import Api
from tests.schema.example_data import APRIL

EVENTS = "subscription ($id: ID) { deploymentEvents(deploymentId: $id) { toState reason deployment { slug } } }"
PROGRESS = "subscription ($id: ID!) { rollupProgress(runId: $id) { status tenantsDone tenantsTotal } }"
ISSUE_PROGRESS = "subscription ($id: ID!) { issueRunProgress(runId: $id) { status draftsDone draftsTotal } }"


async def next_of(answers: AsyncIterator[dict[str, Any]]) -> dict[str, Any]:
    async with asyncio.timeout(10):
        return await anext(answers)


async def waiting(answers: AsyncIterator[dict[str, Any]]) -> "asyncio.Task[dict[str, Any]]":
    """Starts waiting for the next response, because events are received only from the first wait on."""
    task = asyncio.create_task(next_of(answers))
    await asyncio.sleep(0.3)
    return task


async def test_a_tenant_gets_events_of_its_own_deployments_only(api: Api) -> None:
    given = api.given
    acme, rival = await given.tenant("acme"), await given.tenant("rival")
    ours, theirs = await given.deployment(acme, "ours"), await given.deployment(rival, "theirs")
    async with api.watch(EVENTS, caller=given.viewer(acme)) as answers:
        first = await waiting(answers)
        for deployment in (theirs, ours):
            await transition_deployment(given.platform, deployment_id=deployment, to=DeploymentState.PAUSED, reason="!")
        assert await first == {
            "data": {"deploymentEvents": {"toState": "PAUSED", "reason": "!", "deployment": {"slug": "ours"}}}
        }


async def test_the_platform_gets_all_events_or_those_of_one_deployment(api: Api) -> None:
    given = api.given
    acme, rival = await given.tenant("acme"), await given.tenant("rival")
    one, two = await given.deployment(acme, "one"), await given.deployment(rival, "two")
    async with api.watch(EVENTS) as every, api.watch(EVENTS, {"id": str(two)}) as picked:
        firsts = await waiting(every), await waiting(picked)
        for deployment in (one, two):
            await transition_deployment(given.platform, deployment_id=deployment, to=DeploymentState.PAUSED)
        heard = [await firsts[0], await next_of(every), await firsts[1]]
    slugs = [answer["data"]["deploymentEvents"]["deployment"]["slug"] for answer in heard]
    assert slugs == ["one", "two", "two"]


async def test_another_tenants_deployment_is_as_silent_as_an_unknown_one(api: Api) -> None:
    given = api.given
    acme, rival = await given.tenant("acme"), await given.tenant("rival")
    theirs = await given.deployment(rival, "theirs")
    async with api.watch(EVENTS, {"id": str(theirs)}, caller=given.admin(acme)) as answers:
        first = await waiting(answers)
        await transition_deployment(given.platform, deployment_id=theirs, to=DeploymentState.PAUSED)
        await asyncio.sleep(0.5)
        assert not first.done()
        first.cancel()
        with suppress(asyncio.CancelledError):
            await first


async def test_a_subscriber_is_informed_that_events_may_be_missing(api: Api, worker_database_url: str) -> None:
    async with api.watch(EVENTS) as answers:
        first = await waiting(answers)
        with psycopg.connect(worker_database_url) as owner:
            owner.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND query LIKE 'LISTEN%'"
            )
        (error,) = (await first)["errors"]
        assert error["extensions"] == {"code": "EVENTS_MISSED"}
        assert [answer async for answer in answers] == []


async def test_the_progress_of_a_run_is_sent_until_its_end(api: Api) -> None:
    given = api.given
    deployment = await given.deployment(await given.tenant("acme"))
    await given.plan("studio")
    await given.subscription(deployment, starts_on=APRIL)
    run = await roll_up_period(given.platform, period_start=APRIL)
    async with api.watch(PROGRESS, {"id": str(run)}) as answers:
        told = [await next_of(answers)]
        second = await waiting(answers)
        await roll_up_run(given.platform, run_id=run)
        told.append(await second)
        told += [answer async for answer in answers]
    progress = [answer["data"]["rollupProgress"] for answer in told]
    assert progress[0] == {"status": "QUEUED", "tenantsDone": 0, "tenantsTotal": 1}
    assert progress[-1] == {"status": "SUCCEEDED", "tenantsDone": 1, "tenantsTotal": 1}


async def test_the_progress_of_an_issue_run_is_sent_until_its_end(api: Api) -> None:
    given = api.given
    await given.plan("studio")
    await given.subscription(await given.deployment(await given.tenant("acme")), starts_on=APRIL)
    await roll_up(given, APRIL)
    run = await issue_invoices(given.platform, period_start=APRIL)
    async with api.watch(ISSUE_PROGRESS, {"id": str(run)}) as answers:
        told = [await next_of(answers)]
        second = await waiting(answers)
        await issue_run_here(given.platform, run_id=run)
        told.append(await second)
        told += [answer async for answer in answers]
    progress = [answer["data"]["issueRunProgress"] for answer in told]
    assert progress[0] == {"status": "QUEUED", "draftsDone": 0, "draftsTotal": 1}
    assert progress[-1] == {"status": "SUCCEEDED", "draftsDone": 1, "draftsTotal": 1}


async def test_a_finished_run_is_sent_once(api: Api) -> None:
    run = await roll_up_period(api.given.platform, period_start=APRIL)
    await roll_up_run(api.given.platform, run_id=run)
    async with api.watch(PROGRESS, {"id": str(run)}) as answers:
        told = [answer["data"]["rollupProgress"]["status"] async for answer in answers]
    assert told == ["SUCCEEDED"]


@pytest.mark.parametrize("document", [PROGRESS, ISSUE_PROGRESS])
async def test_an_unknown_run_is_an_error(api: Api, document: str) -> None:
    async with api.watch(document, {"id": "019d4500-0000-7000-8000-000000000009"}) as answers:
        (error,) = (await next_of(answers))["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "problem": "NOT_FOUND", "path": ["runId"]}


@pytest.mark.parametrize("role", ["admin", "viewer", "meter"])
async def test_runs_are_the_platforms_to_watch(api: Api, role: str) -> None:
    acme = await api.given.tenant("acme")
    run = await roll_up_period(api.given.platform, period_start=APRIL)
    issue_run = await issue_invoices(api.given.platform, period_start=APRIL)
    for document, run_id in ((PROGRESS, run), (ISSUE_PROGRESS, issue_run)):
        async with api.watch(document, {"id": str(run_id)}, caller=getattr(api.given, role)(acme)) as answers:
            (error,) = (await next_of(answers))["errors"]
        assert error["extensions"] == {"code": "FORBIDDEN", "problem": "PERMISSION_DENIED", "path": []}


async def test_a_meter_watches_nothing(api: Api) -> None:
    async with api.watch(EVENTS, caller=api.given.meter()) as answers:
        (error,) = (await next_of(answers))["errors"]
    assert error["extensions"] == {"code": "FORBIDDEN", "problem": "PERMISSION_DENIED", "path": []}
