"""Bills matched again and withdrawn: what changes, what stays, and that no amount is lost in any order."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import hypothesis
import pytest
from hypothesis import strategies as st

from app.operations import data_integrity
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.costs import margin, rematch_cloud_invoice, withdraw_cloud_invoice
from app.operations.costs.bill_rows import round_cents
from tests.cleaning import Cleaner
from tests.operations.costs.bills import bill, droplet, import_bill, row
from tests.operations.given import Given
from tests.operations.months import APRIL, MAY

AMOUNTS = "SELECT position, exact_cents, amount_cents, month FROM cloud_invoice_lines ORDER BY position"
MATCHES = "SELECT description, deployment_id, matched_by, unallocated_reason FROM cloud_invoice_lines ORDER BY position"


async def refusal(given: Given, operation: Any, caller: Any = None, **arguments: Any) -> tuple[ProblemCode, str]:
    """The code and the path of a refusal that wrote nothing."""
    before = await given.contents()
    with pytest.raises(Refusal) as refused:
        await operation(caller or given.platform, **arguments)
    assert await given.contents() == before
    return refused.value.code, ".".join(refused.value.path)


async def test_matching_again_finds_what_was_registered_since(given: Given) -> None:
    deployment_id = await given.deployment(await given.tenant())
    await droplet(given, deployment_id, "web-1")
    imported = await import_bill(given.platform, bill(row("web-1", "$1.004"), row("web-2", "$2.004"), row("GST", "$3")))
    amounts = await given.rows(AMOUNTS)
    await droplet(given, deployment_id, "web-2")
    given.clock.set(2026, 6, 1)
    progress_reports: list[tuple[int, int]] = []
    rematched = await rematch_cloud_invoice(
        given.platform,
        cloud_invoice_id=imported.cloud_invoice_id,
        progress=lambda done, total: progress_reports.append((done, total)),
    )
    assert rematched == (imported.cloud_invoice_id, 1, 301, 300)
    assert progress_reports == [(3, 3)]
    assert [tuple(line.values()) for line in await given.rows(MATCHES)] == [
        ("web-1", deployment_id, "NAME", None),
        ("web-2", deployment_id, "NAME", None),
        ("GST", None, None, "UNKNOWN_NAME"),
    ]
    assert await given.rows(AMOUNTS) == amounts
    invoice = await given.row("SELECT total_cents, allocated_cents, created_at, matched_at FROM cloud_invoices")
    assert (invoice["total_cents"], invoice["allocated_cents"]) == (601, 301)
    assert invoice["matched_at"] == datetime(2026, 6, 1, tzinfo=UTC) > invoice["created_at"]


async def test_matching_again_takes_a_match_away_as_an_import_would(given: Given) -> None:
    tenant_id = await given.tenant()
    first, second = await given.deployment(tenant_id, "first"), await given.deployment(tenant_id, "second")
    await droplet(given, first, "web")
    imported = await import_bill(given.platform, bill(*[row("web", "$0.01")] * 501))
    assert imported.allocated_cents == 501
    await given.rows(
        "INSERT INTO cloud_resources SELECT gen_random_uuid(), tenant_id, $1, provider, 'other', resource_kind, name,"
        " created_at FROM cloud_resources RETURNING id",
        second,
    )
    rematched = await rematch_cloud_invoice(given.platform, cloud_invoice_id=imported.cloud_invoice_id)
    assert tuple(rematched)[1:] == (501, 0, 501)
    again = await rematch_cloud_invoice(given.platform, cloud_invoice_id=imported.cloud_invoice_id)
    assert tuple(again)[1:] == (0, 0, 501)


async def test_a_withdrawn_bill_keeps_its_rows_and_leaves_room_for_the_right_one(given: Given) -> None:
    wrong = await import_bill(given.platform, bill(row("web-1", "$1")))
    lines = await given.rows("SELECT * FROM cloud_invoice_lines")
    given.clock.set(2026, 6, 1)
    withdrawn = await withdraw_cloud_invoice(
        given.platform, cloud_invoice_id=wrong.cloud_invoice_id, reason="wrong file"
    )
    assert withdrawn == wrong.cloud_invoice_id
    assert await given.rows("SELECT * FROM cloud_invoice_lines") == lines
    found = await given.row("SELECT withdrawn_at, withdrawn_by, withdrawal_reason FROM cloud_invoices")
    assert tuple(found.values()) == (
        datetime(2026, 6, 1, tzinfo=UTC),
        "platform_admin@example.com",
        "wrong file",
    )
    right = await import_bill(given.platform, bill(row("web-1", "$2")))
    assert right.unallocated_cents == 200
    assert await refusal(given, import_bill, csv=bill(row("web-1", "$2"))) == (ProblemCode.CONFLICT, "externalId")


async def test_what_cannot_be_matched_again_or_withdrawn(given: Given) -> None:
    tenant_id = await given.tenant()
    imported = await import_bill(given.platform, bill(row("web-1", "$1")))
    named = {"cloud_invoice_id": imported.cloud_invoice_id}
    for operation, arguments in ((rematch_cloud_invoice, {}), (withdraw_cloud_invoice, {"reason": "r"})):
        denied = await refusal(given, operation, given.admin(tenant_id), **named, **arguments)
        assert denied == (ProblemCode.PERMISSION_DENIED, "")
        unknown = await refusal(given, operation, cloud_invoice_id=uuid4(), **arguments)
        assert unknown == (ProblemCode.NOT_FOUND, "cloudInvoiceId")
    blank = await refusal(given, withdraw_cloud_invoice, **named, reason=" ")
    assert blank == (ProblemCode.VALIDATION_FAILED, "reason")
    await withdraw_cloud_invoice(given.platform, **named, reason="r")
    for operation, arguments in ((rematch_cloud_invoice, {}), (withdraw_cloud_invoice, {"reason": "r"})):
        assert await refusal(given, operation, **named, **arguments) == (ProblemCode.CONFLICT, "cloudInvoiceId")


async def test_a_bill_withdrawn_by_several_at_once_is_withdrawn_once(given: Given) -> None:
    imported = await import_bill(given.platform, bill(row("web-1", "$1")))
    results = await asyncio.gather(
        *(
            withdraw_cloud_invoice(given.platform, cloud_invoice_id=imported.cloud_invoice_id, reason=str(number))
            for number in range(4)
        ),
        return_exceptions=True,
    )
    refused = [result for result in results if isinstance(result, Refusal)]
    assert [refusal.code for refusal in refused] == [ProblemCode.CONFLICT] * 3


# Property: whatever is imported, registered, matched again and withdrawn, in any order, no part of a cent is lost.

NAMES = ("web-1", "web-2", "prod")
step = st.one_of(
    st.tuples(
        st.just("import"),
        st.lists(
            st.tuples(
                st.sampled_from([*NAMES, "GST", "web-1 (2gb)"]),
                st.decimals("-9", "9", places=12, allow_nan=False, allow_infinity=False),
            ),
            min_size=1,
            max_size=4,
        ),
    ),
    st.tuples(st.just("register"), st.sampled_from(NAMES)),
    st.tuples(st.just("rematch"), st.integers(0, 3)),
    st.tuples(st.just("withdraw"), st.integers(0, 3)),
)


async def played(given: Given, deployments: Sequence[UUID], steps: Sequence[tuple[str, Any]]) -> dict[UUID, Decimal]:
    """Does the steps, and returns the exact cents of each bill that counts, as the steps have them."""
    live: dict[UUID, Decimal] = {}
    for number, (what, arguments) in enumerate(steps):
        chosen = list(live)[arguments] if isinstance(arguments, int) and arguments < len(live) else None
        match what:
            case "import":
                csv = bill(*(row(name, f"{amount:f}") for name, amount in arguments))
                imported = await import_bill(
                    given.platform, csv, external_id=str(number), exchange_rate=Decimal("1.000000000001")
                )
                live[imported.cloud_invoice_id] = sum((amount for _, amount in arguments), Decimal(0)) * 100
            case "register" if not await given.rows("SELECT FROM cloud_resources WHERE name = $1", arguments):
                await droplet(given, deployments[number % 2], arguments)
            case "rematch" if chosen:
                await rematch_cloud_invoice(given.platform, cloud_invoice_id=chosen)
            case "withdraw" if chosen:
                await withdraw_cloud_invoice(given.platform, cloud_invoice_id=chosen, reason="r")
                del live[chosen]
    return live


SUMS = """
SELECT b.id, b.total_cents, b.allocated_cents, sum(l.exact_cents) AS exact,
       coalesce(sum(l.exact_cents) FILTER (WHERE l.deployment_id IS NOT NULL), 0) AS allocated,
       coalesce(sum(l.exact_cents) FILTER (WHERE l.unallocated_reason IS NOT NULL), 0) AS unallocated
FROM cloud_invoices b JOIN cloud_invoice_lines l ON l.cloud_invoice_id = b.id WHERE b.withdrawn_at IS NULL GROUP BY b.id
"""


@hypothesis.settings(max_examples=12, deadline=None, database=None, suppress_health_check=list(hypothesis.HealthCheck))
@hypothesis.given(steps=st.lists(step, min_size=3, max_size=10))
async def test_what_is_allocated_and_what_is_not_are_the_bill_exactly(
    given: Given,
    _cleaner: Cleaner,  # noqa: PT019 - cleans before each example
    steps: list[tuple[str, Any]],
) -> None:
    _cleaner.clean()
    tenant_id = await given.tenant()
    deployments = [await given.deployment(tenant_id, slug) for slug in ("first", "second")]
    live = await played(given, deployments, steps)
    sums = {found["id"]: found for found in await given.rows(SUMS)}
    assert {bill_id: found["exact"] for bill_id, found in sums.items()} == live
    for found in sums.values():
        assert found["allocated"] + found["unallocated"] == found["exact"]
        assert (found["total_cents"], found["allocated_cents"]) == (
            round_cents(found["exact"]),
            round_cents(found["allocated"]),
        )
    report = await margin(given.platform, from_day=APRIL, to_day=MAY, group_by=[])
    rate = Decimal("1.000000000001")
    exact = sum(live.values(), Decimal(0)) * rate
    assert report.cost_cents + report.unallocated_cost_cents == round_cents(exact)
    assert await data_integrity.check(given.platform) == []
