"""Creating tenants."""

from datetime import date

import pytest

from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.tenants import create_tenant
from tests.operations.given import Given


async def test_a_tenant_is_created_as_asked(given: Given) -> None:
    tenant_id = await create_tenant(
        given.platform, code="acme", name="Acme Pty Ltd", country="NZ", currency="NZD", tax_exempt=True
    )
    assert await given.row("SELECT * FROM tenants") == {
        "id": tenant_id,
        "code": "acme",
        "name": "Acme Pty Ltd",
        "country": "NZ",
        "currency": "NZD",
        "tax_exempt": True,
        "created_at": given.clock(),
        "email": None,
        "billing_address": None,
        "abn": None,
        "buyer_reference": None,
        "legal_name": None,
        "closed_at": None,
    }
    assert await given.row("SELECT first_day, tax_exempt, reason FROM tenant_tax_exemptions") == {
        "first_day": date(2000, 1, 1),
        "tax_exempt": True,
        "reason": None,
    }


async def test_a_code_is_given_once(given: Given) -> None:
    await given.tenant("acme")
    before = await given.contents()
    with pytest.raises(Refusal) as refused:
        await given.tenant("acme")
    assert (refused.value.code, refused.value.path) == (ProblemCode.CONFLICT, ("code",))
    assert await given.contents() == before


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("code", ""),
        ("code", "Acme"),
        ("code", "-acme"),
        ("code", "acme\n"),
        ("code", "a" * 65),
        ("name", " "),
        ("name", "x" * 201),
        ("name", "nul\0"),
        ("name", "half \ud800"),
        ("country", "au"),
        ("country", "AUS"),
        ("currency", "A$"),
        ("currency", "AUDX"),
        ("currency", "aud"),
        ("currency", "AUE"),  # of three letters, and no currency
        ("currency", "XAU"),  # gold: listed, but without a minor unit
        ("currency", "DEM"),  # no longer one
    ],
)
async def test_bad_input_is_named(given: Given, field: str, value: str) -> None:
    asked = {"code": "acme", "name": "Acme", "country": "AU", "currency": "AUD"} | {field: value}
    with pytest.raises(Refusal) as refused:
        await create_tenant(given.platform, **asked)  # type: ignore[arg-type]  # every value here is text
    assert (refused.value.code, refused.value.path) == (ProblemCode.VALIDATION_FAILED, (field,))
    assert await given.rows("SELECT id FROM tenants") == []


async def test_every_fault_is_reported_and_the_path_leads_to_the_first(given: Given) -> None:
    with pytest.raises(Refusal) as refused:
        await create_tenant(given.platform, code="acme", name="", country="au", currency="AUD")
    assert refused.value.path == ("name",)
    assert [part.split(" ")[0] for part in refused.value.message.split("; ")] == ["name", "country"]
