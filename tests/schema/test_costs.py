"""The provider's bills and the margin, through the API."""

from tests.schema.api import Api, refused
from tests.schema.example_data import BILL, create_example_data

IMPORT = {"provider": "digitalocean", "externalId": "2026-04", "csv": BILL, "exchangeRate": "1.5"}


async def test_a_bill_is_imported_and_its_rows_find_their_deployments(api: Api) -> None:
    deployment = await api.given.deployment(await api.given.tenant("acme"))
    droplet = {"provider": "digitalocean", "externalId": "42", "resourceKind": "droplet_hours", "name": "web-1"}
    await api.mutate("registerResource", droplet | {"deploymentId": str(deployment)})
    answer = await api.mutate(
        "importCloudInvoice",
        IMPORT,
        """... on CloudInvoiceImported { allocatedCents unallocatedCents cloudInvoice {
            provider externalId currency exchangeRate periodStart periodEnd totalCents allocatedCents
            lines { nodes { product amountCents exactCents resourceKind deployment { slug } } } } }""",
    )
    assert (answer["allocatedCents"], answer["unallocatedCents"]) == (1200, 2400)
    assert answer["cloudInvoice"] == {
        "provider": "digitalocean",
        "externalId": "2026-04",
        "currency": "USD",
        "exchangeRate": "1.5",
        "periodStart": "2026-04-01",
        "periodEnd": "2026-05-01",
        "totalCents": 3600,
        "allocatedCents": 1200,
        "lines": {
            "nodes": [
                {
                    "product": "Droplets",
                    "amountCents": 1200,
                    "exactCents": "1200",
                    "resourceKind": "droplet_hours",
                    "deployment": {"slug": "pilot"},
                },
                {
                    "product": "Support",
                    "amountCents": 2400,
                    "exactCents": "2400",
                    "resourceKind": None,
                    "deployment": None,
                },
            ]
        },
    }


async def test_the_same_bill_is_refused_twice_and_a_malformed_one_whole(api: Api) -> None:
    await api.mutate("importCloudInvoice", IMPORT)
    assert await api.mutate("importCloudInvoice", IMPORT) == refused("CONFLICT", "externalId")
    malformed = IMPORT | {"externalId": "2026-05", "csv": BILL.replace("$24.00", "twenty")}
    assert await api.mutate("importCloudInvoice", malformed) == refused("VALIDATION_FAILED", "csv")
    assert len((await api.data("{ cloudInvoices { nodes { id } } }"))["cloudInvoices"]["nodes"]) == 1


async def test_the_margin_sets_revenue_beside_cost(api: Api) -> None:
    await create_example_data(api.given)
    text = """query ($by: [MarginDimension!]!, $drafts: Boolean!) {
        margin(from: "2026-04-01", to: "2026-05-01", groupBy: $by, includeDrafts: $drafts) {
            currency revenueCents costCents marginCents unallocatedCostCents
            otherCurrencies { currency revenueCents }
            rows { tenant { code } deployment { slug } resourceKind lineKind month revenueCents costCents marginCents
                marginRatio } } }"""
    report = (await api.data(text, {"by": ["TENANT"], "drafts": False}))["margin"]
    assert len(api.statements) == 1  # all rows' tenants at once; no row names a deployment
    row = report["rows"][0]
    assert report | {"rows": []} == {
        "currency": "AUD",
        "revenueCents": 6422,
        "costCents": 1800,
        "marginCents": 4622,
        "unallocatedCostCents": 3600,
        "otherCurrencies": [],
        "rows": [],
    }
    assert (row["tenant"], row["deployment"], row["month"]) == ({"code": "acme"}, None, None)
    assert (row["revenueCents"], row["costCents"], row["marginCents"]) == (6422, 1800, 4622)
    drafts = (await api.data(text, {"by": [], "drafts": True}))["margin"]
    assert (drafts["revenueCents"], drafts["costCents"]) == (6422 + 5000, 1800)


async def test_a_span_that_ends_before_it_starts_is_refused(api: Api) -> None:
    error = await api.error('{ margin(from: "2026-05-01", to: "2026-04-01", groupBy: []) { currency } }')
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["extensions"]["problem"] == "VALIDATION_FAILED"
