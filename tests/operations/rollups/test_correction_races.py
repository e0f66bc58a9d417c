"""Usage recorded while its month is rated, issued or corrected is either rated with it or recorded as a
change of it.
"""

import asyncio
from uuid import UUID

import pytest

from app.database import UnitOfWork
from app.operations.data_integrity import check
from app.operations.invoices import issue_invoice, verify_invoice, void_invoice
from tests.operations.given import Given
from tests.operations.month_queries import changes
from tests.operations.months import APRIL, JUNE, MAY, invoices, issue_last, meter, roll_up, subscribed, unbilled

HOURS = 24


@pytest.fixture
async def pilot(given: Given) -> UUID:
    given.clock.set(2026, 5, 2)
    await given.plan()
    _, deployment_id = await subscribed(given)
    await meter(given, deployment_id, "1488")
    return deployment_id


async def keep_metering(given: Given, deployment_id: UUID) -> None:
    for minute in range(HOURS):
        await meter(given, deployment_id, "1", 2026, 4, 2, 0, minute)


async def billed(given: Given) -> int:
    row = await given.row(
        "SELECT coalesce(sum(amount_cents), 0)::int AS cents FROM tenant_invoice_lines l"
        " JOIN tenant_invoices i ON i.id = l.invoice_id AND i.status <> 'VOID' WHERE l.kind = 'OVERAGE'"
    )
    return int(row["cents"])


async def test_usage_recorded_while_the_month_is_rated_and_issued(given: Given, pilot: UUID) -> None:
    async def close() -> None:
        await roll_up(given)
        await issue_last(given, issue_stale=True)

    await asyncio.gather(keep_metering(given, pilot), close())

    assert (await billed(given) < HOURS) == bool(await changes(given))
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    assert await billed(given) == HOURS
    assert await check(given.platform) == []


async def test_usage_recorded_while_the_invoice_is_voided_and_made_again(given: Given, pilot: UUID) -> None:
    async def close() -> None:
        for _ in range(4):
            await roll_up(given)
            await void_invoice(given.platform, invoice_id=await issue_last(given, issue_stale=True))
        await roll_up(given)
        await issue_last(given, issue_stale=True)

    await asyncio.gather(keep_metering(given, pilot), close())

    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    assert await billed(given) == HOURS
    assert await check(given.platform) == []


async def test_usage_recorded_while_the_month_is_corrected(given: Given, pilot: UUID) -> None:
    await roll_up(given)
    await issue_last(given)
    given.clock.set(2026, 6, 2)
    await asyncio.gather(keep_metering(given, pilot), roll_up(given, MAY), roll_up(given, MAY))
    given.clock.set(2026, 7, 2)
    await roll_up(given, JUNE)
    assert await billed(given) == HOURS
    assert await check(given.platform) == []


async def test_usage_recorded_while_the_month_is_closed_with_a_zero_amount(given: Given) -> None:
    given.clock.set(2026, 5, 2)
    await given.plan(base_price_cents=0)
    tenant_id, deployment_id = await subscribed(given)

    await asyncio.gather(meter(given, deployment_id, "1500"), roll_up(given))

    made = await invoices(given)
    due = [(tenant_id, month) for tenant_id, month, _ in await unbilled(given)]
    assert due == ([] if made else [(tenant_id, APRIL)])


@pytest.mark.parametrize("act", [issue_invoice, verify_invoice])
async def test_an_event_that_is_not_committed_yet_holds_up_the_issuing_and_nothing_else(
    given: Given, pilot: UUID, act: object
) -> None:
    """Two connections: one holds a shared lock on the month, the other issues the invoice."""
    await roll_up(given)
    (draft,) = await invoices(given)
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def ingest(unit: UnitOfWork) -> None:
        await unit.connection.execute("SELECT FROM billing_months FOR SHARE")
        begun.set()
        await go_on.wait()

    ingesting = asyncio.create_task(given.database.run_in_transaction(given.platform.principal.scope, ingest))
    await begun.wait()
    acting = asyncio.create_task(act(given.platform, invoice_id=draft["id"]))  # type: ignore[operator]  # either is one
    done, _ = await asyncio.wait([acting], timeout=0.5)
    assert bool(done) == (act is verify_invoice)
    go_on.set()
    await asyncio.gather(ingesting, acting)
