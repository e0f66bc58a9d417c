"""Through PgBouncer in transaction mode: two logins, the direct URL, and refusals of everything less."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from app.billing import DeploymentState
from app.database import PLATFORM, Database, DatabaseUnsuitable, Scope
from app.database.connect import login_of
from app.database.copy import copy_rows
from app.database.migrate import migrate, pooler_statements, require_current
from app.operations.deployments import transition_deployment
from app.operations.deployments.deployment_events import CHANNEL
from app.queue import Queue
from app.server.health import Readiness
from app.settings import Settings
from app.tables.ids import new_id
from app.tables.rate_limits import RateLimitBuckets
from tests import postgres
from tests.clock import Clock
from tests.database.owners import login, run, url_as
from tests.operations.given import Given
from tests.pooler import PROGRAM, pooled_url, pooling

pytestmark = [
    pytest.mark.servers,
    pytest.mark.skipif(not PROGRAM.exists(), reason="Debian's pgbouncer is not installed"),
]
NOW = datetime(2026, 4, 1, tzinfo=UTC)
IGNORING = (
    "ignore_startup_parameters = jit,client_min_messages,statement_timeout,lock_timeout,"
    "idle_in_transaction_session_timeout,role"
)


@dataclass
class Pooled:
    """Settings that lead through PgBouncer, which takes no other start-up parameters, and one that ignores them."""

    settings: Settings
    ignoring: Settings
    statements: list[str]

    def reconnect(self) -> None:
        """PgBouncer's own connections are of before the logins' settings."""
        for url in (self.settings.database_url, self.settings.platform_database_url):
            run(
                str(self.settings.owner_database_url),
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                f" WHERE usename = '{login_of(str(url))}' AND datname = current_database()",
            )


@pytest.fixture(scope="module")
def pooled(settings: Settings) -> Iterator[Pooled]:
    name = postgres.run_name(uuid4().hex[:8])
    url = postgres.clone(name)
    with login() as tenant, login() as platform:
        direct = replace(
            settings,
            database_url=url_as(tenant, url),
            platform_database_url=url_as(platform, url),
            owner_database_url=url,
        )
        asyncio.run(migrate(direct))
        statements = asyncio.run(pooler_statements(direct))
        with pooling(url, [tenant, platform]) as port, pooling(url, [tenant, platform], IGNORING) as other:
            through = replace(
                direct,
                database_url=pooled_url(tenant, port, name),
                platform_database_url=pooled_url(platform, port, name),
                direct_database_url=url_as(platform, url),
            )
            ignoring = replace(
                through,
                database_url=pooled_url(tenant, other, name),
                platform_database_url=pooled_url(platform, other, name),
            )
            yield Pooled(through, ignoring, statements)
        postgres.drop(name)


@pytest.mark.parametrize("missing", ["direct_database_url", "platform_database_url"])
@pytest.mark.parametrize("ignoring", [False, True])
async def test_without_the_settings_it_is_refused(pooled: Pooled, missing: str, ignoring: bool) -> None:
    settings = pooled.ignoring if ignoring else pooled.settings
    if missing == "direct_database_url":
        settings = replace(settings, direct_database_url=None)
    else:
        settings = replace(settings, platform_database_url=None)
    with pytest.raises(
        DatabaseUnsuitable, match=r"ARCADIA_DIRECT_DATABASE_URL .* ARCADIA_PLATFORM_DATABASE_URL"
    ) as caught:
        async with Database(settings):
            pass
    assert "\n" not in str(caught.value)
    if missing == "direct_database_url":
        with pytest.raises(DatabaseUnsuitable, match="ARCADIA_DIRECT_DATABASE_URL"):
            await require_current(settings)


async def test_without_the_logins_settings_it_is_refused_and_with_them_it_works(pooled: Pooled, clock: Clock) -> None:
    for settings in (pooled.settings, pooled.ignoring):
        with pytest.raises(
            DatabaseUnsuitable, match=r"the role is login_.*, not arcadia_tenant; .*statement_timeout is 0 s"
        ):
            async with Database(settings):
                pass
    run(str(pooled.settings.owner_database_url), *pooled.statements)
    pooled.reconnect()
    for settings in (pooled.settings, pooled.ignoring):
        async with Database(settings) as one, Database(settings) as other, Queue(settings) as queue:
            assert await Readiness(one)() is None
            given = Given(one, clock, settings, queue)
            tenant_id = await given.tenant(f"t{uuid4().hex[:8]}")
            await _change_and_hear(given, other, tenant_id)
            await _shares_connections(one, tenant_id)


async def _change_and_hear(given: Given, other: Database, tenant_id: UUID) -> None:
    """Changes a state through one process and receives the event in another."""
    pilot = await given.deployment(tenant_id)
    async with other.listen(CHANNEL) as payloads:
        await transition_deployment(given.platform, deployment_id=pilot, to=DeploymentState.PAUSED)
        async with asyncio.timeout(5):
            assert str(pilot) in str(await anext(payloads))


async def _shares_connections(database: Database, tenant_id: UUID) -> None:
    """Runs more operations at the same time than the pooler has sessions: statements, staging tables and the tenant's
    setting must not be mixed up.
    """

    async def read(number: int) -> None:
        scope = Scope.tenant(tenant_id) if number % 2 else PLATFORM
        async with database.reading(scope) as connection:
            assert await connection.fetchval("SELECT $1::int + 1", number) == number + 1
        async with database.unit_of_work(scope) as unit:
            assert await unit.connection.fetchval("SELECT count(*) FROM tenants WHERE id = $1", tenant_id) == 1
            bucket = (new_id(), tenant_id, f"caller {new_id()}", NOW, 1)
            assert await copy_rows(unit, RateLimitBuckets, RateLimitBuckets.all_columns(), [bucket]) == 1
        async with database.reading(Scope.tenant(uuid4())) as connection:
            assert await connection.fetchval("SELECT count(*) FROM tenants") == 0

    await asyncio.gather(*(asyncio.create_task(read(number)) for number in range(60)))
