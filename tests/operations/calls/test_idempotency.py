"""Stored outcomes: every operation's result is restored unchanged."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from app.billing import Aggregation
from app.database import PLATFORM, Database, UnitOfWork
from app.operations import invoices, rollups
from app.operations.calls.call import Call, RequestMetadata
from app.operations.calls.context import Context
from app.operations.calls.transaction import transact
from app.operations.catalog import define_resource_kind
from app.operations.usage import MeteredEvent, record_usage
from app.queue import Queue
from app.settings import Settings
from app.tables.tenants import Tenants
from tests.clock import Clock
from tests.operations.costs.bills import import_bill
from tests.operations.given import Given
from tests.schema.conftest import queue
from tests.schema.example_data import BILL, ExampleData, create_example_data

__all__ = ["queue"]


@pytest.fixture
def given(database: Database, clock: Clock, settings: Settings, queue: Queue) -> Given:
    return Given(database, clock, settings, queue)


def calling(context: Context, key: str = "k") -> Context:
    return replace(context, call=Call("test", "test", None, RequestMetadata(idempotency_key=key, fingerprint=key)))


OPERATIONS: dict[str, Callable[[Context, ExampleData], Awaitable[Any]]] = {
    "text": lambda context, _: define_resource_kind(
        context, code="gpu_hours", unit="hour", aggregation=Aggregation.SUM, description=""
    ),
    "id": lambda context, _: rollups.roll_up_period(context, period_start=date(2026, 3, 1)),
    "amounts": lambda context, _: import_bill(context, BILL, external_id="kept"),
    "verification": lambda context, story: invoices.verify_invoice(context, invoice_id=story.invoice),
    "rejections": lambda context, story: record_usage(
        context,
        events=[
            MeteredEvent(
                id=f"e{quantity}",
                source="api",
                deployment_id=story.deployment,
                resource_kind="egress_gb",
                quantity=Decimal(quantity),
                occurred_at=context.clock(),
            )
            for quantity in (-1, 1)
        ],
    ),
}


async def test_results_are_restored_as_they_were(given: Given) -> None:
    story = await create_example_data(given)
    for name, operation in OPERATIONS.items():
        first = await operation(calling(given.platform, name), story)
        before = await given.contents()  # the key's row is in it
        assert await operation(calling(given.platform, name), story) == first, name
        assert await given.contents() == before, name


async def test_each_transaction_of_a_call_has_its_own_outcome(given: Given) -> None:
    async def operation(context: Context) -> list[int]:
        async def one(_unit: UnitOfWork) -> int:
            return 1

        async def two(_unit: UnitOfWork) -> int:
            return 2

        return [await transact(context, one, int), await transact(context, two, int)]

    assert await operation(calling(given.platform)) == [1, 2]
    assert await operation(calling(given.platform)) == [1, 2]


async def test_a_call_names_the_type_of_its_result(given: Given) -> None:
    async def work(_unit: UnitOfWork) -> int:
        return 1

    without_key = replace(given.platform, call=Call("test", "test", None, RequestMetadata()))
    for context in (calling(given.platform), without_key):
        with pytest.raises(TypeError, match="test has a transaction without a type of result"):
            await transact(context, work)
    assert await transact(given.platform, work) == 1


async def test_an_attempt_takes_back_what_it_wrote_and_what_was_to_follow(given: Given) -> None:
    await given.tenant("acme")
    rung: list[str] = []

    async def ring(name: str) -> None:
        rung.append(name)

    async with given.database.unit_of_work(PLATFORM) as unit:
        unit.after_commit(lambda: ring("kept"))
        with pytest.raises(ValueError, match="no"):
            async with unit.attempt():
                await Tenants.update({Tenants.name: "Other"}, force=True)
                unit.after_commit(lambda: ring("taken back"))
                raise ValueError("no")
    assert rung == ["kept"]
    assert (await given.row("SELECT name FROM tenants"))["name"] == "Acme"
