"""What of credit notes is refused: each problem with its code, path and message."""

from app.operations.invoices import issue_invoice, void_invoice
from tests.operations.receivables import drafted, figure_1, issued
from tests.schema.api import Api, refused
from tests.schema.credit_requests import PREVIEW, UNKNOWN, asked, credited, line_ids, remaining


async def test_a_draft_and_a_void_invoice_have_nothing_left_to_credit(api: Api) -> None:
    await figure_1(api.given)
    await drafted(api.given)
    row = await api.given.row("SELECT id FROM tenant_invoices")
    assert await remaining(api, row["id"]) == (None, None, None)
    draft = await api.mutate("issueCreditNote", asked(row["id"], grossCents=1), "... on Problem { message }")
    assert (
        draft.pop("message")
        == "the invoice is a draft; only an issued invoice can be credited, paid, written off or disputed"
    )
    assert draft == refused("INVOICE_NOT_ISSUED", "invoiceId")
    await issue_invoice(api.given.platform, invoice_id=row["id"])
    await void_invoice(api.given.platform, invoice_id=row["id"])
    assert await remaining(api, row["id"]) == (0, None, None)
    assert await api.mutate("issueCreditNote", asked(row["id"], grossCents=1)) == refused(
        "INVOICE_NOT_ISSUED", "invoiceId"
    )
    everything = {"invoiceId": str(row["id"]), "reason": "GOODWILL", "description": "x"}
    assert await api.mutate("creditInvoice", everything) == refused("INVOICE_NOT_ISSUED", "invoiceId")


async def test_more_than_is_left_of_a_line_is_refused_and_the_message_names_it(api: Api) -> None:
    await figure_1(api.given)
    _, invoice_id = await issued(api.given)
    base, addon, overage, _ = await line_ids(api, invoice_id)
    await credited(api, invoice_id, overage, 600)
    lines = [{"lineId": base, "netCents": 1}, {"lineId": overage, "netCents": 73}]
    for what, path, message in (
        ({"lines": lines}, ("lines", "1", "netCents"), "of line 3 at most 72 cents without tax can be credited"),
        (
            {"grossCents": 900, "grossLineId": addon},
            ("grossCents",),
            "of line 2 at most 750 cents without tax can be credited",
        ),
        (
            {"grossCents": 6405},
            ("grossCents",),
            "of the invoice INV-2026-000001 at most 6404 cents with tax can be credited",
        ),
    ):
        answer = await api.mutate("issueCreditNote", asked(invoice_id, **what), "... on Problem { message }")
        assert answer.pop("message") == message
        assert answer == refused("CREDIT_EXCEEDS_LINE", *path)
        error = await api.error(PREVIEW, {"input": asked(invoice_id, **what)})
        assert error["message"] == message
        assert error["extensions"] == {"code": "BAD_USER_INPUT", "problem": "CREDIT_EXCEEDS_LINE", "path": list(path)}


async def test_input_that_makes_no_note_is_refused_with_its_path(api: Api) -> None:
    await figure_1(api.given)
    _, invoice_id = await issued(api.given)
    base, _, _, tax = await line_ids(api, invoice_id)
    one = {"lineId": base, "netCents": 1}
    before = await api.given.contents()
    for given, path in (
        (asked(invoice_id), ("lines",)),
        (asked(invoice_id, lines=[]), ("lines",)),
        (asked(invoice_id, lines=[one], grossCents=1), ("grossCents",)),
        (asked(invoice_id, lines=[one], grossLineId=base), ("grossLineId",)),
        (asked(invoice_id, lines=[one, {"lineId": base, "netCents": 2}]), ("lines", "1", "lineId")),
        (asked(invoice_id, lines=[{"lineId": tax, "netCents": 1}]), ("lines", "0", "lineId")),
        (asked(invoice_id, lines=[{"lineId": base, "netCents": 0}]), ("lines", "0", "netCents")),
        (asked(invoice_id, lines=[one, {"lineId": tax, "netCents": -1}]), ("lines", "1", "netCents")),
        (asked(invoice_id, grossCents=0), ("grossCents",)),
        (asked(invoice_id, grossCents=-5), ("grossCents",)),
        (asked(invoice_id, grossCents=1, grossLineId=tax), ("grossLineId",)),
        (asked(invoice_id, grossCents=1) | {"description": " "}, ("description",)),
        (asked(invoice_id, grossCents=1) | {"description": ""}, ("description",)),
        (asked(invoice_id, grossCents=1) | {"description": "x" * 2001}, ("description",)),
        (asked(invoice_id, grossCents=1) | {"reason": "LATE_CORRECTION"}, ("reason",)),
        (asked(invoice_id, lines=[{"lineId": UNKNOWN, "netCents": 1}] * 501), ("lines",)),
    ):
        assert await api.mutate("issueCreditNote", given) == refused("VALIDATION_FAILED", *path), given
        error = await api.error(PREVIEW, {"input": given})
        assert error["extensions"]["problem"] == "VALIDATION_FAILED"
        assert error["extensions"]["path"] == list(path)
    for reason, description, field in (("GOODWILL", "", "description"), ("LATE_CORRECTION", "x", "reason")):
        everything = {"invoiceId": str(invoice_id), "reason": reason, "description": description}
        assert await api.mutate("creditInvoice", everything) == refused("VALIDATION_FAILED", field)
    after = await api.given.contents()
    assert after == before


async def test_unknown_invoices_and_lines_of_other_invoices_are_not_found(api: Api) -> None:
    """Another tenant's line on acme's invoice is answered exactly as a line that does not exist."""
    await figure_1(api.given)
    _, invoice_id = await issued(api.given)
    _, rivals = await issued(api.given, "rival")
    rivals_line = (await line_ids(api, rivals))[0]
    assert await api.mutate("issueCreditNote", asked(UNKNOWN, grossCents=1)) == refused("NOT_FOUND", "invoiceId")
    everything = {"invoiceId": UNKNOWN, "reason": "GOODWILL", "description": "x"}
    assert await api.mutate("creditInvoice", everything) == refused("NOT_FOUND", "invoiceId")
    error = await api.error(PREVIEW, {"input": asked(UNKNOWN, grossCents=1)})
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "problem": "NOT_FOUND", "path": ["invoiceId"]}
    messages = []
    for line_id in (rivals_line, UNKNOWN):
        by_line = asked(invoice_id, lines=[{"lineId": line_id, "netCents": 1}])
        answer = await api.mutate("issueCreditNote", by_line, "... on Problem { message }")
        messages.append(answer.pop("message").replace(line_id, "…"))
        assert answer == refused("NOT_FOUND", "lines", "0", "lineId")
        by_gross = asked(invoice_id, grossCents=1, grossLineId=line_id)
        assert await api.mutate("issueCreditNote", by_gross) == refused("NOT_FOUND", "grossLineId")
    assert len(set(messages)) == 1, "another tenant's line is not told from an unknown one"
