"""Refused bills, and bills of other providers, read by the given columns."""

from decimal import Decimal
from typing import Any

import pytest

from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.costs import BillField, ColumnOfField
from app.operations.deployments import register_resource
from tests.operations.costs.bills import bill, import_bill, row
from tests.operations.given import Given

COST_OF_AWS = [
    ColumnOfField(BillField.DESCRIPTION, "ResourceId"),
    ColumnOfField(BillField.START, "UsageStart"),
    ColumnOfField(BillField.END, "UsageEnd"),
    ColumnOfField(BillField.AMOUNT, "UnblendedCost"),
]


@pytest.mark.parametrize(
    ("arguments", "path", "message"),
    [
        ({"external_id": " "}, ("externalId",), "externalId must not be blank"),
        ({"currency": "XXX"}, ("currency",), "currency must be a current ISO 4217 code such as AUD"),
        ({"currency": "EUR"}, ("csv",), "row 1: missing columns: EUR. Required, in any order: description, start, "),
        ({"exchange_rate": None}, ("exchangeRate",), "exchangeRate is required: the number of AUD for 1 USD"),
        ({"exchange_rate": Decimal(0)}, ("exchangeRate",), "exchangeRate must be positive"),
        ({"exchange_rate": Decimal("NaN")}, ("exchangeRate",), "exchangeRate must be a finite number"),
        ({"exchange_rate": Decimal(-1)}, ("exchangeRate",), "exchangeRate must not be negative"),
        ({"exchange_rate": Decimal("1e-13")}, ("exchangeRate",), "exchangeRate must have at most 12 fractional digits"),
        ({"exchange_rate": Decimal("1e15")}, ("exchangeRate",), "exchangeRate must be below 10^15"),
        (
            {"currency": "AUD", "exchange_rate": Decimal("1.5")},
            ("exchangeRate",),
            "exchangeRate must be 1 or omitted: the bill is in the reporting currency, AUD",
        ),
        (
            {"provider": "aws"},
            ("columns",),
            (
                "columns must name the file's columns for description, start, end, amount: no layout is built in for "
                "provider 'aws'. Only digitalocean has one: product, group_description, description, hours, start, "
                "end, USD, project_name, category"
            ),
        ),
        (
            {"provider": "aws", "columns": COST_OF_AWS[:2]},
            ("columns",),
            "columns must name the file's columns for end, amount: no layout is",
        ),
        (
            {"columns": [ColumnOfField(BillField.HOURS, " ")]},
            ("columns", "0", "column"),
            "columns.0.column must not be blank",
        ),
        (
            {"provider": "aws", "columns": COST_OF_AWS},
            ("csv",),
            "row 1: missing columns: ResourceId, UsageStart, UsageEnd, UnblendedCost. Required, in any order: ",
        ),
        ({"csv": bill(row("a", "$1"), row("b", "one"))}, ("csv",), "row 3: USD 'one' is not an amount such as $12.00"),
    ],
)
async def test_what_cannot_be_imported_writes_nothing(
    given: Given, arguments: dict[str, Any], path: tuple[str, ...], message: str
) -> None:
    with pytest.raises(Refusal) as refused:
        await import_bill(given.platform, **({"csv": bill(row("a", "$1"))} | arguments))
    assert (refused.value.code, refused.value.path) == (ProblemCode.VALIDATION_FAILED, path)
    assert str(refused.value).startswith(message)
    assert await given.rows("SELECT FROM cloud_invoices") == []


async def test_another_providers_file_is_read_by_the_columns_given(given: Given) -> None:
    deployment_id = await given.deployment(await given.tenant())
    await register_resource(
        given.platform,
        deployment_id=deployment_id,
        provider="aws",
        external_id="i-0123",
        resource_kind="droplet_hours",
        name="web-1",
    )
    csv = (
        "UsageStart,UsageEnd,ResourceId,unblendedcost,Service\n"
        "2026-04-01T00:00:00Z,2026-04-01T01:00:00+00:00,i-0123,1.23E-6,EC2\n"
        "2026-04-01T00:00:00Z,2026-04-01T01:00:00Z,i-0456,-0.5,EC2\n"
    )
    result = await import_bill(given.platform, csv, provider="aws", columns=COST_OF_AWS)
    assert (result.rows, result.ignored_columns) == (2, ("Service",))
    lines = await given.rows(
        "SELECT deployment_id, exact_cents, product, hours FROM cloud_invoice_lines ORDER BY position"
    )
    assert [tuple(line.values()) for line in lines] == [
        (deployment_id, Decimal("0.000123"), "", None),
        (None, Decimal(-50), "", None),
    ]


async def test_a_built_in_column_is_replaced_by_the_one_given(given: Given) -> None:
    columns = [ColumnOfField(BillField.AMOUNT, "net")]
    result = await import_bill(given.platform, bill(row("a", "$1")).replace("USD", "net"), columns=columns)
    assert result.unallocated_cents == 100


async def test_only_the_platform_imports(given: Given) -> None:
    tenant_id = await given.tenant()
    with pytest.raises(Refusal) as refused:
        await import_bill(given.admin(tenant_id), "")
    assert refused.value.code is ProblemCode.PERMISSION_DENIED


async def test_a_bill_whose_sum_is_too_large_is_refused(given: Given) -> None:
    with pytest.raises(Refusal) as refused:
        await import_bill(given.platform, bill(row("a", "$6000000000000"), row("b", "-$6000000000000")))
    assert (refused.value.code, refused.value.path) == (ProblemCode.AMOUNT_TOO_LARGE, ("csv",))
    assert str(refused.value) == "the sum of the bill's amounts must be below 10^15 cents"
    assert await given.rows("SELECT FROM cloud_invoices") == []


async def test_a_sum_that_is_too_large_in_the_reporting_currency_is_refused(given: Given) -> None:
    with pytest.raises(Refusal) as refused:
        await import_bill(given.platform, bill(row("a", "$6000000000")), exchange_rate=Decimal(10_000))
    assert refused.value.code is ProblemCode.AMOUNT_TOO_LARGE
    assert str(refused.value) == "the sum of the bill's amounts in the reporting currency must be below 10^15 cents"
