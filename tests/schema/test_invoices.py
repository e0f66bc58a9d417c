"""Invoices through the API."""

from typing import Any

from app.operations.rollups import roll_up_period, roll_up_run
from tests.schema.api import Api, refused
from tests.schema.example_data import APRIL, create_example_data


async def drafts(api: Api) -> dict[str, str]:
    """April rolled up: each tenant's draft by the tenant's code."""
    for code in ("acme", "rival"):
        deployment = await api.given.deployment(await api.given.tenant(code))
        if code == "acme":
            await api.given.plan("studio")
        await api.given.subscription(deployment, starts_on=APRIL)
    await roll_up_run(api.given.platform, run_id=await roll_up_period(api.given.platform, period_start=APRIL))
    nodes = (await api.data("{ invoices { nodes { id tenant { code } } } }"))["invoices"]["nodes"]
    return {node["tenant"]["code"]: node["id"] for node in nodes}


async def test_the_demos_lines_are_answered_with_their_explanations(api: Api) -> None:
    story = await create_example_data(api.given)
    text = """query ($id: ID!) { invoice(id: $id) { subtotalCents taxCents totalCents lines { nodes {
        kind description quantity unitPriceCents amountCents deployment { slug } explanation {
            formula usedQuantity includedQuantity billableQuantity billableDays periodDays exactCents
            tiers { fromQuantity toQuantity quantity unitPriceCents amountCents } } } } } }"""
    invoice = (await api.data(text, {"id": str(story.invoice)}, caller=api.given.viewer(story.acme)))["invoice"]
    assert (invoice["subtotalCents"], invoice["taxCents"], invoice["totalCents"]) == (6422, 642, 7064)
    lines = invoice["lines"]["nodes"]
    assert [(line["kind"], line["amountCents"], line["deployment"]) for line in lines] == [
        ("PLAN_BASE", 5000, {"slug": "pilot"}),
        ("ADDON", 750, {"slug": "pilot"}),
        ("OVERAGE", 672, {"slug": "pilot"}),
        ("TAX", 642, None),
    ]
    overage = lines[2]["explanation"]
    assert overage.pop("formula") != ""
    assert overage == {
        "usedQuantity": "2160",
        "includedQuantity": "1488",
        "billableQuantity": "672",
        "billableDays": 30,
        "periodDays": 30,
        "exactCents": "672",
        "tiers": [
            {"fromQuantity": "0", "toQuantity": None, "quantity": "672", "unitPriceCents": "1", "amountCents": "672"}
        ],
    }
    assert lines[3]["explanation"]["exactCents"] == "642.2"
    assert lines[3]["explanation"]["periodDays"] is None


async def test_the_daily_usage_of_a_line_sums_to_what_it_used(api: Api) -> None:
    story = await create_example_data(api.given)
    text = """query ($id: ID!) { invoice(id: $id) { lines(filter: {kind: [OVERAGE]}) { nodes { explanation {
        dailyUsage { date quantity } } } } } }"""
    (line,) = (await api.data(text, {"id": str(story.invoice)}))["invoice"]["lines"]["nodes"]
    days = line["explanation"]["dailyUsage"]
    assert [day["date"] for day in days] == [f"2026-04-{day:02}" for day in range(1, 31)]
    assert sum(int(day["quantity"]) for day in days) == 2160


async def test_the_nested_query_of_the_console_reaches_the_invoice_and_back(api: Api) -> None:
    story = await create_example_data(api.given)
    text = """query ($id: ID!) { deployment(id: $id) { subscription { addons {
        addon { code } invoiceLines { nodes { amountCents invoice { number totalCents } } } } } } }"""
    variables = {"id": str(story.deployment)}
    data = await api.data(text, variables, caller=api.given.admin(story.acme))
    assert len(api.statements) == 1
    assert data["deployment"]["subscription"]["addons"] == [
        {
            "addon": {"code": "storage_50gb"},
            "invoiceLines": {
                "nodes": [{"amountCents": 750, "invoice": {"number": "INV-2026-000001", "totalCents": 7064}}]
            },
        }
    ]
    assert await api.data(text, variables, caller=api.given.admin(story.rival)) == {"deployment": None}


async def test_an_invoice_is_issued_paid_and_then_stands(api: Api) -> None:
    invoice = {"invoiceId": (await drafts(api))["acme"]}
    paid = invoice | {"reference": "transfer 7", "paidAt": "2026-05-01T03:00:00Z"}
    issued = await api.mutate(
        "issueInvoice", invoice, "... on InvoiceIssued { invoice { status number issuedAt dueOn } }"
    )
    assert issued["invoice"] == {
        "status": "ISSUED",
        "number": "INV-2026-000001",
        "issuedAt": "2026-05-01T03:00:00+00:00",
        "dueOn": "2026-05-15",
    }
    assert await api.mutate("issueInvoice", invoice) == refused("INVOICE_NOT_DRAFT", "invoiceId")
    early = paid | {"paidAt": "2026-05-01T02:59:59Z"}
    assert await api.mutate("markInvoicePaid", early) == refused("VALIDATION_FAILED", "paidAt")
    answer = await api.mutate(
        "markInvoicePaid", paid, "... on InvoiceMarkedPaid { invoice { status paidAt paymentReference } }"
    )
    assert answer["invoice"] == {
        "status": "PAID",
        "paidAt": "2026-05-01T03:00:00+00:00",
        "paymentReference": "transfer 7",
    }
    assert await api.mutate("markInvoicePaid", paid) == refused("INVOICE_PAID", "invoiceId")
    assert await api.mutate("voidInvoice", invoice) == refused("INVOICE_PAID", "invoiceId")


async def test_a_draft_is_withdrawn_with_its_reason(api: Api) -> None:
    invoice = {"invoiceId": (await drafts(api))["acme"], "reason": "wrong plan"}
    answer = await api.mutate("voidInvoice", invoice, "... on InvoiceVoided { invoice { status voidedAt voidReason } }")
    assert answer["invoice"] == {
        "status": "VOID",
        "voidedAt": "2026-05-01T03:00:00+00:00",
        "voidReason": "wrong plan",
    }


async def test_an_invoice_is_verified_against_its_inputs(api: Api) -> None:
    invoice = {"invoiceId": (await drafts(api))["acme"]}
    selection = "... on InvoiceVerified { matches differences invoice { id } }"
    answer = await api.mutate("verifyInvoice", invoice, selection)
    assert answer == {
        "__typename": "InvoiceVerified",
        "matches": True,
        "differences": [],
        "invoice": {"id": invoice["invoiceId"]},
    }


async def test_invoices_are_found_by_what_is_asked_for(api: Api) -> None:
    story = await create_example_data(api.given)
    text = """query ($filter: InvoiceFilter) { invoices(filter: $filter) {
        nodes { tenant { code } revision status } } }"""

    async def found(condition: dict[str, Any]) -> list[tuple[str, int, str]]:
        nodes = (await api.data(text, {"filter": condition}))["invoices"]["nodes"]
        return sorted((node["tenant"]["code"], node["revision"], node["status"]) for node in nodes)

    every = [("acme", 1, "PAID"), ("rival", 1, "VOID"), ("rival", 2, "DRAFT")]
    for condition, expected in (
        ({}, every),
        ({"status": ["PAID", "DRAFT"]}, [every[0], every[2]]),
        ({"tenantId": str(story.rival)}, every[1:]),
        ({"periodStart": "2026-04-01"}, every),
        ({"periodFrom": "2026-04-01", "periodTo": "2026-04-02"}, every),
        ({"periodTo": "2026-04-01"}, []),
        ({"periodFrom": "2026-04-02"}, []),
    ):
        assert await found(condition) == expected, condition


async def test_lines_are_found_by_what_is_asked_for(api: Api) -> None:
    story = await create_example_data(api.given)
    text = """query ($id: ID!, $filter: InvoiceLineFilter) { invoice(id: $id) { lines(filter: $filter) {
        nodes { kind } totalCount } } }"""

    async def kinds(condition: dict[str, Any]) -> list[str]:
        lines = (await api.data(text, {"id": str(story.invoice), "filter": condition}))["invoice"]["lines"]
        assert lines["totalCount"] == len(lines["nodes"])
        return [node["kind"] for node in lines["nodes"]]

    assert await kinds({"kind": ["ADDON", "TAX"]}) == ["ADDON", "TAX"]
    assert await kinds({"resourceKind": "droplet_hours"}) == ["OVERAGE"]
    assert await kinds({"deploymentId": str(story.deployment)}) == ["PLAN_BASE", "ADDON", "OVERAGE"]
    assert await kinds({"deploymentId": str(story.rivals_deployment)}) == []
    assert await kinds({"periodStart": "2026-03-01"}) == []
