"""The billing time zone is checked when the application starts and in /ready."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import httpx
import pytest

from app.database import PLATFORM, BillingTimeZoneUnsuitable, Database
from app.database.billing_time_zone import require_billing_time_zone
from app.database.migrate import migrate
from app.server.application import create_application
from app.settings import Settings
from tests.clock import Clock
from tests.server.served_api import ask, serve_api

CREATE_TENANT = 'mutation { createTenant(input: {code: "acme", name: "Acme"}) { __typename } }'


def in_sydney(settings: Settings) -> Settings:
    return replace(settings, billing_time_zone=ZoneInfo("Australia/Sydney"))


async def recorded(database: Database) -> str | None:
    async with database.unit_of_work(PLATFORM) as unit:
        zone: str | None = await unit.connection.fetchval("SELECT billing_time_zone FROM installation")
        return zone


async def test_a_served_application_records_its_zone_and_starts_in_no_other_once_it_has_a_tenant(
    database: Database, settings: Settings, clock: Clock
) -> None:
    async with serve_api(settings, clock) as served, served.client() as client:
        assert await recorded(database) == "UTC"
        assert (await ask(client, CREATE_TENANT))["data"] == {"createTenant": {"__typename": "TenantCreated"}}
    with pytest.RaisesGroup(pytest.RaisesExc(BillingTimeZoneUnsuitable, match="the database uses UTC")):
        async with create_application(in_sydney(settings), clock).application.lifespan():
            pass
    assert await recorded(database) == "UTC"


async def test_a_process_whose_empty_database_took_another_zone_is_not_ready_and_makes_no_tenant(
    database: Database, settings: Settings, clock: Clock
) -> None:
    async with serve_api(settings, clock) as served, served.client() as client:
        assert (await client.get("/ready")).status_code == httpx.codes.OK
        await require_billing_time_zone(in_sydney(settings))
        for response in (await client.get("/ready"), await client.post("/graphql", json={"query": CREATE_TENANT})):
            (error,) = response.json()["errors"]
            assert (response.status_code, error["extensions"]["code"]) == (503, "SERVICE_UNAVAILABLE")
            assert "billing time zone" in error["message"]
    async with database.unit_of_work(PLATFORM) as unit:
        assert await unit.connection.fetchval("SELECT count(*) FROM tenants") == 0


async def test_a_database_that_is_migrated_later_records_the_zone_when_it_is_asked_for(
    settings: Settings, empty_database_url: str, clock: Clock
) -> None:
    """The role of the application is the server's, and so is there already; the tables are not."""
    mine = replace(settings, database_url=empty_database_url)
    async with serve_api(mine, clock) as served, served.client() as client:
        assert (await client.get("/ready")).status_code == httpx.codes.SERVICE_UNAVAILABLE
        await migrate(mine)
        assert (await client.get("/ready")).status_code == httpx.codes.OK
        async with Database(mine) as database:
            assert await recorded(database) == "UTC"
