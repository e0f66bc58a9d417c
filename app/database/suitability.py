"""Checks that the owner's database can be migrated, before anything is created in it."""

from typing import Any

from app.database.errors import DatabaseUnsuitable
from app.database.self_check import OLDEST_VERSION

_STATE = """
SELECT current_user AS user, quote_ident(current_user) AS quoted, current_database() AS database,
       current_setting('server_version_num')::integer AS version, current_setting('server_encoding') AS encoding,
       current_schema() AS schema, current_setting('search_path') AS search_path,
       has_schema_privilege(to_regnamespace('public')::oid, 'CREATE')
       AND has_schema_privilege(to_regnamespace('public')::oid, 'USAGE') AS may_create
"""


async def require_suitable(owner: Any) -> None:
    """Checks that the database's version, encoding and privileges are suitable for migrations. Raises
    DatabaseUnsuitable otherwise; its message says what to do.
    """
    state = await owner.fetchrow(_STATE)
    user, database = state["user"], state["database"]
    if state["version"] < OLDEST_VERSION:
        raise DatabaseUnsuitable(
            f"PostgreSQL is version {state['version'] // 10_000}: {OLDEST_VERSION // 10_000} or newer is needed"
        )
    if state["encoding"] != "UTF8":
        raise DatabaseUnsuitable(
            f"The encoding of the database {database} is {state['encoding']}, which cannot hold every text: make one"
            " with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"
        )
    if not state["may_create"]:
        raise DatabaseUnsuitable(
            f"{user} may not make tables in the schema public of the database {database}: the owner of the schema or a"
            f" superuser has to run GRANT CREATE, USAGE ON SCHEMA public TO {state['quoted']}"
        )
    if state["schema"] != "public":
        raise DatabaseUnsuitable(
            f"ArcadiaCloud's tables are in the schema public, but the search_path of {user} is {state['search_path']}"
            f" and leads to {state['schema'] or 'no schema'}: leave it out of the URL, or run"
            f" ALTER ROLE {state['quoted']} SET search_path = public"
        )
