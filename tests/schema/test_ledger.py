"""The ledger through the API."""

from tests.operations.receivables import credit, drafted, figure_1, issued, pay
from tests.schema.api import Api

ENTRY = """
    kind recordedOn currency description tenant { code } documentId
    postings { account amountCents currency lineKind resourceKind tax }
"""
ENTRIES = f"query Journal($filter: JournalFilter) {{ journal(filter: $filter) {{ nodes {{ {ENTRY} }} }} }}"
BALANCES = """
query Balances($at: Date, $tenant: ID) {
    accountBalances(at: $at, tenantId: $tenant) { account currency lineKind resourceKind tax balanceCents }
}
"""
TRIAL = """
query Trial($at: Date) {
    trialBalance(at: $at) { currency debitCents creditCents rows { account debitCents creditCents balanceCents } }
}
"""


def posting(account: str, cents: int, **divided: str) -> dict[str, object]:
    undivided = {"lineKind": None, "resourceKind": None, "tax": None}
    return {"account": account, "amountCents": cents, "currency": "AUD", **undivided, **divided}


def posted(answer: dict[str, object]) -> list[tuple[object, ...]]:
    """Account, division and balance."""
    balances = answer["accountBalances"]
    assert isinstance(balances, list)
    return [(one["account"], one["lineKind"], one["resourceKind"], one["tax"], one["balanceCents"]) for one in balances]


async def test_the_journal_has_each_event_with_its_postings(api: Api) -> None:
    await figure_1(api.given)
    tenant_id, invoice_id = await issued(api.given)
    api.given.clock.set(2026, 6, 3)
    payment_id = await pay(api.given, tenant_id, 4000, "bank-1")
    payment, invoice = (await api.data(ENTRIES))["journal"]["nodes"]
    assert payment == {
        "kind": "PAYMENT_RECORDED",
        "recordedOn": "2026-06-03",
        "currency": "AUD",
        "description": "Payment bank-1",
        "tenant": {"code": "acme"},
        "documentId": str(payment_id),
        "postings": [posting("CASH_CLEARING", 4000), posting("ACCOUNTS_RECEIVABLE", -4000)],
    }
    assert (invoice["kind"], invoice["documentId"]) == ("INVOICE_ISSUED", str(invoice_id))
    assert invoice["postings"] == [
        posting("ACCOUNTS_RECEIVABLE", 7064),
        posting("REVENUE", -750, lineKind="ADDON", resourceKind="storage_gb"),
        posting("REVENUE", -672, lineKind="OVERAGE", resourceKind="droplet_hours"),
        posting("REVENUE", -5000, lineKind="PLAN_BASE"),
        posting("TAX_PAYABLE", -642, tax="tax:GST:0.1"),
    ]


async def test_the_journal_is_filtered(api: Api) -> None:
    await figure_1(api.given)
    acme, acmes = await issued(api.given, "acme")
    _, rivals = await issued(api.given, "rival")
    api.given.clock.set(2026, 6, 3)
    payment_id = await pay(api.given, acme, 4000, "bank-1")

    async def documents(**given: object) -> list[str]:
        found = await api.data(
            "query ($f: JournalFilter) { journal(filter: $f) { nodes { documentId } } }", {"f": given}
        )
        return [node["documentId"] for node in found["journal"]["nodes"]]

    assert await documents() == [str(payment_id), str(rivals), str(acmes)]
    assert await documents(tenantId=str(acme)) == [str(payment_id), str(acmes)]
    assert await documents(recordedTo="2026-06-03") == [str(rivals), str(acmes)]
    assert await documents(recordedFrom="2026-06-03", recordedTo="2026-06-04") == [str(payment_id)]
    assert await documents(kind=["PAYMENT_RECORDED"]) == [str(payment_id)]
    assert await documents(tenantId=str(acme), documentId=str(acmes)) == [str(acmes)]
    assert await documents(currency="NZD") == []


async def test_the_trial_balance_adds_up_to_0_at_every_day(api: Api) -> None:
    await figure_1(api.given)
    tenant_id, invoice_id = await issued(api.given)
    api.given.clock.set(2026, 6, 3)
    await credit(api.given, invoice_id, (3, 672))
    await pay(api.given, tenant_id, 7000, "bank-1")
    assert await api.data(TRIAL, {"at": "2026-06-02"}) == {
        "trialBalance": [
            {
                "currency": "AUD",
                "debitCents": 7064,
                "creditCents": 7064,
                "rows": [
                    row("ACCOUNTS_RECEIVABLE", 7064, 0),
                    row("REVENUE", 0, 6422),
                    row("TAX_PAYABLE", 0, 642),
                ],
            }
        ]
    }
    (today,) = (await api.data(TRIAL))["trialBalance"]
    assert today["rows"] == [
        row("ACCOUNTS_RECEIVABLE", 7064, 7064),
        row("CASH_CLEARING", 7000, 0),
        row("CUSTOMER_CREDIT", 0, 675),
        row("REVENUE", 672, 6422),
        row("TAX_PAYABLE", 67, 642),
    ]
    assert (today["debitCents"], today["creditCents"]) == (14803, 14803)
    assert await api.data(TRIAL, {"at": "2026-04-30"}) == {"trialBalance": []}


def row(account: str, debits: int, credits_: int) -> dict[str, object]:
    return {"account": account, "debitCents": debits, "creditCents": credits_, "balanceCents": debits - credits_}


async def test_account_balances_are_of_all_tenants_or_of_one(api: Api) -> None:
    await figure_1(api.given)
    acme, _ = await issued(api.given, "acme")
    await issued(api.given, "rival")
    await pay(api.given, acme, 7064, "bank-1")
    of_acme = [
        ("ACCOUNTS_RECEIVABLE", None, None, None, 0),
        ("CASH_CLEARING", None, None, None, 7064),
        ("REVENUE", "ADDON", "storage_gb", None, -750),
        ("REVENUE", "OVERAGE", "droplet_hours", None, -672),
        ("REVENUE", "PLAN_BASE", None, None, -5000),
        ("TAX_PAYABLE", None, None, "tax:GST:0.1", -642),
    ]
    assert posted(await api.data(BALANCES, {"tenant": str(acme)})) == of_acme
    of_all = dict.fromkeys(key[:4] for key in of_acme) | {one[:4]: 2 * one[4] for one in of_acme}
    of_all |= {of_acme[0][:4]: 7064, of_acme[1][:4]: 7064}
    assert {one[:4]: one[4] for one in posted(await api.data(BALANCES))} == of_all
    assert await api.data(BALANCES, {"at": "2026-04-30"}) == {"accountBalances": []}


async def test_bad_input_and_other_roles_are_refused(api: Api) -> None:
    await figure_1(api.given)
    tenant_id, _ = await drafted(api.given)
    unknown = "019d4500-0000-7000-8000-000000000009"
    error = await api.error(BALANCES, {"tenant": unknown})
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "problem": "NOT_FOUND", "path": ["tenantId"]}
    assert (await api.error(TRIAL, {"at": "1999-12-31"}))["extensions"]["code"] == "BAD_USER_INPUT"
    for caller in (api.given.admin(tenant_id), api.given.viewer(tenant_id), api.given.meter()):
        for text in (ENTRIES, BALANCES, TRIAL):
            assert (await api.error(text, caller=caller))["extensions"]["code"] == "FORBIDDEN"
