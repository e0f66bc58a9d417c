"""Updating tenants: the details on their invoices, and tax exemption by day."""

from datetime import date
from typing import Any

import pytest

from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.tenants import create_tenant, update_tenant
from app.tables.ids import new_id
from tests.operations.given import Given

TEXTS = "SELECT name, legal_name, email, billing_address, abn, buyer_reference FROM tenants"
EXEMPTIONS = "SELECT first_day, tax_exempt, reason FROM tenant_tax_exemptions ORDER BY first_day"
ABN = "51824753556"


async def exemptions(given: Given) -> list[tuple[date, bool, str | None]]:
    return [tuple(row.values()) for row in await given.rows(EXEMPTIONS)]


async def test_what_is_given_changes_and_the_rest_stays(given: Given) -> None:
    tenant_id = await given.tenant()
    texts: dict[str, Any] = {
        "legal_name": "Acme Holdings Pty Ltd",
        "email": "accounts@example.com",
        "billing_address": "1 High Street\nSydney",
        "abn": "51 824 753 556",
        "buyer_reference": "PO 7",
    }
    assert await update_tenant(given.platform, tenant_id=tenant_id, **texts) == tenant_id
    assert await given.row(TEXTS) == {"name": "Acme", **texts, "abn": ABN}
    await update_tenant(given.platform, tenant_id=tenant_id, name="Acme Pty Ltd")
    assert await given.row(TEXTS) == {"name": "Acme Pty Ltd", **texts, "abn": ABN}
    await update_tenant(given.platform, tenant_id=tenant_id, email=None, abn=None, legal_name=None)
    cleared = {"email": None, "abn": None, "legal_name": None}
    assert await given.row(TEXTS) == {"name": "Acme Pty Ltd", **texts, **cleared}
    before = await given.contents()
    await update_tenant(given.platform, tenant_id=tenant_id)
    assert await given.contents() == before


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ({"name": ""}, "name"),
        ({"legal_name": ""}, "legalName"),
        ({"legal_name": "x" * 201}, "legalName"),
        ({"email": "nobody"}, "email"),
        ({"email": "a b@example.com"}, "email"),
        ({"email": "a@b@example.com"}, "email"),
        ({"email": "\ud800@example.com"}, "email"),
        ({"billing_address": " "}, "billingAddress"),
        ({"billing_address": "x" * 2001}, "billingAddress"),
        ({"buyer_reference": "x" * 201}, "buyerReference"),
        ({"abn": "51824753557"}, "abn"),
        ({"abn": "5182475355"}, "abn"),
        ({"abn": "518247535560"}, "abn"),
        ({"abn": "٥1824753556"}, "abn"),
        ({"abn": "00000000000"}, "abn"),
        ({"abn": ""}, "abn"),
        ({"tax_exempt": True, "tax_exempt_from": date(2026, 5, 2)}, "taxExemptFrom"),
        ({"tax_exempt": True, "tax_exempt_from": date.min}, "taxExemptFrom"),
        ({"tax_exempt": True, "tax_exempt_from": date.max}, "taxExemptFrom"),
        ({"tax_exempt": True, "tax_exempt_reason": " "}, "taxExemptReason"),
        ({"tax_exempt_reason": "a charity"}, "taxExemptReason"),
        ({"tax_exempt_from": date(2026, 5, 1)}, "taxExemptFrom"),
    ],
)
async def test_bad_input_is_named(given: Given, asked: dict[str, Any], path: str) -> None:
    tenant_id = await given.tenant()
    before = await given.contents()
    with pytest.raises(Refusal) as refused:
        await update_tenant(given.platform, tenant_id=tenant_id, **asked)
    assert (refused.value.code, refused.value.path) == (ProblemCode.VALIDATION_FAILED, (path,))
    assert await given.contents() == before


@pytest.mark.parametrize("abn", ["51824753556", "53004085616", "33051775556"])
async def test_an_abn_has_check_digits(given: Given, abn: str) -> None:
    tenant_id = await given.tenant()
    await update_tenant(given.platform, tenant_id=tenant_id, abn=abn)
    for position in range(11):
        wrong = abn[:position] + str((int(abn[position]) + 1) % 10) + abn[position + 1 :]
        with pytest.raises(Refusal):
            await update_tenant(given.platform, tenant_id=tenant_id, abn=wrong)


async def test_an_unknown_tenant_is_not_found(given: Given) -> None:
    with pytest.raises(Refusal) as refused:
        await update_tenant(given.platform, tenant_id=new_id(), name="Acme")
    assert (refused.value.code, refused.value.path) == (ProblemCode.NOT_FOUND, ("tenantId",))


Change = tuple[bool, date | None, str | None]


@pytest.mark.parametrize(
    ("is_exempt", "changes", "expected"),
    [
        (False, [], []),
        (True, [], [(date(2000, 1, 1), True, None)]),
        (False, [(True, None, "a charity")], [(date(2026, 5, 1), True, "a charity")]),
        (False, [(True, date(2026, 3, 15), None)], [(date(2026, 3, 15), True, None)]),
        (False, [(False, None, None)], []),
        (True, [(True, date(2026, 3, 1), None)], [(date(2000, 1, 1), True, None)]),
        (
            True,
            [(False, date(2026, 3, 1), "the certificate ended")],
            [(date(2000, 1, 1), True, None), (date(2026, 3, 1), False, "the certificate ended")],
        ),
        (True, [(False, date(2000, 1, 1), None)], [(date(2000, 1, 1), False, None)]),
        (
            False,
            [(True, date(2026, 4, 1), "a"), (True, date(2026, 3, 1), "b")],
            [(date(2026, 3, 1), True, "b")],
        ),
        (
            False,
            [(True, date(2026, 3, 1), "a"), (False, date(2026, 4, 1), "b"), (True, date(2026, 2, 1), "c")],
            [(date(2026, 2, 1), True, "c")],
        ),
        (
            False,
            [(True, date(2026, 3, 1), "a"), (True, date(2026, 4, 1), "renewed")],
            [(date(2026, 3, 1), True, "a"), (date(2026, 4, 1), True, "renewed")],
        ),
    ],
)
async def test_an_exemption_holds_from_its_day_on(
    given: Given, is_exempt: bool, changes: list[Change], expected: list[tuple[date, bool, str | None]]
) -> None:
    tenant_id = await create_tenant(given.platform, code="acme", name="Acme", tax_exempt=is_exempt)
    for exempt, first_day, reason in changes:
        await update_tenant(
            given.platform,
            tenant_id=tenant_id,
            tax_exempt=exempt,
            tax_exempt_from=first_day,
            tax_exempt_reason=reason,
        )
    assert await exemptions(given) == expected
    today = bool(expected) and expected[-1][1]
    assert await given.row("SELECT tax_exempt FROM tenants") == {"tax_exempt": today}


async def test_of_an_exemption_that_changes_no_month_nothing_is_recorded(given: Given) -> None:
    tenant_id = await create_tenant(given.platform, code="acme", name="Acme", tax_exempt=True)
    asked: dict[str, Any] = {"tenant_id": tenant_id, "tax_exempt": True, "tax_exempt_from": date(2026, 3, 1)}
    await update_tenant(given.platform, tax_exempt_reason="renewed", **asked)
    assert await given.rows("SELECT id FROM billing_months") == []
