"""Credit notes through the API: the worked figures 1 to 3 of the receivables rules, and who may read notes."""

from uuid import UUID

import pytest

from app.billing import DeploymentState
from app.operations.charges import add_charge
from app.operations.deployments import transition_deployment
from app.operations.invoices import issue_invoice
from app.tables.credit_notes import CreditReason
from tests.operations.months import APRIL, meter, roll_up, subscribed
from tests.operations.receivables import check_ledger, drafted, figure_1, issued, pay
from tests.schema.api import Api, refused
from tests.schema.credit_requests import NOTE, PREVIEW, UNKNOWN, asked, credited, line_ids, remaining


async def figure_2(api: Api) -> UUID:
    """An issued invoice of the lines 5005, 715 and 705, with 643 of tax."""
    given = api.given
    await given.plan(base_price_cents=5005)
    await given.addon(price_cents=715)
    tenant_id, deployment_id = await subscribed(given, addons=["storage_50gb"])
    await meter(given, deployment_id, "2193")
    await roll_up(given, APRIL, tenant_ids=[tenant_id])
    row = await given.row("SELECT id FROM tenant_invoices")
    return await issue_invoice(given.platform, invoice_id=row["id"])


async def test_receivables_figure_1_notes_line_by_line_add_up_to_the_invoice(api: Api) -> None:
    await figure_1(api.given)
    _, invoice_id = await issued(api.given)
    base, addon, overage, _tax = await line_ids(api, invoice_id)
    assert await remaining(api, invoice_id) == (0, 6422, 642)
    assert await credited(api, invoice_id, overage, 672) == (672, 67, 739)
    assert await remaining(api, invoice_id) == (739, 5750, 575)
    assert await credited(api, invoice_id, addon, 750) == (750, 75, 825)
    assert await remaining(api, invoice_id) == (1564, 5000, 500)
    assert await credited(api, invoice_id, base, 5000) == (5000, 500, 5500)
    assert await remaining(api, invoice_id) == (7064, 0, 0)
    await check_ledger(api.given)


async def test_receivables_figure_2_the_tax_of_each_note_is_the_fall_of_the_tax_on_what_is_left(api: Api) -> None:
    invoice_id = await figure_2(api)
    base, addon, overage, _tax = await line_ids(api, invoice_id)
    assert await remaining(api, invoice_id) == (0, 6425, 643)
    assert await credited(api, invoice_id, base, 5005) == (5005, 501, 5506)
    assert await credited(api, invoice_id, addon, 715) == (715, 71, 786)
    assert await credited(api, invoice_id, overage, 705) == (705, 71, 776)
    assert await remaining(api, invoice_id) == (7068, 0, 0)


async def test_receivables_figure_3_by_gross_amount(api: Api) -> None:
    await figure_1(api.given)
    _, invoice_id = await issued(api.given)
    impossible = await api.mutate("issueCreditNote", asked(invoice_id, grossCents=7059), "... on Problem { message }")
    assert impossible.pop("message") == (
        "grossCents is an amount that no net amount and its tax add up to; the nearest possible: 7058 or 7060"
    )
    assert impossible == refused("VALIDATION_FAILED", "grossCents")

    preview = (await api.data(PREVIEW, {"input": asked(invoice_id, grossCents=1000)}))["creditNotePreview"]
    assert preview == {
        "invoice": {"number": "INV-2026-000001"},
        "currency": "AUD",
        "netCents": 909,
        "taxCents": 91,
        "totalCents": 1000,
        "appliedToInvoiceCents": 1000,
        "creditedToBalanceCents": 0,
        "reversedWriteOffCents": 0,
        "remainingNetCents": 5513,
        "remainingTaxCents": 551,
        "lines": [
            {"amountCents": 237, "line": {"kind": "ADDON"}},
            {"amountCents": 672, "line": {"kind": "OVERAGE"}},
            {"amountCents": 91, "line": {"kind": "TAX"}},
        ],
    }
    note = (await api.mutate("issueCreditNote", asked(invoice_id, grossCents=1000), NOTE))["creditNote"]
    assert note == {
        "number": "CRN-2026-000001",
        "netCents": 909,
        "taxCents": 91,
        "totalCents": 1000,
        "appliedToInvoiceCents": 1000,
        "creditedToBalanceCents": 0,
        "reversedWriteOffCents": 0,
    }
    assert await remaining(api, invoice_id) == (1000, 5513, 551)


async def test_a_gross_amount_may_be_taken_from_a_named_line(api: Api) -> None:
    await figure_1(api.given)
    _, invoice_id = await issued(api.given)
    base, *_ = await line_ids(api, invoice_id)
    given = asked(invoice_id, grossCents=1000, grossLineId=base)
    preview = (await api.data(PREVIEW, {"input": given}))["creditNotePreview"]
    assert preview["lines"] == [
        {"amountCents": 909, "line": {"kind": "PLAN_BASE"}},
        {"amountCents": 91, "line": {"kind": "TAX"}},
    ]


async def test_a_preview_changes_nothing_and_says_where_the_total_would_go(api: Api) -> None:
    await figure_1(api.given)
    tenant_id, invoice_id = await issued(api.given)
    await pay(api.given, tenant_id, 7000)
    before = await api.given.contents()
    preview = (await api.data(PREVIEW, {"input": asked(invoice_id, grossCents=739)}))["creditNotePreview"]
    assert (preview["appliedToInvoiceCents"], preview["creditedToBalanceCents"]) == (64, 675)
    assert await api.given.contents() == before


async def test_credit_invoice_credits_everything_that_is_left(api: Api) -> None:
    await figure_1(api.given)
    _, invoice_id = await issued(api.given)
    _, _, overage, _ = await line_ids(api, invoice_id)
    await credited(api, invoice_id, overage, 672)
    selection = """... on InvoiceCredited { creditNote { number reason description totalCents
        lines { kind amountCents } invoice { status } } }"""
    given = {"invoiceId": str(invoice_id), "reason": "CANCELLATION", "description": "the contract ended"}
    answer = await api.mutate("creditInvoice", given, selection)
    assert answer["creditNote"] == {
        "number": "CRN-2026-000002",
        "reason": "CANCELLATION",
        "description": "the contract ended",
        "totalCents": 6325,
        "lines": [
            {"kind": "PLAN_BASE", "amountCents": 5000},
            {"kind": "ADDON", "amountCents": 750},
            {"kind": "TAX", "amountCents": 575},
        ],
        "invoice": {"status": "PAID"},
    }
    assert await remaining(api, invoice_id) == (7064, 0, 0)
    again = await api.mutate("creditInvoice", given, "... on Problem { message }")
    assert again.pop("message") == "nothing is left to credit of the invoice INV-2026-000001"
    assert again == refused("CONFLICT", "invoiceId")


async def test_credit_invoice_reverses_negative_lines_too(api: Api) -> None:
    """5000 less a credit of 600 leaves 4400, with 440 of tax; neither line is credited with less than it has."""
    given = api.given
    await given.plan()
    tenant_id, _ = await subscribed(given)
    await add_charge(given.platform, tenant_id=tenant_id, description="Voucher", net_cents=-600, on=APRIL)
    await roll_up(given, APRIL, tenant_ids=[tenant_id])
    row = await given.row("SELECT id FROM tenant_invoices")
    invoice_id = await issue_invoice(given.platform, invoice_id=row["id"])
    selection = "... on InvoiceCredited { creditNote { totalCents lines { amountCents } } }"
    everything = {"invoiceId": str(invoice_id), "reason": "BILLING_ERROR", "description": "never used"}
    note = (await api.mutate("creditInvoice", everything, selection))["creditNote"]
    assert note == {"totalCents": 4840, "lines": [{"amountCents": 5000}, {"amountCents": -600}, {"amountCents": 440}]}
    assert await remaining(api, invoice_id) == (4840, 0, 0)


async def test_the_invoice_has_its_notes_and_the_root_finds_them(api: Api) -> None:
    await figure_1(api.given)
    tenant_id, invoice_id = await issued(api.given)
    base, addon, *_ = await line_ids(api, invoice_id)
    await credited(api, invoice_id, addon, 750)
    api.given.clock.advance(days=1)
    await credited(api, invoice_id, base, 1)
    text = "query ($id: ID!) { invoice(id: $id) { creditNotes { totalCount nodes { number } } } }"
    assert (await api.data(text, {"id": str(invoice_id)}))["invoice"]["creditNotes"] == {
        "totalCount": 2,
        "nodes": [{"number": "CRN-2026-000001"}, {"number": "CRN-2026-000002"}],
    }
    text = "query ($filter: CreditNoteFilter) { creditNotes(filter: $filter) { nodes { number } } }"
    day = (await api.given.row("SELECT max(issued_on) AS day FROM credit_notes"))["day"].isoformat()
    both = ["CRN-2026-000002", "CRN-2026-000001"]
    for chosen, numbers in (
        ({}, both),
        ({"tenantId": str(tenant_id)}, both),
        ({"tenantId": UNKNOWN}, []),
        ({"invoiceId": str(invoice_id)}, both),
        ({"number": "CRN-2026-000001"}, both[1:]),
        ({"reason": ["GOODWILL", "CANCELLATION"]}, both),
        ({"reason": ["CANCELLATION"]}, []),
        ({"issuedFrom": day}, both[:1]),
        ({"issuedTo": day}, both[1:]),
    ):
        nodes = (await api.data(text, {"filter": chosen}))["creditNotes"]["nodes"]
        assert [node["number"] for node in nodes] == numbers, chosen
    text = '{ creditNote(number: "CRN-2026-000001") { tenant { code } currency issuedOn lines { line { id } } } }'
    note = (await api.data(text))["creditNote"]
    assert note["tenant"] == {"code": "acme"}
    assert note["lines"][0] == {"line": {"id": addon}}


async def test_a_tenant_reads_its_own_notes_and_another_tenants_as_unknown_ones(api: Api) -> None:
    await figure_1(api.given)
    acme, invoice_id = await issued(api.given)
    rival, rivals = await issued(api.given, "rival")
    own = (await api.mutate("issueCreditNote", asked(invoice_id, grossCents=11), _ID))["creditNote"]["id"]
    other = (await api.mutate("issueCreditNote", asked(rivals, grossCents=22), _ID))["creditNote"]["id"]
    assert own != other
    found = "query ($id: ID!) { creditNote(id: $id) { totalCents lines { amountCents } } node(id: $id) { id } }"
    for caller in (api.given.viewer(acme), api.given.admin(acme)):
        data = await api.data(found, {"id": own}, caller=caller)
        assert data["creditNote"] == {"totalCents": 11, "lines": [{"amountCents": 10}, {"amountCents": 1}]}
        for id_ in (other, UNKNOWN):
            assert await api.data(found, {"id": id_}, caller=caller) == {"creditNote": None, "node": None}
        listed = await api.data("{ creditNotes { totalCount nodes { totalCents } } }", caller=caller)
        assert listed["creditNotes"] == {"totalCount": 1, "nodes": [{"totalCents": 11}]}
        for tenant_id in (str(rival), UNKNOWN):
            text = f'{{ creditNotes(filter: {{tenantId: "{tenant_id}"}}) {{ totalCount }} }}'
            assert (await api.data(text, caller=caller))["creditNotes"] == {"totalCount": 0}
        for id_ in (str(invoice_id), str(rivals), UNKNOWN):
            error = await api.error(PREVIEW, {"input": asked(id_, grossCents=1)}, caller=caller)
            assert error["extensions"] == {"code": "FORBIDDEN", "problem": "PERMISSION_DENIED", "path": []}
            answer = await api.mutate("issueCreditNote", asked(id_, grossCents=1), caller=caller)
            assert answer == refused("PERMISSION_DENIED")
    error = await api.error("{ creditNotes { totalCount } }", caller=api.given.meter(acme))
    assert error["extensions"] == {"code": "FORBIDDEN", "problem": "PERMISSION_DENIED", "path": []}


_ID = "... on CreditNoteIssued { creditNote { id } }"


@pytest.mark.parametrize("reason", [reason for reason in CreditReason if reason is not CreditReason.LATE_CORRECTION])
async def test_every_reason_of_a_person_is_kept(api: Api, reason: CreditReason) -> None:
    await figure_1(api.given)
    _, invoice_id = await issued(api.given)
    selection = "... on CreditNoteIssued { creditNote { reason description } }"
    given = asked(invoice_id, grossCents=11) | {"reason": reason.value}
    note = (await api.mutate("issueCreditNote", given, selection))["creditNote"]
    assert note == {"reason": reason.value, "description": "a slow week"}


async def test_an_invoice_with_a_note_is_not_voided(api: Api) -> None:
    await figure_1(api.given)
    _, invoice_id = await issued(api.given)
    await api.mutate("issueCreditNote", asked(invoice_id, grossCents=11))
    answer = await api.mutate("voidInvoice", {"invoiceId": str(invoice_id)}, "... on Problem { message }")
    assert answer.pop("message") == "the invoice INV-2026-000001 has credit notes; issue a credit note instead"
    assert answer == refused("CONFLICT", "invoiceId")


async def test_an_invoice_of_a_cancelled_deployment_is_credited_like_any_other(api: Api) -> None:
    await figure_1(api.given)
    _, deployment_id = await drafted(api.given)
    row = await api.given.row("SELECT id FROM tenant_invoices")
    await issue_invoice(api.given.platform, invoice_id=row["id"])
    await transition_deployment(api.given.platform, deployment_id=deployment_id, to=DeploymentState.CANCELLED)
    base, *_ = await line_ids(api, row["id"])
    assert await credited(api, row["id"], base, 5000) == (5000, 500, 5500)
