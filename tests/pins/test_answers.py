"""The bytes of the answers to the benchmark's documents, and pages by committed cursors.

The database holds three tenants of the benchmark's seed, and its large one.
"""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from app.database import Database
from app.operations.calls.principal import Principal, Role
from app.reads import GraphQLEngine
from app.schema.schema import schema
from app.settings import Settings
from bench.reads.workload import DOCUMENTS, HERE, tenant_id
from tests import postgres
from tests.reads.compiled import Caller

TENANTS = 3
ANSWERS = Path(__file__).with_name("answers")
DEPLOYMENTS = "query ($after: String) { deployments(first: 2, after: $after) { edges { cursor node { slug } } } }"
INVOICES = "query ($before: String) { invoices(last: 1, before: $before) { edges { cursor node { number } } } }"


@pytest.fixture(scope="module")
async def seeded(worker_database_url: str) -> AsyncIterator[GraphQLEngine]:
    assert worker_database_url  # the template is migrated by then
    name = postgres.run_name(f"pins_{uuid4().hex[:8]}")
    url = postgres.clone(name)
    owner: Any = await asyncpg.connect(url)
    await owner.execute("SELECT set_config('bench.tenants', $1, false)", str(TENANTS))
    await owner.execute((HERE / "seed.sql").read_text(encoding="utf-8"))
    await owner.close()
    async with Database(Settings(database_url=url, database_pool_size=1, read_pool_size=2)) as database:
        yield GraphQLEngine(schema, lambda request: database.reading(request.scope))
    postgres.drop(name)


async def answer(reads: GraphQLEngine, number: int, text: str, **variables: str) -> bytes:
    caller = Caller(Principal("ada", frozenset({Role.TENANT_ADMIN}), UUID(tenant_id(number))))
    return (await reads.execute(text, variables, None, caller)).body


@pytest.mark.parametrize(("document", "tenant"), [("R1", 1), ("R2", 1), ("R3", TENANTS + 1)])
async def test_the_bytes_of_an_answer(seeded: GraphQLEngine, document: str, tenant: int) -> None:
    text = (DOCUMENTS / f"{document}.graphql").read_text(encoding="utf-8")
    committed = (ANSWERS / f"{document}.json").read_bytes()
    assert await answer(seeded, tenant, text, tenant=tenant_id(tenant)) == committed


async def test_a_committed_cursor_leads_to_the_same_page_of_deployments(seeded: GraphQLEngine) -> None:
    """The committed cursor contains the slug app-02-0001 and the id of its row."""
    kept = "WyJhcHAtMDItMDAwMSIsICIwMTlkNDUwMC0wMDA3LTcwMDAtODAwMC0wMDAwMDAwMDAwNjYiXQ=="
    page = json.loads(await answer(seeded, 1, DEPLOYMENTS, after=kept))["data"]["deployments"]["edges"]
    assert [(edge["node"]["slug"], edge["cursor"]) for edge in page] == [
        ("app-03-0001", "WyJhcHAtMDMtMDAwMSIsICIwMTlkNDUwMC0wMDA3LTcwMDAtODAwMC0wMDAwMDAwMDAwNjciXQ=="),
        ("app-04-0001", "WyJhcHAtMDQtMDAwMSIsICIwMTlkNDUwMC0wMDA3LTcwMDAtODAwMC0wMDAwMDAwMDAwNjgiXQ=="),
    ]


async def test_a_committed_cursor_leads_to_the_same_page_of_invoices(seeded: GraphQLEngine) -> None:
    """The committed cursor contains the month 2026-02-01 and the id of its row; the latest month comes first."""
    kept = "WyIyMDI2LTAyLTAxIiwgIjAxOWQ0NTAwLTAwMGQtNzAwMC04MDAwLTAwMDAwMDAwMDAwYyJd"
    page = json.loads(await answer(seeded, 1, INVOICES, before=kept))["data"]["invoices"]["edges"]
    assert page == [
        {
            "cursor": "WyIyMDI2LTAzLTAxIiwgIjAxOWQ0NTAwLTAwMGQtNzAwMC04MDAwLTAwMDAwMDAwMDAwZCJd",
            "node": {"number": "INV-2026-000009"},
        }
    ]
