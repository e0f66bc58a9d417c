"""The two database roles that the application uses, and which logins may use them. Row-level security has a policy for
each (app/tables/migrations/policies.sql).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import asyncpg

from app.database.errors import DatabaseUnsuitable, first_line

TENANT: Final = "arcadia_tenant"
"""May read and change the rows of the tenant that the setting app.tenant_id names."""
PLATFORM: Final = "arcadia_platform"
"""May read and change the rows of all tenants, and the platform's own."""
ROLES: Final = (TENANT, PLATFORM)

_ATTEMPTS = 3
_SEPARATE_SET_OPTION_VERSION = 160000
"""From PostgreSQL 16 on, membership of a role and the right to SET ROLE to it are granted separately."""

_CURRENT_SETTINGS = """
SELECT array_agg(item) FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole, unnest(setconfig) AS item
WHERE r.rolname = $1 AND s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
"""


async def make_roles(owner: Any, logins: Mapping[str, Sequence[str]]) -> None:
    """Creates the roles, which are shared by all databases of a server, and grants each login its roles.

    Raises DatabaseUnsuitable, with the statements that a superuser must run, if the owner lacks the privilege.
    """
    for attempt in range(_ATTEMPTS):
        statements = await _missing(owner, logins)
        try:
            async with owner.transaction():
                for statement in statements:
                    await owner.execute(statement)
        except asyncpg.InsufficientPrivilegeError as error:
            user = await owner.fetchval("SELECT current_user")
            raise DatabaseUnsuitable(
                f"{user} may not make the roles of ArcadiaCloud ({first_line(error)}). A superuser has to run this"
                f" once, in this database: {'; '.join(statements)}; then run `arcadia migrate` again"
            ) from error
        except (asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError, asyncpg.InternalServerError):
            if attempt == _ATTEMPTS - 1:  # another process, migrating another database of the server, was faster
                raise
        else:
            return


async def _missing(owner: Any, logins: Mapping[str, Sequence[str]]) -> list[str]:
    """Returns the SQL statements that create the missing roles and grants."""
    existing = {row["rolname"]: row["rolsuper"] for row in await owner.fetch("SELECT rolname, rolsuper FROM pg_roles")}
    statements = [f"CREATE ROLE {role} NOLOGIN NOSUPERUSER NOBYPASSRLS" for role in ROLES if role not in existing]
    version = owner.get_server_version()
    has_set_option = version.major * 10_000 >= _SEPARATE_SET_OPTION_VERSION
    for login, roles in logins.items():
        if login not in existing:
            raise DatabaseUnsuitable(f"PostgreSQL has no login {login}: create it, then run `arcadia migrate`")
        if existing[login]:  # a superuser may use every role
            continue
        quoted = await owner.fetchval("SELECT quote_ident($1)", login)
        statements += [
            f"GRANT {role} TO {quoted}" + (" WITH INHERIT FALSE, SET TRUE" if has_set_option else "")
            for role in roles
            if role not in existing or not await _may_take(owner, login, role, has_set_option=has_set_option)
        ]
    database = await owner.fetchval("SELECT quote_ident(current_database())")
    may_stage = "SELECT has_database_privilege($1, current_database(), 'TEMPORARY')"
    statements += [
        f"GRANT TEMPORARY ON DATABASE {database} TO {role}"
        for role in ROLES
        if role in existing and not await owner.fetchval(may_stage, role)
    ]
    return statements


async def _may_take(owner: Any, login: str, role: str, *, has_set_option: bool) -> bool:
    may: bool = await owner.fetchval(
        "SELECT pg_has_role($1, $2, $3)", login, role, "SET" if has_set_option else "MEMBER"
    )
    return may


async def settings_of_login(owner: Any, login: str | None, needed: Mapping[str, str]) -> list[str]:
    """Returns the statements that give a login the settings it does not have yet."""
    current_settings = await owner.fetchval(_CURRENT_SETTINGS, login)
    quoted = await owner.fetchval("SELECT quote_ident($1)", login)
    return [
        f"ALTER ROLE {quoted} SET {name} = '{value}';"
        for name, value in needed.items()
        if f"{name}={value}" not in (current_settings or [])
    ]
