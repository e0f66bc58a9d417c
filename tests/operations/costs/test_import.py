"""Bills in the database: rows that find their deployment, and those that find none."""

import asyncio
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from app.operations.costs import CloudInvoiceImported, import_cloud_invoice
from app.operations.deployments import register_resource
from app.operations.refusal import ProblemCode, Refusal
from tests.operations.costs.bills import bill, row
from tests.operations.given import Given


async def imported(given: Given, *rows: str, external_id: str = "bill-1", **asked: Any) -> CloudInvoiceImported:
    return await import_cloud_invoice(
        given.platform, provider="digitalocean", external_id=external_id, csv=bill(*rows), **asked
    )


async def resource(given: Given, deployment_id: UUID | None, external_id: str, name: str, **life: Any) -> UUID:
    return await register_resource(
        given.platform,
        deployment_id=deployment_id,
        provider="digitalocean",
        external_id=external_id,
        resource_kind="droplet_hours",
        name=name,
        **life,
    )


async def allocation(given: Given) -> list[tuple[str, UUID | None]]:
    rows = await given.rows("SELECT description, deployment_id FROM cloud_invoice_lines ORDER BY position")
    return [(line["description"], line["deployment_id"]) for line in rows]


async def test_rows_find_resources_by_name_or_external_id_and_the_rest_is_unallocated(given: Given) -> None:
    tenant_id = await given.tenant()
    deployment_id = await given.deployment(tenant_id)
    web = await resource(given, deployment_id, "4711", "web-1")
    await resource(given, deployment_id, "vol-9", "data")
    await resource(given, None, "lb-1", "shared-balancer")

    result = await imported(
        given,
        row("web-1 (s-1vcpu-2gb)", "$12.00"),
        row("vol-9", "$1.50", product="Volumes"),
        row("shared-balancer", "$10.00", product="Load Balancers"),
        row("web-2 (s-1vcpu-2gb)", "$12.00"),
        row("GST", "$3.55", product="Taxes", hours=""),
        row("web-1 (s-1vcpu-2gb)", "-$2.00", product="Credits"),
    )

    assert result == (result.cloud_invoice_id, 1150, 2555)
    assert [found for _, found in await allocation(given)] == [
        deployment_id,
        deployment_id,
        None,
        None,
        None,
        deployment_id,
    ]
    invoice = await given.row("SELECT * FROM cloud_invoices")
    names = ("provider", "external_id", "period_start", "period_end", "currency", "exchange_rate", "total_cents")
    assert tuple(invoice[name] for name in names) == (
        "digitalocean",
        "bill-1",
        date(2026, 4, 1),
        date(2026, 5, 1),
        "USD",
        Decimal(1),
        3705,
    )
    line = await given.row("SELECT * FROM cloud_invoice_lines WHERE position = 1")
    matched = ("tenant_id", "cloud_resource_id", "resource_kind", "hours", "month", "category")
    assert tuple(line[name] for name in matched) == (
        tenant_id,
        web,
        "droplet_hours",
        Decimal(720),
        date(2026, 4, 1),
        "iaas",
    )


async def test_a_name_used_again_means_the_resource_that_lived_then(given: Given) -> None:
    tenant_id = await given.tenant()
    old = await given.deployment(tenant_id, "old")
    new = await given.deployment(tenant_id, "new")
    other = await given.deployment(tenant_id, "other")
    await resource(given, old, "1", "web", created_at=datetime(2026, 1, 1, tzinfo=UTC))
    async with given.database.unit_of_work(given.platform.principal.scope) as unit:
        await unit.connection.execute(
            "UPDATE cloud_resources SET destroyed_at = '2026-04-01+00' WHERE external_id = '1'"
        )
    await resource(given, new, "2", "web", created_at=datetime(2026, 4, 1, tzinfo=UTC))
    await resource(given, old, "3", "twin", created_at=datetime(2026, 3, 1, tzinfo=UTC))
    await resource(given, other, "4", "twin", created_at=datetime(2026, 3, 1, tzinfo=UTC))
    await resource(given, other, "5", "late", created_at=datetime(2026, 5, 1, tzinfo=UTC))
    march = "2026-03-01 00:00:00 +0000,2026-04-01 00:00:00 +0000"

    await imported(
        given, row("web", "$1"), row("web", "$1", time=march), row("twin", "$1"), row("late (s-1vcpu-2gb)", "$1")
    )

    assert await allocation(given) == [("web", new), ("web", old), ("twin", None), ("late (s-1vcpu-2gb)", other)]


async def test_another_providers_resource_is_not_meant(given: Given) -> None:
    deployment_id = await given.deployment(await given.tenant())
    await register_resource(
        given.platform,
        deployment_id=deployment_id,
        provider="elsewhere",
        external_id="1",
        resource_kind="droplet_hours",
        name="web-1",
    )
    assert (await imported(given, row("web-1", "$1"))).allocated_cents == 0


async def test_the_same_bill_twice_or_at_once_is_imported_once(given: Given) -> None:
    results = await asyncio.gather(*(imported(given, row("web-1", "$12.00")) for _ in range(5)), return_exceptions=True)
    refused = [result for result in results if isinstance(result, Refusal)]
    assert [(refusal.code, refusal.path) for refusal in refused] == [(ProblemCode.CONFLICT, ("externalId",))] * 4
    assert len(await given.rows("SELECT FROM cloud_invoice_lines")) == 1
    assert (await imported(given, row("web-1", "$12.00"), external_id="bill-2")).unallocated_cents == 1200


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ({"external_id": " "}, ("externalId",)),
        ({"currency": "AUD"}, ("currency",)),
        ({"exchange_rate": Decimal(0)}, ("exchangeRate",)),
        ({"exchange_rate": Decimal("NaN")}, ("exchangeRate",)),
        ({"exchange_rate": Decimal(-1)}, ("exchangeRate",)),
        ({"csv": bill(row("a", "$1"), row("b", "one"))}, ("csv",)),
    ],
)
async def test_what_cannot_be_imported_writes_nothing(
    given: Given, asked: dict[str, Any], path: tuple[str, ...]
) -> None:
    bill_of_one: dict[str, Any] = {"provider": "digitalocean", "external_id": "b", "csv": bill(row("a", "$1"))}
    with pytest.raises(Refusal) as refused:
        await import_cloud_invoice(given.platform, **{**bill_of_one, **asked})
    assert (refused.value.code, refused.value.path) == (ProblemCode.VALIDATION_FAILED, path)
    assert await given.rows("SELECT FROM cloud_invoices") == []


async def test_only_the_platform_imports(given: Given) -> None:
    tenant_id = await given.tenant()
    with pytest.raises(Refusal) as refused:
        await import_cloud_invoice(given.admin(tenant_id), provider="d", external_id="b", csv="")
    assert refused.value.code is ProblemCode.PERMISSION_DENIED
