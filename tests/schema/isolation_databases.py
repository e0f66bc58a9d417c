"""One story told once, and databases that are copies of it: with every wall, with row-level security out, and with
acme alone, in which rival never was.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import msgspec
import psycopg
from psycopg import sql

from app.database import Database
from app.database.scope import Scope
from app.operations.calls.context import Context
from app.operations.credit_notes import CreditRequest, issue_credit_note
from app.operations.deployments import register_resource
from app.operations.dunning import hold_dunning
from app.operations.invoices import issue_invoice
from app.operations.rollups import roll_up_period, roll_up_run
from app.queue import Queue
from app.reads import GraphQLEngine
from app.schema.context import RequestContext
from app.schema.schema import schema
from app.settings import Settings
from app.tables.credit_notes import CreditReason
from app.tables.ids import new_id
from tests import postgres
from tests.clock import Clock
from tests.operations.given import Given
from tests.schema.example_data import ExampleData, create_example_data
from tests.schema.generated import Case, Pool

UNKNOWN = "019d4500-0000-7000-8000-000000000009"
WORDS = ["acme", "rival", "pilot", "bare", "tryout", "studio", "storage_50gb", "droplet_hours", "egress_gb"]
WORDS += [
    "CRN-2026-000001",
    "CRN-2026-000002",
    "INV-2026-000001",
    "INV-2026-000002",
    "INV-2026-000003",
    "digitalocean",
    "rivals-droplet",
    "x",
    "",
]
OWNED = """
SELECT relname FROM pg_class c JOIN pg_attribute a ON attrelid = c.oid
WHERE attname = 'tenant_id' AND relkind IN ('r', 'p') AND NOT relispartition
  AND relnamespace = 'public'::regnamespace
ORDER BY relname
"""
CURSORS = """{
    tenants { edges { cursor } } deployments { edges { cursor } } invoices { edges { cursor } }
    creditNotes { edges { cursor } }
}"""


@dataclass(frozen=True, slots=True)
class Unfiltered(Scope):
    """A scope that names no tenant to the compiler, which then filters nothing, but names the tenant to PostgreSQL's
    row-level security.
    """

    behind: UUID

    @property
    def setting(self) -> str:
        return str(self.behind)

    @property
    def is_platform(self) -> bool:
        return False


class IsolationDatabase:
    """The API over one of the databases of the isolation tests."""

    def __init__(self, given: Given, story: ExampleData) -> None:
        self.given = given
        self.story = story
        self.reads = GraphQLEngine(
            schema,
            lambda request: given.database.reading(request.scope),
            acquire_primary=lambda request: given.database.reading_written(request.scope),
        )

    def admin(self) -> Context:
        return self.given.admin(self.story.acme)

    async def answer(self, case: Case, caller: Context | None = None, *, filtered: bool = True) -> bytes:
        """Returns the response to acme's admin, or to the caller."""
        response = await self.reads.execute(case.text, case.variables, None, self.request(caller, filtered=filtered))
        return response.body

    def request(self, caller: Context | None = None, *, filtered: bool = True) -> RequestContext:
        request = RequestContext(caller or self.admin())
        if not filtered:
            request.scope = Unfiltered(None, self.story.acme)
        return request


@dataclass(frozen=True)
class IsolationDatabases:
    """`both_layers` and `filter_only` hold both tenants, the latter without row-level security; `alone` holds acme
    only.
    """

    both_layers: IsolationDatabase
    filter_only: IsolationDatabase
    alone: IsolationDatabase
    pool: Pool


@asynccontextmanager
async def isolation_databases(settings: Settings) -> AsyncIterator[IsolationDatabases]:
    """Yields three copies of the database with the test data; they are dropped at the end."""
    names = [postgres.run_name(f"{use}_{uuid4().hex[:8]}") for use in ("source", "both_layers", "filter_only", "alone")]
    source, *copies = names
    try:
        async with isolation_database(postgres.clone(source), settings, None) as first:
            pool = Pool(await _ids(first), [*WORDS, *await _cursors(first)])
        for name in copies:
            postgres.execute(postgres.server_url(), "CREATE DATABASE {} TEMPLATE {}", name, source)
        urls = [postgres.in_database(postgres.server_url(), name) for name in copies]
        _without_row_security(urls[1])
        _without(urls[2], first.story.rival)
        async with AsyncExitStack() as opened:
            both_layers, filter_only, alone = [
                await opened.enter_async_context(isolation_database(url, settings, first.story)) for url in urls
            ]
            yield IsolationDatabases(both_layers, filter_only, alone, pool)
    finally:
        for name in names:
            postgres.drop(name)


@asynccontextmanager
async def isolation_database(
    url: str, settings: Settings, story: ExampleData | None
) -> AsyncIterator[IsolationDatabase]:
    own = Settings(database_url=url, data_dir=settings.data_dir, database_pool_size=3, read_pool_size=3)
    clock = Clock()
    async with Database(own) as database, Queue(own) as queue:
        given = Given(database, clock, own, queue)
        if story is None:
            story = await create_example_data(given)
            await _create_rival(given, story)
            await _credit(given, story)
        clock.set(2026, 5, 1, 4)
        yield IsolationDatabase(given, story)


async def _create_rival(given: Given, story: ExampleData) -> None:
    await register_resource(
        given.platform,
        deployment_id=story.rivals_deployment,
        provider="digitalocean",
        external_id="rivals-droplet",
        resource_kind="droplet_hours",
        name="rivals-web",
    )
    for tenant_id, invoice_id in ((story.acme, story.invoice), (story.rival, story.rivals_invoice)):
        await hold_dunning(given.platform, tenant_id=tenant_id, until=date(2026, 6, 1), reason="promised to pay")
        await given.rows(
            "INSERT INTO dunning_steps (id, tenant_id, invoice_id, kind, days, taken_on, taken_at)"
            " VALUES ($1, $2, $3, 'NOTICE', 1, '2026-05-16', $4) RETURNING id",
            new_id(),
            tenant_id,
            invoice_id,
            given.clock(),
        )


async def _credit(given: Given, story: ExampleData) -> None:
    """A credit note on an invoice of each tenant."""
    march = date(2026, 3, 1)
    run = await roll_up_period(given.platform, period_start=march, tenant_ids=[story.rival])
    await roll_up_run(given.platform, run_id=run)
    rivals = await given.row("SELECT id FROM tenant_invoices WHERE period_start = $1", march)
    await issue_invoice(given.platform, invoice_id=rivals["id"])
    for invoice_id, cents in ((rivals["id"], 22), (story.invoice, 11)):
        request = CreditRequest(
            invoice_id=invoice_id, reason=CreditReason.GOODWILL, description="a slow week", gross_cents=cents
        )
        await issue_credit_note(given.platform, request)


async def _ids(source: IsolationDatabase) -> list[str]:
    """Returns ids of rows of each table and tenant (twice as many of rival's), and one id of no row."""
    with psycopg.connect(source.given.settings.database_url or "") as owner:
        tables = owner.execute(
            "SELECT table_name, count(*) FILTER (WHERE column_name = 'tenant_id') FROM information_schema.columns"
            " WHERE table_schema = 'public' AND column_name IN ('id', 'tenant_id') AND table_name !~ '^(saq|migration)'"
            " AND data_type = 'uuid' GROUP BY 1 HAVING count(*) FILTER (WHERE column_name = 'id') > 0 ORDER BY 1"
        ).fetchall()
        ids = [UNKNOWN]
        for table, owned in tables:
            tenant = sql.SQL("tenant_id" if owned else "id")
            statement = sql.SQL("SELECT id::text FROM {} WHERE {} = %s LIMIT %s")
            for tenant_id, most in ((source.story.acme, 1), (source.story.rival, 2)):
                found = owner.execute(statement.format(sql.Identifier(table), tenant), [tenant_id, most])
                ids += [row[0] for row in found.fetchall()]
    return [*ids, str(source.story.run), str(source.story.bill)]


async def _cursors(source: IsolationDatabase) -> list[str]:
    body = await source.reads.execute(CURSORS, None, None, RequestContext(source.given.platform))
    data: Mapping[str, Any] = msgspec.json.decode(body.body)["data"]
    return [edge["cursor"] for page in data.values() for edge in page["edges"]]


def _without_row_security(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as owner:
        # The probe's is what a process looks at as it starts.
        tables = "SELECT relname FROM pg_class WHERE relrowsecurity AND relname <> 'row_security_probe'"
        for (table,) in owner.execute(tables).fetchall():
            owner.execute(sql.SQL("ALTER TABLE {} DISABLE ROW LEVEL SECURITY").format(sql.Identifier(table)))


def _without(url: str, tenant_id: UUID) -> None:
    """Deletes all rows of a tenant, as if it had never existed."""
    with psycopg.connect(url) as owner:
        owner.execute("SET LOCAL session_replication_role = replica")
        for (table,) in owner.execute(OWNED).fetchall():
            owner.execute(sql.SQL("DELETE FROM {} WHERE tenant_id = %s").format(sql.Identifier(table)), [tenant_id])
        owner.execute("DELETE FROM tenants WHERE id = %s", [tenant_id])
