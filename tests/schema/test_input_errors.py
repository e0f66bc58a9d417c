"""Errors of input values contain the input path and the location in the document."""

from typing import Any

import pytest

from tests.schema.api import Api

DRAFT = "mutation ($i: DraftPlanVersionInput!) { draftPlanVersion(input: $i) { __typename } }"
TIERS = [{"unitPriceCents": "1", "flatPriceCents": 1.5}]
RESOURCES = [{"resourceKind": "egress_gb", "includedQuantity": "1", "tiers": TIERS}]


@pytest.mark.parametrize(
    ("text", "variables", "path", "column"),
    [
        (DRAFT, {"i": {"planCode": "a", "basePriceCents": "99.5"}}, ["i", "basePriceCents"], 11),
        (
            DRAFT,
            {"i": {"planCode": "a", "basePriceCents": 1, "resources": RESOURCES}},
            ["i", "resources", 0, "tiers", 0, "flatPriceCents"],
            11,
        ),
        (DRAFT, {"i": {"planCode": "a"}}, ["i"], 11),
        (DRAFT, {}, ["i"], 11),
        ("query ($id: ID!) { deployment(id: $id) { slug } }", {"id": "x"}, ["id"], 8),
        ("query ($n: Int) { tenants(first: $n) { totalCount } }", {"n": 2**40}, ["n"], 8),
        ('{ deployment(id: "x") { slug } }', {}, ["id"], 18),
        ('{ invoices(filter: {periodFrom: "May"}) { totalCount } }', {}, ["filter", "periodFrom"], 33),
        (
            'mutation { draftPlanVersion(input: {planCode: "a", basePriceCents: "x"}) { __typename } }',
            {},
            ["input", "basePriceCents"],
            68,
        ),
        (
            'mutation { closeTenant(input: {tenantId: "x"}) { __typename } }',
            {},
            ["input", "tenantId"],
            42,
        ),
        (
            'mutation { correctUsage(input: {eventId: "1", quantity: [1], reason: "r"}) { __typename } }',
            {},
            ["input", "quantity"],
            57,
        ),
        ('{ auditLog(filter: {since: "now"}) { totalCount } }', {}, ["filter", "since"], 28),
    ],
)
async def test_an_error_has_its_input_path_and_location(
    api: Api, text: str, variables: dict[str, Any], path: list[str | int], column: int
) -> None:
    body = await api.body(text, variables)
    (error,) = body["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "inputPath": path}
    assert error["locations"] == [{"line": 1, "column": column}]
    assert "data" not in body


async def test_an_amount_may_be_a_text(api: Api) -> None:
    await api.given.plan("studio")
    selection = "... on PlanVersionDrafted { planVersion { basePriceCents } }"
    given = {"planCode": "studio", "basePriceCents": "900719925474"}
    drafted = await api.mutate("draftPlanVersion", given, selection)
    assert drafted["planVersion"] == {"basePriceCents": 900719925474}
    literal = 'draftPlanVersion(input: {planCode: "studio", basePriceCents: "9900"})'
    data = await api.data(f"mutation {{ {literal} {{ {selection} }} }}")
    assert data["draftPlanVersion"] == {"planVersion": {"basePriceCents": 9900}}
