"""DigitalOcean bills as text, and imported."""

from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any
from uuid import UUID

from app.operations.calls.context import Context
from app.operations.costs import ImportOutcome, import_cloud_invoice
from app.operations.deployments import register_resource
from tests.operations.given import Given

HEADER = "product,group_description,description,hours,start,end,USD,project_name,category"
_APRIL = "2026-04-01 00:00:00 +0000,2026-05-01 00:00:00 +0000"


def row(
    description: str,
    amount: str,
    *,
    product: str = "Droplets",
    group: str = "",
    hours: str = "720",
    time: str = _APRIL,
) -> str:
    return f"{product},{group},{description},{hours},{time},{amount},arcadia,iaas"


def bill(*rows: str) -> str:
    return "\n".join([HEADER, *rows]) + "\n"


async def import_bill(context: Context, csv: str, **arguments: Any) -> ImportOutcome:
    """Imports a bill of DigitalOcean in USD, at one AUD for one USD, unless asked otherwise."""
    terms: dict[str, Any] = {
        "provider": "digitalocean",
        "external_id": "bill-1",
        "currency": "USD",
        "exchange_rate": Decimal(1),
    }
    return await import_cloud_invoice(context, file=BytesIO(csv.encode()), **(terms | arguments))


async def droplet(given: Given, deployment_id: UUID, name: str) -> None:
    """Registers a droplet that is alive from April 2026 on."""
    await register_resource(
        given.platform,
        deployment_id=deployment_id,
        provider="digitalocean",
        external_id=f"id of {name}",
        resource_kind="droplet_hours",
        name=name,
        created_at=datetime(2026, 4, 1, tzinfo=UTC),
    )
