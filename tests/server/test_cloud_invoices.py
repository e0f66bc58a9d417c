"""POST /cloud-invoices: a provider's bill as a file."""

from collections.abc import AsyncIterator

import httpx
import pytest

from app.database import Database
from app.settings import Settings
from tests.clock import Clock
from tests.operations.costs.bills import bill, row
from tests.server.house import house

APRIL = {"provider": "digitalocean", "externalId": "2026-04", "currency": "USD", "exchangeRate": "1.5"}


@pytest.fixture
async def admin(database: Database, settings: Settings, clock: Clock) -> AsyncIterator[httpx.AsyncClient]:
    """The client of a platform admin."""
    async with house(database.settings, clock) as served, served.client(content_type="text/csv") as client:
        yield client


@pytest.mark.xfail(strict=True, reason="API-B5")
async def test_a_bill_of_2600_rows_is_imported(admin: httpx.AsyncClient) -> None:
    csv = bill(*(row(f"web-{number} (s-1vcpu-2gb)", "$12.00") for number in range(2_600)))
    answer = await admin.post("/cloud-invoices", params=APRIL, content=csv)
    assert (answer.status_code, answer.json()["rows"]) == (201, 2_600)
