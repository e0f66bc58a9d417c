"""An invoice held against its own inputs, and against the data of today."""

from datetime import date
from uuid import UUID

import psycopg
import pytest

from app.billing import Proration
from app.operations.invoices import issue_invoice, verify_invoice
from app.operations.invoices import verification as verifying
from app.operations.subscriptions import change_plan_version
from tests.operations.given import Given
from tests.operations.months import APRIL, invoices, meter, roll_up, subscribed

EXTRA_LINE = """
INSERT INTO tenant_invoice_lines
SELECT gen_random_uuid(), tenant_id, invoice_id, 9, 'extra', kind, description, resource_kind, quantity,
       unit_price_cents, amount_cents, deployment_id, subscription_id, subscription_addon_id, period_start
FROM tenant_invoice_lines WHERE position = 1
"""


@pytest.fixture(params=[1, 500])
def slice_size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying, "SLICE", request.param)


@pytest.fixture
async def invoice_id(given: Given) -> UUID:
    """Of two deployments: pilot with an add-on and overage, and second."""
    await given.plan()
    await given.addon()
    tenant_id, pilot = await subscribed(given, addons=["storage_50gb"])
    await given.subscription(await given.deployment(tenant_id, "second"), starts_on=APRIL)
    await meter(given, pilot, "2160")
    await meter(given, pilot, "7", kind="storage_gb_hours")
    await roll_up(given)
    (invoice,) = await invoices(given)
    found: UUID = invoice["id"]
    return found


def tamper(database_url: str, *statements: str) -> None:
    """As the owner, with the triggers off."""
    with psycopg.connect(database_url) as connection:
        connection.execute("SET session_replication_role = replica")
        for statement in statements:
            connection.execute(statement)


@pytest.mark.usefixtures("slice_size")
async def test_an_invoice_is_what_its_inputs_and_todays_data_say(given: Given, invoice_id: UUID) -> None:
    assert await verify_invoice(given.platform, invoice_id=invoice_id) == (invoice_id, True, ())
    await issue_invoice(given.platform, invoice_id=invoice_id)
    assert await verify_invoice(given.platform, invoice_id=invoice_id) == (invoice_id, True, ())


@pytest.mark.usefixtures("slice_size")
@pytest.mark.parametrize(
    ("statements", "differences"),
    [
        (
            ["UPDATE tenant_invoice_lines SET amount_cents = 600 WHERE kind = 'OVERAGE'"],
            ["line 3 (pilot/overage/droplet_hours/studio@1): amount_cents is 600, the inputs give 672"],
        ),
        (
            ["UPDATE tenant_invoice_lines SET quantity = 671 WHERE kind = 'OVERAGE'"],
            ["line 3 (pilot/overage/droplet_hours/studio@1): quantity is 671, the inputs give 672"],
        ),
        (
            ["DELETE FROM tenant_invoice_lines WHERE kind = 'ADDON'"],
            ["line 2 (pilot/addon/"],
        ),
        (
            [EXTRA_LINE],
            ["line 9 (extra) does not follow from the inputs"],
        ),
        (
            ["UPDATE tenant_invoices SET tax_cents = 1143, total_cents = subtotal_cents + 1143"],
            ["tax_cents is 1143, the inputs give 1142", "total_cents is 12565, the inputs give 12564"],
        ),
        (
            ["UPDATE tenant_invoices SET input_hash = repeat('0', 64)"],
            ["input_hash is 0000000000000000000000000000000000000000000000000000000000000000, the inputs give "],
        ),
        (["DELETE FROM tenant_invoice_inputs WHERE position = 0"], ["the inputs are missing"]),
        (
            ["UPDATE tenant_invoice_inputs SET document = '{' WHERE position = 1"],
            ["the inputs cannot be rated: "],
        ),
    ],
    ids=["amount", "quantity", "missing", "extra", "totals", "hash", "no inputs", "unreadable"],
)
async def test_what_was_tampered_with_is_named(
    given: Given,
    invoice_id: UUID,
    worker_database_url: str,
    statements: list[str],
    differences: list[str],
) -> None:
    tamper(worker_database_url, *statements)
    verified = await verify_invoice(given.platform, invoice_id=invoice_id)
    assert not verified.matches
    against_inputs = [text for text in verified.differences if not text.startswith("the data of today")]
    assert len(against_inputs) == len(differences)
    assert all(found.startswith(wanted) for found, wanted in zip(against_inputs, differences, strict=True))


async def test_changed_inputs_are_found_by_their_amounts_and_their_hash(
    given: Given, invoice_id: UUID, worker_database_url: str
) -> None:
    tamper(
        worker_database_url,
        "UPDATE tenant_invoice_inputs SET document = replace(document, '2160', '2260') WHERE position = 1",
    )
    verified = await verify_invoice(given.platform, invoice_id=invoice_id)
    assert not verified.matches
    named = [difference.split(" is ")[0] for difference in verified.differences]
    assert "line 3 (pilot/overage/droplet_hours/studio@1): amount_cents" in named
    assert {"subtotal_cents", "tax_cents", "total_cents", "input_hash"} <= set(named)


async def test_late_usage_and_a_backdated_plan_are_told_and_the_invoice_still_matches(
    given: Given, invoice_id: UUID
) -> None:
    second = await given.row("SELECT id FROM cloud_deployments WHERE slug = 'second'")
    await meter(given, second["id"], "1500")
    verified = await verify_invoice(given.platform, invoice_id=invoice_id)
    assert verified == (
        invoice_id,
        True,
        (
            "the data of today give 1143c for tax:GST:0.1, the invoice has 1142c",
            "the data of today give 12c for second/overage/droplet_hours/studio@1, the invoice has 0c",
        ),
    )

    await given.plan_version(proration=Proration.DAILY, base_price_cents=100)
    await change_plan_version(
        given.platform, deployment_id=second["id"], plan_code="studio", plan_version=2, effective_on=date(2026, 4, 1)
    )
    verified = await verify_invoice(given.platform, invoice_id=invoice_id)
    assert verified.matches
    assert "the data of today give 0c for second/base/studio@1, the invoice has 5000c" in verified.differences
    assert "the data of today give 100c for second/base/studio@2, the invoice has 0c" in verified.differences
