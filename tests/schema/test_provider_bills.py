"""Cases of the provider's bills (API-B1 to B8), as a platform admin meets them in the API."""

from typing import Any

import pytest

from tests.schema.api import Api, refused

APRIL = "2026-04-01 00:00:00 +0000,2026-05-01 00:00:00 +0000"
HEADER = "product,group_description,description,hours,start,end,USD,project_name,category"
LINES = "... on CloudInvoiceImported { cloudInvoice { id lines { nodes { deployment { slug } } } } }"


def bill_of(*rows: str, **changes: Any) -> dict[str, Any]:
    """Returns input of `importCloudInvoice` with these rows below DigitalOcean's header."""
    csv = "\n".join([HEADER, *rows]) + "\n"
    return {"provider": "digitalocean", "externalId": "2026-04", "csv": csv, "exchangeRate": "1.5"} | changes


async def droplet(api: Api, name: str, slug: str = "pilot") -> None:
    tenants = (await api.data("{ tenants { nodes { id } } }"))["tenants"]["nodes"]
    tenant_id = tenants[0]["id"] if tenants else await api.given.tenant("acme")
    deployment_id = await api.given.deployment(tenant_id, slug)
    droplet = {"provider": "digitalocean", "resourceKind": "droplet_hours", "name": name, "externalId": f"id of {name}"}
    await api.mutate("registerResource", droplet | {"deploymentId": str(deployment_id)})


async def slugs(api: Api, bill: dict[str, Any]) -> list[str | None]:
    """Returns for each line of the bill the slug of the deployment it is allocated to."""
    answer = await api.mutate("importCloudInvoice", bill, LINES)
    assert answer["__typename"] == "CloudInvoiceImported", answer
    lines = answer["cloudInvoice"]["lines"]["nodes"]
    return [line["deployment"] and line["deployment"]["slug"] for line in lines]


async def test_a_row_is_matched_by_the_name_before_the_first_bracket(api: Api) -> None:
    await droplet(api, "data-nyc3-01")
    row = f"Volumes,,data-nyc3-01 (nyc3) 100GB,720,{APRIL},$10.00,arcadia,iaas"
    assert await slugs(api, bill_of(row)) == ["pilot"]


async def test_a_row_of_a_cluster_is_matched_by_its_group(api: Api) -> None:
    await droplet(api, "prod-cluster")
    row = f"Kubernetes Clusters,prod-cluster,pool-1 (s-2vcpu-4gb),720,{APRIL},$24.00,arcadia,iaas"
    assert await slugs(api, bill_of(row)) == ["pilot"]


@pytest.mark.parametrize(
    ("header", "row"),
    [
        (
            "product,group_description,description,hours,start,end,USD,project_name",
            f"Droplets,,web-1,720,{APRIL},$1,arcadia",
        ),
        ("USD,start,end,description", f"$1,{APRIL},web-1"),
        ("start,end,description,USD,invoice_uuid", f"{APRIL},web-1,$1,4711"),
    ],
    ids=["eight columns", "the required ones, in another order", "an unknown one"],
)
async def test_columns_are_found_by_their_names(api: Api, header: str, row: str) -> None:
    await droplet(api, "web-1")
    assert await slugs(api, bill_of(csv=f"{header}\n{row}\n")) == ["pilot"]


async def test_a_resource_registered_after_the_import_is_matched_again(api: Api) -> None:
    bill = bill_of(f"Droplets,,web-1,720,{APRIL},$12.00,arcadia,iaas")
    imported = await api.mutate("importCloudInvoice", bill, LINES)
    await droplet(api, "web-1")
    rematched = await api.mutate(
        "rematchCloudInvoice",
        {"cloudInvoiceId": imported["cloudInvoice"]["id"]},
        "... on CloudInvoiceRematched { changedLines allocatedCents unallocatedCents }",
    )
    assert (rematched["changedLines"], rematched["allocatedCents"], rematched["unallocatedCents"]) == (1, 1200, 0)


async def test_a_wrong_bill_is_withdrawn_and_imported_again(api: Api) -> None:
    bill = bill_of(f"Droplets,,web-1,720,{APRIL},$12.00,arcadia,iaas")
    imported = await api.mutate("importCloudInvoice", bill, LINES)
    withdrawn = await api.mutate(
        "withdrawCloudInvoice",
        {"cloudInvoiceId": imported["cloudInvoice"]["id"], "reason": "wrong exchange rate"},
        "... on CloudInvoiceWithdrawn { cloudInvoice { withdrawnAt withdrawnBy withdrawalReason } }",
    )
    assert withdrawn["cloudInvoice"]["withdrawalReason"] == "wrong exchange rate"
    again = await api.mutate("importCloudInvoice", bill | {"exchangeRate": "1.6"})
    assert again["__typename"] == "CloudInvoiceImported"


async def test_a_bill_in_another_currency_than_the_reporting_one_needs_a_rate(api: Api) -> None:
    bill = bill_of(f"Droplets,,web-1,720,{APRIL},$12.00,arcadia,iaas")
    del bill["exchangeRate"]
    assert await api.mutate("importCloudInvoice", bill) == refused("VALIDATION_FAILED", "exchangeRate")


async def test_another_providers_bill_is_not_read_as_digitaloceans(api: Api) -> None:
    bill = bill_of(f"Droplets,,web-1,720,{APRIL},$12.00,arcadia,iaas", provider="aws")
    assert await api.mutate("importCloudInvoice", bill) == refused("VALIDATION_FAILED", "columns")
