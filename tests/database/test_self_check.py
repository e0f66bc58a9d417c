"""The checks of a process before it serves: its sessions, and the roles its logins can take."""

import logging
from dataclasses import replace
from uuid import uuid4

import pytest

from app.database import Database, DatabaseUnsuitable
from app.database.roles import PLATFORM, TENANT
from app.server.health import Readiness
from app.settings import Environment, Settings
from tests import postgres
from tests.database.owners import run, served_by


async def test_a_login_with_the_two_roles_may_serve(settings: Settings) -> None:
    async with served_by(settings) as own, Database(own) as database:
        await database.check_logins()
        assert await Readiness(database)() is None


@pytest.mark.parametrize(
    ("attributes", "statements", "told"),
    [
        ("SUPERUSER", (), "a superuser"),
        ("BYPASSRLS", (), "bypasses row-level security"),
        ("", ("ALTER ROLE {other} BYPASSRLS", "GRANT {other} TO {login}"), "bypasses row-level security"),
        ("", ("ALTER TABLE tenants OWNER TO {other}", "GRANT {other} TO {login}"), "the owner of the tables"),
        ("", ("ALTER TABLE tenants OWNER TO {login}",), "the owner of the tables"),
        ("", ("GRANT pg_execute_server_program TO {login}",), "pg_execute_server_program"),
    ],
)
async def test_a_login_that_can_go_past_row_level_security_is_refused_in_production(
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    attributes: str,
    statements: tuple[str, ...],
    told: str,
) -> None:
    async with served_by(settings, *statements, attributes=attributes) as own:
        async with Database(own) as database:
            with pytest.raises(DatabaseUnsuitable, match=told) as caught:
                await database.check_logins()
            assert "\n" not in str(caught.value)
        with caplog.at_level(logging.WARNING):
            async with Database(replace(own, environment=Environment.DEVELOPMENT)) as database:
                await database.check_logins()
        assert any(told in message for message in caplog.messages)


@pytest.mark.parametrize(
    "broken",
    [
        "ALTER TABLE row_security_probe DISABLE ROW LEVEL SECURITY",
        f"ALTER POLICY tenant ON row_security_probe TO {TENANT} USING (true)",
        f"ALTER POLICY platform ON row_security_probe TO {PLATFORM} USING (false)",
    ],
)
async def test_a_database_without_row_level_security_is_refused_and_not_ready(settings: Settings, broken: str) -> None:
    message = "Row-level security is not in force"
    name = postgres.run_name(uuid4().hex[:8])
    url = postgres.clone(name)
    own = replace(settings, database_url=url)
    async with Database(own) as database:
        ready = Readiness(database)
        await ready()
        run(url, broken)
        with pytest.raises(DatabaseUnsuitable, match=message):
            await ready()
    with pytest.raises(DatabaseUnsuitable, match=message) as caught:
        async with Database(own):
            pass
    assert "\n" not in str(caught.value)
    postgres.drop(name)
