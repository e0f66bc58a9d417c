"""Makes transactions fail in several ways."""

import asyncpg

from app.database.database import Database
from app.database.scope import PLATFORM
from app.database.unit_of_work import UnitOfWork


async def fail_to_commit(database: Database) -> None:
    """Makes COMMIT itself fail, by violating a deferred constraint, which is checked only then."""
    async with database.unit_of_work(PLATFORM) as unit:
        await unit.connection.execute(
            "CREATE TEMPORARY TABLE doubtful (n int UNIQUE DEFERRABLE INITIALLY DEFERRED) ON COMMIT DROP"
        )
        await unit.connection.execute("INSERT INTO doubtful VALUES (1), (1)")


async def die_at_commit(unit: UnitOfWork) -> None:
    """Ends the server process in the middle of COMMIT, so that the client cannot know whether it was committed."""
    await unit.connection.execute(
        """
        CREATE TEMPORARY TABLE doomed (n int) ON COMMIT DROP;
        CREATE FUNCTION pg_temp.die() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN SET ROLE NONE; PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END';
        CREATE CONSTRAINT TRIGGER die AFTER INSERT ON doomed DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION pg_temp.die();
        INSERT INTO doomed VALUES (1)
        """
    )


def past_the_pooler(database: Database) -> str:
    """The owner's URL, which leads to PostgreSQL itself."""
    return str(database.settings.owner_database_url or database.settings.database_url)


async def kill_backend_of(unit: UnitOfWork, database: Database) -> None:
    """Ends the unit's backend as an administrator or a crash would, from a connection of its own."""
    process = await unit.connection.fetchval("SELECT pg_backend_pid()")  # the driver is told a pooler's
    killer = await asyncpg.connect(past_the_pooler(database))
    try:
        await killer.fetchval("SELECT pg_terminate_backend($1, 5000)", process)
    finally:
        await killer.close()
