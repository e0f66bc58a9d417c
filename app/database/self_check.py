"""Checks that a process's connections are set up as tenant isolation requires: when it starts, and in /ready."""

import json
import logging
from typing import Any
from uuid import uuid4

import asyncpg

from app.database.connect import timeouts
from app.database.errors import DatabaseNotMigrated, DatabaseUnsuitable
from app.database.roles import PLATFORM
from app.settings import Settings

OLDEST_VERSION = 150000

_SESSION = """
SELECT session_user AS login, current_user AS role, current_setting('TimeZone') AS zone,
       current_setting('server_version_num')::integer AS version, current_setting('server_encoding') AS encoding,
       (SELECT json_object_agg(name, extract(epoch FROM current_setting(name)::interval)::integer)
        FROM unnest($1::text[]) AS name)::text AS timeouts
"""
# Reads a row of a tenant that does not exist. It has a parameter to show that statements with parameters work, which
# some poolers break.
_VISIBLE = "SELECT count(*) FROM row_security_probe WHERE id <> $1"
# A login that can take another role can disable row-level security, whichever role its connections have now.
_BYPASSES_ROW_SECURITY = """
SELECT session_user AS login, r.rolname AS role,
       CASE WHEN r.rolsuper THEN 'a superuser'
            WHEN r.rolbypassrls THEN 'a role that bypasses row-level security'
            WHEN r.oid = owners.oid THEN 'the owner of the tables'
            ELSE 'a role that can make itself one of these' END AS what
FROM pg_roles r
LEFT JOIN (SELECT DISTINCT relowner AS oid FROM pg_class
           WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')) AS owners ON owners.oid = r.oid
WHERE pg_has_role(session_user, r.oid, 'MEMBER')
  AND (r.rolsuper OR r.rolbypassrls OR r.oid = owners.oid
       OR r.rolcreaterole AND current_setting('server_version_num')::integer < 160000
       OR r.rolname IN ('pg_execute_server_program', 'pg_write_server_files'))
ORDER BY r.rolname <> session_user, r.rolname
LIMIT 1
"""

logger = logging.getLogger(__name__)


async def check_session(connection: Any, settings: Settings, role: str) -> None:
    """Raises DatabaseUnsuitable for a session without the settings that this process requires, DatabaseNotMigrated if
    the schema is missing.
    """
    expected = timeouts(settings)
    state = await connection.fetchrow(_SESSION, list(expected))
    if faults := _faults(state, role, expected):
        raise DatabaseUnsuitable(
            f"Connections of the login {state['login']} do not have the settings that ArcadiaCloud requires:"
            f" {'; '.join(faults)}."
            " Behind a pooler run the statements that `arcadia migrate` prints"
        )
    try:
        visible = await connection.fetchval(_VISIBLE, uuid4())
    except (asyncpg.UndefinedTableError, asyncpg.InsufficientPrivilegeError) as error:
        raise DatabaseNotMigrated("The database has no schema yet, or a part of it: run `arcadia migrate`") from error
    if visible != (1 if role == PLATFORM else 0):
        raise DatabaseUnsuitable("Row-level security is not in force as `arcadia migrate` sets it up: run it again")


def _faults(state: Any, role: str, expected: dict[str, int]) -> list[str]:
    faults = []
    if state["role"] != role:
        faults.append(f"the role is {state['role']}, not {role}")
    if state["encoding"] != "UTF8":
        faults.append(f"the database's encoding is {state['encoding']}, not UTF8")
    if state["version"] < OLDEST_VERSION:
        faults.append(f"PostgreSQL is version {state['version'] // 10_000}, not {OLDEST_VERSION // 10_000} or newer")
    if state["zone"] != "UTC":
        faults.append(f"TimeZone is {state['zone']}, not UTC")
    timeouts_in_force = json.loads(state["timeouts"])
    faults += [
        f"{name} is {timeouts_in_force[name]} s, not {seconds} s"
        for name, seconds in expected.items()
        if timeouts_in_force[name] != seconds
    ]
    return faults


async def check_login(connection: Any, settings: Settings) -> None:
    """Checks that the login cannot disable row-level security: raises DatabaseUnsuitable in production, and logs a
    warning elsewhere. The embedded PostgreSQL has only such a login.
    """
    if settings.database_url is None:
        return
    bypass = await connection.fetchrow(_BYPASSES_ROW_SECURITY)
    if bypass is None:
        return
    message = (
        f"The database's login {bypass['login']} can act as {bypass['role']}, {bypass['what']}, and so take row-level"
        " security off: serve with a login of its own in ARCADIA_DATABASE_URL, and give the owner's in"
        " ARCADIA_OWNER_DATABASE_URL to `arcadia migrate`"
    )
    if settings.production:
        raise DatabaseUnsuitable(message)
    logger.warning("%s. In production the process does not start with this.", message)
