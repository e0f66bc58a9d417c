"""Verification of an invoice against its own inputs and against today's data."""

import asyncio
from datetime import date
from uuid import UUID

import psycopg
import pytest

from app.billing import Proration
from app.operations.invoices import issue_invoice, verify_invoice, void_invoice
from app.operations.invoices import verification as verifying
from app.operations.subscriptions import change_plan_version
from tests.operations.given import Given
from tests.operations.months import APRIL, MAY, invoices, meter, roll_up, subscribed

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
    """An invoice for two deployments: pilot with an add-on and overage, and second."""
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
    """Executes statements as the owner, with triggers disabled."""
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
    against_inputs = [text for text in verified.differences if "today's data" not in text]
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
    late_usage = "second: today's data give 12c for OVERAGE droplet_hours, but 0c are billed"
    assert verified == (invoice_id, True, (late_usage,))

    await given.plan_version(proration=Proration.DAILY, base_price_cents=100)
    await change_plan_version(
        given.platform, deployment_id=second["id"], plan_code="studio", plan_version=2, effective_on=date(2026, 4, 1)
    )
    verified = await verify_invoice(given.platform, invoice_id=invoice_id)
    plan = "second: today's data give 100c for PLAN_BASE, but 5000c are billed"
    assert verified == (invoice_id, True, (plan, late_usage))


async def test_what_another_invoice_has_corrected_is_no_difference(given: Given, invoice_id: UUID) -> None:
    await issue_invoice(given.platform, invoice_id=invoice_id)
    second = await given.row("SELECT id FROM cloud_deployments WHERE slug = 'second'")
    await meter(given, second["id"], "1500")
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    (may,) = await invoices(given, MAY)
    assert await verify_invoice(given.platform, invoice_id=invoice_id) == (invoice_id, True, ())
    assert await verify_invoice(given.platform, invoice_id=may["id"]) == (may["id"], True, ())

    await meter(given, second["id"], "3", 2026, 4, 20)
    given.clock.set(2026, 6, 3)
    late = "second: today's data give 15c for OVERAGE droplet_hours, but 12c are billed"
    assert await verify_invoice(given.platform, invoice_id=invoice_id) == (invoice_id, True, (late,))
    assert await verify_invoice(given.platform, invoice_id=may["id"]) == (may["id"], True, ())


async def test_a_late_line_that_was_tampered_with_is_named(
    given: Given, invoice_id: UUID, worker_database_url: str
) -> None:
    await issue_invoice(given.platform, invoice_id=invoice_id)
    second = await given.row("SELECT id FROM cloud_deployments WHERE slug = 'second'")
    await meter(given, second["id"], "1500")
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    (may,) = await invoices(given, MAY)
    tamper(worker_database_url, "UPDATE tenant_invoice_lines SET amount_cents = 13 WHERE key LIKE 'late:%'")
    verified = await verify_invoice(given.platform, invoice_id=may["id"])
    key = "late:2026-04:second/overage/droplet_hours"
    assert verified == (may["id"], False, (f"line 4 ({key}): amount_cents is 13, the inputs give 12",))


async def test_a_void_invoice_is_held_against_its_inputs_alone(given: Given, invoice_id: UUID) -> None:
    await void_invoice(given.platform, invoice_id=invoice_id)
    assert await verify_invoice(given.platform, invoice_id=invoice_id) == (invoice_id, True, ())


async def test_verification_beside_forced_ratings_reads_one_snapshot(given: Given, invoice_id: UUID) -> None:
    """V1: a draft that is rated again in place while it is verified."""
    pilot = await given.row("SELECT id FROM cloud_deployments WHERE slug = 'pilot'")

    async def rate() -> None:
        for hour in range(6):
            await meter(given, pilot["id"], "1", 2026, 4, 20, hour)
            await roll_up(given, force=True)

    rating = asyncio.create_task(rate())
    answers = []
    while not rating.done():
        answers.append(await verify_invoice(given.platform, invoice_id=invoice_id))
    await rating
    assert len(answers) > 6
    assert {answer.matches for answer in answers} == {True}
    # A meter's hour that the draft is not rated with yet is the most that may differ.
    assert {len(answer.differences) for answer in answers} <= {0, 1}
