"""The provider's monthly bill for the droplets of a seeded cloud."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from io import BytesIO

from app.cli.seeding.seed_calls import SeedState
from app.cli.seeding.seed_tenants import PROVIDER, droplet_name
from app.operations.costs import import_cloud_invoice

_HEADER = "product,group_description,description,hours,start,end,USD,project_name,category"
_USD_AN_HOUR = Decimal("0.00893")
_SHARED_USD_AN_HOUR = Decimal("0.0893")


async def import_bill_of_month(state: SeedState, month: date, end: date) -> None:
    """Imports the bill of a month: a row for each droplet, and one for what all share."""
    exchange_rate = Decimal(state.random.randint(1480, 1580)).scaleb(-3)
    text = "\n".join([_HEADER, *_rows(state, month, end)]) + "\n"
    await import_cloud_invoice(
        state.operator,
        provider=PROVIDER,
        external_id=f"{month:%Y-%m}",
        file=BytesIO(text.encode()),
        currency="USD",
        exchange_rate=exchange_rate,
    )


def _rows(state: SeedState, month: date, end: date) -> Iterator[str]:
    for tenant in state.tenants:
        for deployment in tenant.deployments:
            first, last = max(month, deployment.seeded.created_on), min(end, tenant.seeded.leaves_on or end)
            if first < last:
                for droplet in range(1, deployment.seeded.droplets + 1):
                    name = droplet_name(deployment.key, droplet)
                    yield _row("Droplets", f"{name} (s-1vcpu-2gb)", first, last, _USD_AN_HOUR)
    yield _row("Managed Databases", "shared-postgresql", month, end, _SHARED_USD_AN_HOUR)


def _row(product: str, description: str, first: date, last: date, usd_an_hour: Decimal) -> str:
    hours = 24 * (last - first).days
    start, end = (f"{datetime.combine(day, time(), UTC):%Y-%m-%d %H:%M:%S %z}" for day in (first, last))
    return f"{product},,{description},{hours},{start},{end},{hours * usd_an_hour},arcadia,iaas"
