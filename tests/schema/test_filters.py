"""Finding tenants and invoices by code, number and text, and the currency beside every amount."""

from graphql import GraphQLObjectType, get_named_type

from tests.schema.api import Api
from tests.schema.example_data import create_example_data
from tests.schema.selections import TYPES

# Parts of an object that has the currency, and the run, whose tenants have several.
PARTS = {
    "CloudInvoiceImported",
    "CloudInvoiceRematched",
    "CreditNotePreviewLine",
    "LineExplanation",
    "MarginRow",
    "PriceTier",
    "QuoteLine",
    "RollupRun",
    "TierCharge",
    "UnbilledMonth",
    "BankStatementProposal",  # the statement's own
    "FinancePush",  # the invoice's
    "DunningPolicy",  # of each tenant's currency
    "StatementEntry",
    "TrialBalanceRow",
}


def test_a_currency_stands_beside_every_amount() -> None:
    with_amounts = {
        name: type_
        for name, type_ in TYPES.items()
        if isinstance(type_, GraphQLObjectType)
        and any(
            field.endswith("Cents") or get_named_type(each.type).name == "Cents" for field, each in type_.fields.items()
        )
    }
    assert {name for name, type_ in with_amounts.items() if "currency" not in type_.fields} == PARTS


async def test_the_currency_is_that_of_the_amount(api: Api) -> None:
    story = await create_example_data(api.given)
    text = """{ invoices { nodes { currency tenant { currency charges { nodes { currency } } }
        lines { nodes { currency resourceKind resourceKindDetails { code unit } } } } }
        billingMonths { nodes { currency tenant { currency } } }
        deployments { nodes { subscription { addons { currency addon { currency } } } } } }"""
    data = await api.data(text)
    lines = [line for invoice in data["invoices"]["nodes"] for line in invoice["lines"]["nodes"]]
    assert {line["currency"] for line in lines} == {"AUD"}
    for line in lines:
        details = line["resourceKindDetails"]
        assert (details and details["code"]) == line["resourceKind"]
    assert {month["currency"] for month in data["billingMonths"]["nodes"]} == {"AUD"}
    own = await api.data(text, caller=api.given.viewer(story.acme))
    assert {month["currency"] for month in own["billingMonths"]["nodes"]} == {"AUD"}


async def test_an_invoice_by_its_number(api: Api) -> None:
    story = await create_example_data(api.given)
    issued = (await api.data("{ invoices { nodes { id number tenant { code } } } }"))["invoices"]["nodes"]
    by_number = "query ($n: String!) { invoice(number: $n) { id } invoices(filter: {number: $n}) { nodes { id } } }"
    theirs = "query ($n: String!) { invoice(number: $n) { id } }"
    found = [invoice for invoice in issued if invoice["number"]]
    assert found
    for invoice in found:
        answer = {"id": invoice["id"]}
        data = await api.data(by_number, {"n": invoice["number"]})
        assert data == {"invoice": answer, "invoices": {"nodes": [answer]}}
        own = await api.data(theirs, {"n": invoice["number"]}, caller=api.given.viewer(story.acme))
        assert own["invoice"] == (answer if invoice["tenant"]["code"] == "acme" else None)
    assert (await api.data(theirs, {"n": "none"}))["invoice"] is None
    error = await api.error("{ invoice { id } }")
    assert "id, number" in error["message"]


async def test_tenants_and_their_invoices_by_text(api: Api) -> None:
    await create_example_data(api.given)
    text = """query ($s: String!) { tenants(filter: {search: $s}) { nodes { code } }
        invoices(filter: {search: $s}) { nodes { tenant { code } } } }"""
    for search, codes in (("ACM", {"acme"}), ("%", set()), ("nobody", set())):
        data = await api.data(text, {"s": search})
        assert {tenant["code"] for tenant in data["tenants"]["nodes"]} == codes
        assert {invoice["tenant"]["code"] for invoice in data["invoices"]["nodes"]} <= codes
    by_code = await api.data('{ tenants(filter: {code: "acme"}) { nodes { code } totalCount } }')
    assert by_code["tenants"] == {"nodes": [{"code": "acme"}], "totalCount": 1}
