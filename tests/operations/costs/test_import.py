"""Bills in the database: rows that find their deployment, and those that find none."""

import asyncio
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.costs import ImportOutcome
from app.operations.deployments import register_resource
from tests.operations.costs.bills import bill, import_bill, row
from tests.operations.given import Given


async def imported(given: Given, *rows: str, external_id: str = "bill-1", **arguments: Any) -> ImportOutcome:
    return await import_bill(given.platform, bill(*rows), external_id=external_id, **arguments)


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

    assert result == (result.cloud_invoice_id, 1150, 2555, 6, ())
    found = [deployment for _, deployment in await allocation(given)]
    assert found == [deployment_id, deployment_id, None, None, None, deployment_id]
    invoice = await given.row("SELECT * FROM cloud_invoices")
    names = (
        *("provider", "external_id", "period_start", "period_end", "currency", "exchange_rate", "total_cents"),
        *("allocated_cents", "reporting_currency", "imported_by", "matched_by", "withdrawn_at"),
    )
    assert tuple(invoice[name] for name in names) == (
        "digitalocean",
        "bill-1",
        date(2026, 4, 1),
        date(2026, 5, 1),
        "USD",
        Decimal(1),
        3705,
        1150,
        "AUD",
        "platform_admin@example.com",
        "platform_admin@example.com",
        None,
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


@pytest.fixture
async def deployments(given: Given) -> tuple[UUID, UUID]:
    tenant_id = await given.tenant()
    return await given.deployment(tenant_id, "first"), await given.deployment(tenant_id, "second")


def at(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=UTC)  # type: ignore[misc, arg-type]  # the zone is by name


def span(start: str, end: str) -> str:
    return f"2026-{start}:00 +0000,2026-{end}:00 +0000"


async def ended(given: Given, resource_id: UUID, *moment: int) -> None:
    await given.rows(
        "UPDATE cloud_resources SET destroyed_at = $2 WHERE id = $1 RETURNING id", resource_id, at(*moment)
    )


async def test_a_name_used_twice_one_after_the_other_belongs_to_each_in_its_time(
    given: Given, deployments: tuple[UUID, UUID]
) -> None:
    first, second = deployments
    await ended(given, await resource(given, first, "1", "web", created_at=at(2026, 1, 1)), 2026, 4, 16)
    await resource(given, second, "2", "web", created_at=at(2026, 4, 16))
    times = [
        (span("03-01 00:00", "04-01 00:00"), first),
        (span("04-01 00:00", "04-16 00:00"), first),
        (span("04-16 00:00", "05-01 00:00"), second),
        (span("04-15 23:59", "04-16 00:01"), None),  # both were alive
        (span("04-16 00:00", "04-16 00:00"), second),  # an instant
        (span("04-15 23:59", "04-15 23:59"), first),
    ]
    await imported(given, *(row("web (s-1vcpu-2gb)", "$1", time=time) for time, _ in times))
    assert [found for _, found in await allocation(given)] == [deployment for _, deployment in times]


async def test_a_moved_resource_belongs_to_the_deployment_it_was_in_when_the_row_starts(
    given: Given, deployments: tuple[UUID, UUID]
) -> None:
    first, second = deployments
    before = await resource(given, first, "4711", "web", created_at=at(2026, 4, 1))
    await ended(given, before, 2026, 4, 10)
    after = await resource(given, second, "4711", "web", created_at=at(2026, 4, 10))
    times = [
        (span("04-01 00:00", "04-10 00:00"), before),
        (span("04-01 00:00", "05-01 00:00"), before),  # it spans the move
        (span("03-20 00:00", "05-01 00:00"), before),  # and starts before the resource
        (span("04-10 00:00", "05-01 00:00"), after),
    ]
    for name in ("4711", "web"):
        bill_id = f"bill-{name}"
        await imported(given, *(row(name, "$1", time=time) for time, _ in times), external_id=bill_id)
        rows = await given.rows(
            "SELECT l.cloud_resource_id, l.deployment_id FROM cloud_invoice_lines l"
            " JOIN cloud_invoices b ON b.id = l.cloud_invoice_id WHERE b.external_id = $1 ORDER BY l.position",
            bill_id,
        )
        owners = {before: first, after: second}
        assert [tuple(found.values()) for found in rows] == [(owner, owners[owner]) for _, owner in times]


async def test_the_providers_id_goes_before_the_exact_name_and_that_before_the_name_without_the_size(
    given: Given, deployments: tuple[UUID, UUID]
) -> None:
    first, second = deployments
    created = {"created_at": at(2026, 4, 1)}
    await resource(given, first, "web", "by-id", **created)
    await resource(given, second, "1", "web", **created)
    await resource(given, first, "2", "data (50 GB)", **created)
    await resource(given, second, "3", "data", **created)
    await imported(given, row("web", "$1"), row("data (50 GB)", "$1"), row("data (10 GB)", "$1"))
    assert [found for _, found in await allocation(given)] == [first, first, second]


async def test_a_resource_of_another_time_leaves_the_name_to_the_next_rule(
    given: Given, deployments: tuple[UUID, UUID]
) -> None:
    first, second = deployments
    await ended(given, await resource(given, first, "web", "old", created_at=at(2026, 1, 1)), 2026, 3, 1)
    await resource(given, second, "1", "web", created_at=at(2026, 4, 1))
    await imported(given, row("web", "$1"))
    assert await allocation(given) == [("web", second)]


async def test_a_name_of_several_deployments_at_one_time_matches_none(
    given: Given, deployments: tuple[UUID, UUID]
) -> None:
    first, second = deployments
    created = {"created_at": at(2026, 4, 1)}
    await resource(given, first, "1", "twin", **created)
    await resource(given, second, "2", "twin", **created)
    await resource(given, first, "3", "pair", **created)
    await resource(given, first, "4", "pair", **created)
    await resource(given, first, "5", "half", **created)
    await resource(given, None, "6", "half", **created)
    await imported(given, row("twin", "$1"), row("pair", "$1"), row("half", "$1"))
    assert await allocation(given) == [("twin", None), ("pair", first), ("half", None)]


async def test_a_resource_registered_after_the_bill_counts_and_a_destroyed_one_does_not(
    given: Given, deployments: tuple[UUID, UUID]
) -> None:
    first, second = deployments
    await resource(given, first, "1", "later", created_at=at(2026, 5, 1))
    await ended(given, await resource(given, second, "2", "gone", created_at=at(2026, 1, 1)), 2026, 4, 1)
    await resource(given, first, "3", "twin", created_at=at(2026, 5, 1))
    await resource(given, second, "4", "twin", created_at=at(2026, 5, 2))
    await imported(given, row("later (s-1vcpu-2gb)", "$1"), row("gone", "$1"), row("twin", "$1"))
    assert [found for _, found in await allocation(given)] == [first, None, None]


async def test_amounts_are_kept_exactly_and_the_sums_are_rounded_once(given: Given) -> None:
    await resource(given, await given.deployment(await given.tenant()), "1", "web-1")
    rows = [row("web-1", "$0.004")] * 1000 + [row("other", "$0.0049")]
    result = await imported(given, *rows)
    assert (result.allocated_cents, result.unallocated_cents) == (400, 0)
    invoice = await given.row("SELECT total_cents, allocated_cents FROM cloud_invoices")
    assert invoice == {"total_cents": 400, "allocated_cents": 400}
    lines = await given.row(
        "SELECT count(*) AS lines, sum(exact_cents) AS exact, sum(amount_cents) AS shown FROM cloud_invoice_lines"
    )
    assert lines == {"lines": 1001, "exact": Decimal("400.49"), "shown": 0}


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


async def test_rows_are_counted_on_over_the_blocks_in_which_they_are_read(given: Given) -> None:
    """The row numbers continue over the blocks, and progress is reported after each block."""
    progress_reports: list[tuple[int, int]] = []
    rows = [row(f"web-{number}", "$0.01") for number in range(1_001)]
    result = await imported(given, *rows, progress=lambda done, total: progress_reports.append((done, total)))
    assert (result.rows, result.unallocated_cents) == (1_001, 1_001)
    assert progress_reports == [(500, 1_001), (1_000, 1_001), (1_001, 1_001)]
    found = await given.rows("SELECT position, description FROM cloud_invoice_lines ORDER BY position")
    assert [tuple(line.values()) for line in found] == [(at + 1, f"web-{at}") for at in range(1_001)]
