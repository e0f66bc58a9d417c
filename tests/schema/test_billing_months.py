"""Billing months, what is unbilled, stale drafts and waived months, as the API answers."""

from typing import Any

import pytest

from app.operations.charges import add_charge
from app.operations.rollups import roll_up_period, roll_up_run
from tests.operations.months import APRIL, MAY, meter, subscribed
from tests.schema.api import Api, refused

UNBILLED = """query ($first: Int, $after: String) { unbilledMonths(first: $first, after: $after) {
    edges { cursor } nodes { tenant { code } periodStart reason differenceCents billingMonth { state billedCents } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount } }"""
NOT_RATED = "no rollup has rated it yet"


async def month_end(api: Api) -> None:
    run_id = await roll_up_period(api.given.platform, period_start=APRIL)
    await roll_up_run(api.given.platform, run_id=run_id)


async def unbilled(api: Api, **page: Any) -> Any:
    return (await api.data(UNBILLED, page))["unbilledMonths"]


async def test_months_that_ended_are_listed_until_they_are_billed(api: Api) -> None:
    await api.given.plan()
    await subscribed(api.given)
    api.given.clock.set(2026, 4, 30, 23)
    assert await unbilled(api) == {
        "edges": [],
        "nodes": [],
        "pageInfo": {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None},
        "totalCount": 0,
    }
    api.given.clock.set(2026, 5, 1, 3)
    page = await unbilled(api)
    assert page["nodes"] == [
        {
            "tenant": {"code": "acme"},
            "periodStart": "2026-04-01",
            "reason": NOT_RATED,
            "differenceCents": None,
            "billingMonth": {"state": "OPEN", "billedCents": 0},
        }
    ]
    await month_end(api)
    assert (await unbilled(api))["nodes"] == []


async def test_a_page_goes_on_after_the_last_cursor(api: Api) -> None:
    await api.given.plan()
    for code in ("acme", "beta", "coda"):
        await subscribed(api.given, code)
    api.given.clock.set(2026, 6, 1, 3)
    seen, after = [], None
    while True:
        page = await unbilled(api, first=2, after=after)
        assert page["totalCount"] == 6
        assert page["pageInfo"]["hasPreviousPage"] == (after is not None)
        seen += [(node["periodStart"], node["tenant"]["code"]) for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        assert after == page["edges"][-1]["cursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == [(f"2026-0{month}-01", code) for month in (4, 5) for code in ("acme", "beta", "coda")]


async def test_pages_are_asked_for_backwards_too(api: Api) -> None:
    await api.given.plan()
    for code in ("acme", "beta", "coda"):
        await subscribed(api.given, code)
    api.given.clock.set(2026, 5, 1, 3)
    text = """query ($last: Int, $before: String) { unbilledMonths(last: $last, before: $before) {
        nodes { tenant { code } } pageInfo { hasNextPage hasPreviousPage startCursor } } }"""
    page = (await api.data(text, {"last": 2}))["unbilledMonths"]
    assert [node["tenant"]["code"] for node in page["nodes"]] == ["beta", "coda"]
    assert (page["pageInfo"]["hasNextPage"], page["pageInfo"]["hasPreviousPage"]) == (False, True)
    page = (await api.data(text, {"last": 2, "before": page["pageInfo"]["startCursor"]}))["unbilledMonths"]
    assert [node["tenant"]["code"] for node in page["nodes"]] == ["acme"]
    assert (page["pageInfo"]["hasNextPage"], page["pageInfo"]["hasPreviousPage"]) == (True, False)


@pytest.mark.parametrize(
    ("field", "named"),
    [
        ("unbilledMonths(first: 1, last: 1) { totalCount }", "first or last"),
        ("unbilledMonths(last: 0) { totalCount }", "last must be from 1 to 100"),
        ('unbilledMonths(before: "x") { totalCount }', "before "),
        ("unbilledMonths(first: 0) { totalCount }", "first must be from 1 to 100"),
        ("unbilledMonths(first: 101) { totalCount }", "first must be from 1 to 100"),
        ('unbilledMonths(after: "x") { totalCount }', "after "),
        ('unbilledMonths(after: "aGVsbG8=") { totalCount }', "after "),
        ("unbilledPeriods(first: 1001) { reason }", "first must be from 1 to 1000"),
        ("unbilledPeriods(first: -1) { reason }", "first must be from 1 to 1000"),
    ],
)
async def test_a_page_that_cannot_be_is_an_error_that_says_so(api: Api, field: str, named: str) -> None:
    error = await api.error(f"{{ {field} }}")
    assert (named in error["message"], error["extensions"]["code"]) == (True, "BAD_USER_INPUT")


async def test_a_stale_draft_is_issued_only_if_asked_for(api: Api) -> None:
    await api.given.plan()
    _, deployment_id = await subscribed(api.given)
    api.given.clock.set(2026, 5, 1, 3)
    await month_end(api)
    invoice_id = (await api.data("{ invoices { nodes { id stale staleSince } } }"))["invoices"]["nodes"][0]["id"]
    await meter(api.given, deployment_id, "2000", 2026, 4, 10)

    node = (await api.data("{ invoices { nodes { stale staleSince } } }"))["invoices"]["nodes"][0]
    assert node == {"stale": True, "staleSince": "2026-05-01T03:00:00+00:00"}
    page = await unbilled(api)
    assert [(each["reason"], each["differenceCents"]) for each in page["nodes"]] == [
        ("it changed after it was rated: USAGE", None)
    ]
    asked = {"invoiceId": invoice_id}
    answer = await api.mutate("issueInvoice", asked, "... on Problem { message }")
    assert "USAGE" in answer.pop("message")
    assert answer == refused("DRAFT_STALE", "invoiceId")
    issued = await api.mutate(
        "issueInvoice", asked | {"issueStale": True}, "... on InvoiceIssued { invoice { stale } }"
    )
    assert issued["invoice"] == {"stale": False}
    assert len((await unbilled(api))["nodes"]) == 1


async def test_an_open_credit_is_listed_with_what_it_comes_to(api: Api) -> None:
    tenant_id = await api.given.tenant("acme")
    await add_charge(api.given.platform, tenant_id=tenant_id, description="Goodwill", net_cents=-500, on=APRIL)
    api.given.clock.set(2026, 5, 1, 3)
    await month_end(api)
    (node,) = (await unbilled(api))["nodes"]
    assert (node["differenceCents"], node["reason"]) == (
        -500,
        "a credit of 500 cents waits for an invoice with charges to reduce",
    )


async def test_a_month_is_waived_once_and_only_without_an_invoice(api: Api) -> None:
    await api.given.plan()
    tenant_id, _ = await subscribed(api.given)
    api.given.clock.set(2026, 6, 1, 3)
    asked = {"tenantId": str(tenant_id), "periodStart": "2026-05-01", "reason": "a gift"}
    answer = await api.mutate(
        "waiveMonth", asked, "... on MonthWaived { billingMonth { state ratedCents waivedBy waiveReason waivedAt } }"
    )
    assert answer["billingMonth"] == {
        "state": "WAIVED",
        "ratedCents": 0,
        "waivedBy": "platform_admin@example.com",
        "waiveReason": "a gift",
        "waivedAt": "2026-06-01T03:00:00+00:00",
    }
    assert await api.mutate("waiveMonth", asked) == refused("CONFLICT", "periodStart")
    await month_end(api)
    assert await api.mutate("waiveMonth", asked | {"periodStart": "2026-04-01"}) == refused("CONFLICT", "periodStart")
    for given, path in (
        ({"periodStart": "2026-05-02"}, "periodStart"),
        ({"periodStart": "2026-07-01"}, "periodStart"),
        ({"reason": " "}, "reason"),
    ):
        assert await api.mutate("waiveMonth", asked | given) == refused("VALIDATION_FAILED", path)
    unknown = asked | {"tenantId": "019d4500-0000-7000-8000-000000000009"}
    assert await api.mutate("waiveMonth", unknown) == refused("NOT_FOUND", "tenantId")


async def test_billing_months_are_found_by_what_is_asked_for(api: Api) -> None:
    await api.given.plan()
    acme, _ = await subscribed(api.given)
    await subscribed(api.given, "beta", starts_on=MAY)
    api.given.clock.set(2026, 6, 1, 3)
    await month_end(api)
    text = """query ($filter: BillingMonthFilter) { billingMonths(filter: $filter) { nodes {
        tenant { code } periodStart state ratedCents invoice { totalCents } } } }"""
    every = [
        {"tenant": {"code": "acme"}, "periodStart": "2026-05-01", "state": "OPEN", "ratedCents": None, "invoice": None},
        {"tenant": {"code": "beta"}, "periodStart": "2026-05-01", "state": "OPEN", "ratedCents": None, "invoice": None},
        {
            "tenant": {"code": "acme"},
            "periodStart": "2026-04-01",
            "state": "DRAFT",
            "ratedCents": 5000,
            "invoice": {"totalCents": 5500},
        },
    ]
    for asked, expected in {
        "": every,
        "state": every[2:],
        "tenantId": [every[0], every[2]],
        "periodStart": every[:2],
        "periodFrom": every[:2],
        "periodTo": every[2:],
    }.items():
        values = {"state": ["DRAFT"], "tenantId": str(acme), "periodTo": "2026-04-30"}
        given = {asked: values.get(asked, "2026-05-01")} if asked else {}
        assert (await api.data(text, {"filter": given}))["billingMonths"]["nodes"] == expected, asked
    own = await api.data(text, {}, caller=api.given.viewer(acme))
    assert own["billingMonths"]["nodes"] == [every[0], every[2]]
