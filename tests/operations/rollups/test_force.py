"""The effect of force on drafts and on issued, paid and void invoices; a dry run changes none of them."""

import pytest

from app.operations.invoices import issue_invoice, mark_invoice_paid, void_invoice
from app.operations.rollups import bill_tenants as billing_of_tenants
from tests.operations.given import Given
from tests.operations.months import APRIL, MAY, counts, invoices, lines, meter, roll_up, subscribed, unbilled


async def test_a_draft_is_rated_again_in_place(given: Given) -> None:
    await given.plan()
    _, deployment_id = await subscribed(given)
    await roll_up(given)
    (before,) = await invoices(given)
    await meter(given, deployment_id, "1500")
    given.clock.advance(hours=1)

    run = await roll_up(given, force=True)

    (after,) = await invoices(given)
    assert counts(run) == {
        "tenants_total": 1,
        "tenants_done": 1,
        "total_cents": 5513,
        "status": "SUCCEEDED",
        "replaced": 1,
    }
    assert after["input_hash"] != before["input_hash"]
    moved = ("subtotal_cents", "tax_cents", "total_cents", "input_hash")
    assert {**after, **{name: before[name] for name in moved}} == before
    assert await lines(given, after["id"]) == [("PLAN_BASE", 5000), ("OVERAGE", 12), ("TAX", 501)]
    documents = await given.rows("SELECT position FROM tenant_invoice_inputs ORDER BY position")
    assert [row["position"] for row in documents] == [0, 1]


async def test_an_issued_invoice_is_voided_and_replaced_by_a_draft_of_the_next_revision(given: Given) -> None:
    await given.plan()
    _, deployment_id = await subscribed(given)
    await roll_up(given)
    (first,) = await invoices(given)
    await issue_invoice(given.platform, invoice_id=first["id"])
    await meter(given, deployment_id, "1500")

    run = await roll_up(given, force=True)

    assert counts(run)["replaced"] == 1
    old, new = await invoices(given)
    assert (old["id"], old["status"], old["revision"], old["number"]) == (first["id"], "VOID", 1, "INV-2026-000001")
    assert (old["total_cents"], old["void_reason"]) == (5500, "replaced by the next revision")
    assert (new["status"], new["revision"], new["number"], new["total_cents"]) == ("DRAFT", 2, None, 5513)
    assert await lines(given, old["id"]) == [("PLAN_BASE", 5000), ("TAX", 500)]


async def test_a_paid_invoice_is_refused_for_its_tenant_and_the_run_goes_on(given: Given) -> None:
    await given.plan()
    paid_tenant, _ = await subscribed(given, "paid")
    await subscribed(given, "other")
    await roll_up(given)
    paid = next(invoice for invoice in await invoices(given) if invoice["code"] == "paid")
    await issue_invoice(given.platform, invoice_id=paid["id"])
    await mark_invoice_paid(given.platform, invoice_id=paid["id"], reference="T-1")

    run = await roll_up(given, force=True)

    assert counts(run) == {
        "tenants_total": 2,
        "tenants_done": 2,
        "total_cents": 5500,
        "status": "PARTIAL",
        "replaced": 1,
        "failed": 1,
    }
    failure = await given.row("SELECT run_id, tenant_id, code, attempts FROM rollup_failures")
    assert failure == {"run_id": run["id"], "tenant_id": paid_tenant, "code": "INVOICE_PAID", "attempts": 1}
    assert counts(await roll_up(given, force=True, tenant_ids=[paid_tenant]))["status"] == "FAILED"


async def test_a_voided_month_is_unbilled_until_it_is_rolled_up_as_the_next_revision(given: Given) -> None:
    await given.plan()
    tenant_id, _ = await subscribed(given)
    await roll_up(given)
    (first,) = await invoices(given)
    await void_invoice(given.platform, invoice_id=first["id"], reason="wrong tenant")
    assert await unbilled(given) == [(tenant_id, APRIL, "its invoice was voided")]

    assert counts(await roll_up(given))["created"] == 1

    assert [(row["revision"], row["status"]) for row in await invoices(given)] == [(1, "VOID"), (2, "DRAFT")]
    assert await unbilled(given) == []


@pytest.mark.parametrize("issued", [False, True])
@pytest.mark.parametrize("slice_size", [1, 500])
async def test_what_rates_to_nothing_is_withdrawn_and_settled(
    given: Given, monkeypatch: pytest.MonkeyPatch, slice_size: int, issued: bool
) -> None:
    await given.plan()
    tenant_id, _ = await subscribed(given)
    await given.subscription(await given.deployment(tenant_id, "second"), starts_on=APRIL)
    await roll_up(given)
    (invoice,) = await invoices(given)
    if issued:
        await issue_invoice(given.platform, invoice_id=invoice["id"])
    async with given.database.unit_of_work(given.platform.principal.scope) as unit:
        await unit.connection.execute("UPDATE subscription_active_spans SET first_on = '2026-05-01'")
    monkeypatch.setattr(billing_of_tenants, "SLICE", slice_size)

    run = await roll_up(given, force=True)

    assert counts(run) == {"tenants_total": 1, "tenants_done": 1, "total_cents": 0, "status": "SUCCEEDED"}
    (void,) = await invoices(given)
    assert (void["status"], void["void_reason"]) == ("VOID", "rated again: nothing to bill")
    assert len(await lines(given, void["id"])) == 3
    assert await unbilled(given) == []
    assert counts(await roll_up(given))["skipped"] == 1


async def test_a_dry_run_says_the_amounts_of_the_running_month_and_writes_no_invoice(given: Given) -> None:
    await given.plan()
    tenant_id, deployment_id = await subscribed(given, starts_on=MAY)
    await meter(given, deployment_id, "1600", 2026, 5, 1)

    run = await roll_up(given, MAY, dry_run=True)

    assert counts(run) == {"tenants_total": 1, "tenants_done": 1, "total_cents": 5623, "status": "SUCCEEDED"}
    outcome = await given.row("SELECT tenant_id, outcome, invoice_id, total_cents FROM rollup_outcomes")
    assert outcome == {"tenant_id": tenant_id, "outcome": "PREVIEWED", "invoice_id": None, "total_cents": 5623}
    for table in ("tenant_invoices", "tenant_invoice_lines", "tenant_invoice_inputs"):
        assert await given.rows(f"SELECT FROM {table}") == []


async def test_a_dry_run_goes_as_the_same_run_would(given: Given) -> None:
    await given.plan()
    _, deployment_id = await subscribed(given)
    await roll_up(given)
    await meter(given, deployment_id, "1500")
    before = await invoices(given)

    skipping = await roll_up(given, dry_run=True)
    forced = await roll_up(given, dry_run=True, force=True)

    assert (skipping["invoices_skipped"], skipping["total_cents"]) == (1, 0)
    assert (forced["invoices_replaced"], forced["total_cents"]) == (0, 5513)
    assert await invoices(given) == before


async def test_a_dry_run_leaves_the_month_unbilled(given: Given) -> None:
    await given.plan(base_price_cents=0)
    tenant_id, _ = await subscribed(given)
    await roll_up(given, dry_run=True)
    assert await unbilled(given) == [(tenant_id, APRIL, "no rollup has rated it yet")]


async def test_a_tenant_written_slice_by_slice_gets_the_invoice_it_gets_in_one(
    given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    await given.plan()
    await given.addon()
    tenant_id, _ = await subscribed(given, slug="a-9", addons=["storage_50gb"])
    for slug in ("a", "a9", "b"):  # which locales and code points order otherwise
        deployment_id = await given.deployment(tenant_id, slug)
        await given.subscription(deployment_id, starts_on=APRIL)
        await meter(given, deployment_id, "1500")
    await roll_up(given)
    (whole,) = await invoices(given)
    everything = "SELECT position, key, description, quantity, amount_cents, deployment_id FROM tenant_invoice_lines"
    whole_lines = await given.rows(f"{everything} ORDER BY position")
    await issue_invoice(given.platform, invoice_id=whole["id"])
    monkeypatch.setattr(billing_of_tenants, "SLICE", 2)

    for forced in range(2):  # the second time over the draft that the first has left
        run = await roll_up(given, force=True)
        assert counts(run)["replaced"] == 1, forced
        _, sliced = await invoices(given)
        assert sliced["revision"] == 2
        kept = ("input_hash", "subtotal_cents", "tax_cents", "total_cents")
        assert [sliced[name] for name in kept] == [whole[name] for name in kept]
        again = await given.rows(f"{everything} WHERE invoice_id = $1 ORDER BY position", sliced["id"])
        assert again == whole_lines
    assert whole["subtotal_cents"] == 4 * 5000 + 750 + 3 * 12
