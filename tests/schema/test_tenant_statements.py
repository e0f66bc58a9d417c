"""A tenant's statement of account, and aged receivables, through the API."""

from typing import Any
from uuid import UUID

from app.operations.calls.principal import Role
from tests.schema.api import Api
from tests.schema.receivables import credit_overage, first_invoice, next_invoice, pay

STATEMENT = """query ($id: ID!, $from: Date!, $to: Date!) { tenant(id: $id) { statement(from: $from, to: $to) {
    from to currency openingBalanceCents closingBalanceCents
    entries { recordedOn kind description documentId amountCents balanceCents } } } }"""
AGED = """query ($at: Date, $first: Int! = 1000, $after: String! = "") {
    agedReceivables(at: $at, first: $first, afterTenantCode: $after) {
        at totals { ...Amounts } tenants { tenant { code } ...Amounts } } }
    fragment Amounts on AgedReceivablesRow { currency currentCents days1To30Cents days31To60Cents days61To90Cents
        over90DaysCents totalCents }"""
SHORT = {
    "currentCents": "current",
    "days1To30Cents": "1-30",
    "days31To60Cents": "31-60",
    "days61To90Cents": "61-90",
    "over90DaysCents": "over 90",
    "totalCents": "total",
}


async def statement(api: Api, tenant_id: str, from_: str, to: str) -> dict[str, Any]:
    """The statement as a tenant's viewer reads it."""
    variables = {"id": tenant_id, "from": from_, "to": to}
    answer = await api.data(STATEMENT, variables, caller=api.given.viewer(UUID(tenant_id)))
    found: dict[str, Any] = answer["tenant"]["statement"]
    amounts = [entry["amountCents"] for entry in found["entries"]]
    assert found["openingBalanceCents"] + sum(amounts) == found["closingBalanceCents"]
    return found


def told(found: dict[str, Any]) -> list[tuple[str, str, int, int]]:
    return [
        (entry["recordedOn"], entry["description"], entry["amountCents"], entry["balanceCents"])
        for entry in found["entries"]
    ]


async def aged(api: Api, **variables: Any) -> dict[str, dict[str, int]]:
    """The amounts that are not 0, by tenant's code and of the total."""
    answer = (await api.data(AGED, variables))["agedReceivables"]
    rows = [(one["tenant"]["code"], one) for one in answer["tenants"]]
    rows += [(f"all {one['currency']}", one) for one in answer["totals"]]
    return {code: {SHORT[name]: cents for name, cents in one.items() if name in SHORT and cents} for code, one in rows}


async def test_a_statement_has_every_event_with_the_running_balance(api: Api) -> None:
    tenant_id, invoice_id = await first_invoice(api)
    await first_invoice(api, "rival")
    await credit_overage(api, invoice_id)
    api.given.clock.set(2026, 5, 20)
    payment_id = await pay(api, tenant_id, 7000, "bank-1", receivedOn="2026-05-19")
    second_id = await next_invoice(api, tenant_id)
    api.given.clock.set(2026, 6, 10)
    await api.mutate("reversePayment", {"paymentId": payment_id, "reason": "dishonoured"})
    api.given.clock.set(2026, 6, 11)
    await api.mutate("writeOffInvoice", {"invoiceId": invoice_id, "reason": "insolvent"})
    recovery = {"invoiceId": invoice_id, "amountCents": 100, "receivedOn": "2026-06-11", "method": "CASH"}
    await api.mutate("recordRecovery", {**recovery, "reference": "c-1"})

    whole = await statement(api, tenant_id, "2026-04-01", "2026-07-01")
    assert told(whole) == [
        ("2026-05-01", "Invoice INV-2026-000001", 7064, 7064),
        ("2026-05-01", "Credit note CRN-2026-000001 on INV-2026-000001", -739, 6325),
        ("2026-05-20", "Payment bank-1", -7000, -675),
        ("2026-06-01", "Invoice INV-2026-000003", 7064, 6389),
        ("2026-06-01", "Credit applied to INV-2026-000003", 0, 6389),
        ("2026-06-10", "Payment bank-1 reversed", 7000, 13389),
        ("2026-06-11", "Write-off of INV-2026-000001", -6325, 7064),
        ("2026-06-11", "Recovery on INV-2026-000001", 0, 7064),
    ]
    assert [entry["documentId"] for entry in whole["entries"]][3:5] == [second_id, second_id]
    assert whole["entries"][2]["documentId"] == whole["entries"][5]["documentId"] == payment_id
    assert {key: whole[key] for key in ("from", "to", "currency", "openingBalanceCents", "closingBalanceCents")} == {
        "from": "2026-04-01",
        "to": "2026-07-01",
        "currency": "AUD",
        "openingBalanceCents": 0,
        "closingBalanceCents": 7064,
    }
    may = await statement(api, tenant_id, "2026-05-02", "2026-06-01")
    assert (may["openingBalanceCents"], told(may), may["closingBalanceCents"]) == (6325, told(whole)[2:3], -675)
    none = await statement(api, tenant_id, "2026-06-12", "2026-06-13")
    assert (none["openingBalanceCents"], none["entries"], none["closingBalanceCents"]) == (7064, [], 7064)


async def test_a_statements_period_is_1_to_366_days(api: Api) -> None:
    tenant_id = str(await api.given.tenant())
    variables = {"id": tenant_id, "from": "2026-01-01", "to": "2027-01-02"}
    assert (await statement(api, tenant_id, "2026-01-01", "2026-01-02"))["entries"] == []
    assert (await statement(api, tenant_id, "2025-01-01", "2026-01-02"))["entries"] == []
    for changes, path in (
        ({"to": "2026-01-01"}, "to"),
        ({"to": "2027-01-03"}, "to"),
        ({"from": "1999-01-01", "to": "1999-01-02"}, "from"),
    ):
        error = await api.error(STATEMENT, {**variables, **changes})
        assert error["extensions"]["problem"] == "VALIDATION_FAILED"
        assert error["path"] == ["tenant", "statement"]
        assert error["extensions"]["path"] == [path]


async def test_another_tenants_statement_is_that_of_an_unknown_tenant(api: Api) -> None:
    tenant_id, _ = await first_invoice(api)
    rival = await api.given.tenant("rival")
    variables = {"id": tenant_id, "from": "2026-04-01", "to": "2026-07-01"}
    assert await api.data(STATEMENT, variables, caller=api.given.admin(rival)) == {"tenant": None}


async def test_receivables_age_with_the_days_past_due(api: Api) -> None:
    tenant_id, _ = await first_invoice(api)
    await next_invoice(api, tenant_id)
    for day, current, overdue in (
        ((2026, 6, 1), {"current": 7064}, {"1-30": 7064}),
        ((2026, 6, 14), {"current": 7064}, {"1-30": 7064}),
        ((2026, 6, 15), {"current": 7064}, {"31-60": 7064}),
        ((2026, 7, 14), {"1-30": 7064}, {"31-60": 7064}),
        ((2026, 7, 15), {"1-30": 7064}, {"61-90": 7064}),
        ((2026, 8, 13), {"31-60": 7064}, {"61-90": 7064}),
        ((2026, 8, 14), {"31-60": 7064}, {"over 90": 7064}),
    ):
        api.given.clock.set(*day)
        expected = {**current, **overdue, "total": 14128}
        assert await aged(api) == {"acme": expected, "all AUD": expected}, day
    api.given.clock.set(2027, 1, 1)
    assert await aged(api) == {code: {"over 90": 14128, "total": 14128} for code in ("acme", "all AUD")}


async def test_receivables_are_those_of_the_end_of_the_day(api: Api) -> None:
    """Everything that changes a balance after a day leaves that day's balances as they were."""
    tenant_id, invoice_id = await first_invoice(api)
    rival_id, rivals_invoice = await first_invoice(api, "rival")
    api.given.clock.set(2026, 5, 20)
    await credit_overage(api, invoice_id)
    api.given.clock.set(2026, 5, 21)
    payment_id = await pay(api, tenant_id, 7000, "bank-1", receivedOn="2026-05-19")
    api.given.clock.set(2026, 5, 22)
    await api.mutate("writeOffInvoice", {"invoiceId": rivals_invoice, "reason": "insolvent"})
    await next_invoice(api, tenant_id)
    api.given.clock.set(2026, 6, 10)
    await api.mutate("reversePayment", {"paymentId": payment_id, "reason": "dishonoured"})
    api.given.clock.set(2026, 6, 12)
    await pay(api, tenant_id, 6325 + 1000, "bank-2")
    both = {"1-30": 7064, "total": 7064}
    for at, acme, rival in (
        ("2026-04-30", {}, {}),
        ("2026-05-01", {"current": 7064}, {"current": 7064}),
        ("2026-05-19", {"1-30": 7064}, {"1-30": 7064}),
        ("2026-05-20", {"1-30": 6325}, {"1-30": 7064}),
        ("2026-05-21", {}, {"1-30": 7064}),
        ("2026-05-22", {}, {}),
        ("2026-06-01", {"current": 6389}, {}),
        ("2026-06-10", {"1-30": 6325, "current": 7064}, {}),
        ("2026-06-12", {"current": 6064}, {}),
    ):
        found = await aged(api, at=at)
        total = found.pop("all AUD", {})
        expected = {code: one | {"total": sum(one.values())} for code, one in (("acme", acme), ("rival", rival)) if one}
        assert found == expected, at
        assert total.get("total", 0) == sum(acme.values()) + sum(rival.values()), at
    assert await aged(api, at="2026-05-19", first=1) == {"acme": both, "all AUD": {"1-30": 14128, "total": 14128}}
    rest = await aged(api, at="2026-05-19", first=1, after="acme")
    assert rest == {"rival": both, "all AUD": {"1-30": 14128, "total": 14128}}
    assert rival_id != tenant_id


async def test_a_voided_invoice_was_receivable_until_then(api: Api) -> None:
    tenant_id, invoice_id = await first_invoice(api)
    await pay(api, tenant_id, 7064 + 675)
    second_id = await next_invoice(api, tenant_id)
    api.given.clock.set(2026, 6, 3)
    await api.mutate("voidInvoice", {"invoiceId": second_id})
    assert (await aged(api, at="2026-06-02"))["acme"] == {"current": 6389, "total": 6389}
    assert await aged(api, at="2026-06-03") == {}
    assert invoice_id != second_id


async def test_only_the_platform_sees_aged_receivables_up_to_today(api: Api) -> None:
    tenant_id = await api.given.tenant()
    for role in (Role.TENANT_ADMIN, Role.TENANT_VIEWER, Role.METER):
        error = await api.error(AGED, caller=api.given.caller(role, tenant_id=tenant_id))
        assert error["extensions"]["code"] == "FORBIDDEN"
    for variables, path in (({"at": "2026-05-02"}, "at"), ({"first": 0}, "first"), ({"first": 1001}, "first")):
        error = await api.error(AGED, variables)
        assert (error["extensions"]["problem"], error["extensions"]["path"]) == ("VALIDATION_FAILED", [path])
    assert await aged(api, at="2026-05-01") == {}
