"""Every trigger: the changes it refuses, and those it allows."""

from typing import Any

import asyncpg
import pytest

from tests.tables.broken_pushes import REFUSED_CHANGES
from tests.tables.rows import HASH, base_row, insert, key, of_tenant

INVOICE = key(11, 1)
NEW = key(999, 1)

NUMBERED = "number = 'INV-2026-000001', issued_at = now(), issued_on = now(), due_on = now()"
ISSUE = f"UPDATE tenant_invoices SET status = 'ISSUED', {NUMBERED}"
PUBLISH = "UPDATE plan_versions SET status = 'PUBLISHED', published_at = now()"
RETIRE = "UPDATE plan_versions SET status = 'RETIRED'"
PAY = "UPDATE tenant_invoices SET status = 'PAID', paid_at = now(), payment_reference = 'wire 1'"
REVERSE = "UPDATE payments SET reversed_at = now(), reversed_by = 'ada', reversal_reason = 'bounced'"
VOID = "UPDATE tenant_invoices SET status = 'VOID', voided_at = now(), void_reason = 'wrong'"
# The owner removes what refers to invoice lines, so that only the triggers of invoice lines can refuse their deletion.
WITHOUT_TRIGGERS = "SET LOCAL session_replication_role = replica; {}; SET LOCAL session_replication_role = origin"
UNCREDIT = WITHOUT_TRIGGERS.format("DELETE FROM credit_note_lines; DELETE FROM absorbed_corrections")
UNPUBLISH = WITHOUT_TRIGGERS.format("UPDATE events SET position = NULL")
UNPAID_VOID = VOID + ", paid_at = NULL"
UNISSUED = "status = 'DRAFT', number = NULL, issued_at = NULL, issued_on = NULL, due_on = NULL"

# Trigger -> cases: the steps that lead up to it, and the statement that it refuses.
REFUSED: dict[str, list[tuple[list[str], str]]] = {
    "plan_versions_immutable": [
        ([PUBLISH], "UPDATE plan_versions SET base_price_cents = 1"),
        ([PUBLISH], "UPDATE plan_versions SET currency = 'USD'"),
        ([PUBLISH], "UPDATE plan_versions SET published_at = now() + interval '1 day'"),
        ([PUBLISH], "UPDATE plan_versions SET status = 'DRAFT', published_at = NULL"),
        ([PUBLISH, RETIRE], PUBLISH),
        ([PUBLISH, RETIRE], RETIRE),
    ],
    "plan_resources_immutable": [
        ([], "UPDATE plan_resources SET included_quantity = 1"),
        ([PUBLISH], "DELETE FROM plan_resources"),
        (
            [PUBLISH],
            """
            INSERT INTO plan_resources
            SELECT gen_random_uuid(), plan_version_id, 'egress_gb', 0, 'PER_UNIT' FROM plan_resources
            """,
        ),
    ],
    "plan_price_tiers_immutable": [
        ([], "UPDATE plan_price_tiers SET unit_price_cents = 2"),
        ([PUBLISH], "DELETE FROM plan_price_tiers"),
        (
            [PUBLISH],
            "INSERT INTO plan_price_tiers SELECT gen_random_uuid(), plan_resource_id, 1, 5, 1, 0 FROM plan_price_tiers",
        ),
    ],
    "cloud_deployment_events_append_only": [
        ([], "UPDATE cloud_deployment_events SET actor = 'someone else'"),
        ([], "DELETE FROM cloud_deployment_events"),
    ],
    "events_append_only": [([], "DELETE FROM events")],
    "events_position_once": [
        ([], "UPDATE events SET position = 2"),
        ([UNPUBLISH], "UPDATE events SET data = '[]'"),
    ],
    "dunning_steps_append_only": [
        ([], "UPDATE dunning_steps SET days = 8"),
        ([], "DELETE FROM dunning_steps"),
    ],
    "audit_log_append_only": [
        ([], "UPDATE audit_log SET outcome = 'NEVER'"),
        ([], "DELETE FROM audit_log"),
    ],
    "usage_records_append_only": [
        ([], "UPDATE usage_records SET quantity = 2"),
        ([], "DELETE FROM usage_records"),
    ],
    "usage_event_keys_append_only": [
        ([], "UPDATE usage_event_keys SET event_id = '2'"),
        ([], "DELETE FROM usage_event_keys"),
    ],
    "usage_corrections_append_only": [
        ([], "UPDATE usage_corrections SET quantity = 3"),
        ([], "DELETE FROM usage_corrections"),
    ],
    "charges_append_only": [
        ([], "UPDATE charges SET net_cents = 1"),
        ([], "DELETE FROM charges"),
    ],
    "payments_no_delete": [([], "DELETE FROM payments")],
    "payments_immutable": [
        ([], "UPDATE payments SET amount_cents = 751"),
        ([], "UPDATE payments SET reference = 'card-9'"),
        ([REVERSE], REVERSE),
        ([REVERSE], "UPDATE payments SET reversed_at = NULL, reversed_by = NULL, reversal_reason = NULL"),
    ],
    "invoice_applications_no_delete": [([], "DELETE FROM invoice_applications")],
    "invoice_application_reversals_append_only": [
        ([], "UPDATE invoice_application_reversals SET amount_cents = 51"),
        ([], "DELETE FROM invoice_application_reversals"),
    ],
    "refunds_append_only": [([], "UPDATE refunds SET amount_cents = 6"), ([], "DELETE FROM refunds")],
    "write_offs_no_delete": [([], "DELETE FROM write_offs")],
    "write_offs_immutable": [
        ([], "UPDATE write_offs SET rest_cents = 41"),
        ([], "UPDATE write_offs SET rest_cents = 39, reason = 'solvent'"),
    ],
    "write_off_taxes_append_only": [
        ([], "UPDATE write_off_taxes SET tax_cents = 69"),
        ([], "DELETE FROM write_off_taxes"),
    ],
    "recoveries_append_only": [([], "UPDATE recoveries SET amount_cents = 11"), ([], "DELETE FROM recoveries")],
    **{
        f"{table}_append_only": [([], f"UPDATE {table} SET {change}"), ([], f"DELETE FROM {table}")]
        for table, change in (
            ("journal_entries", "description = 'gift'"),
            ("journal_postings", "amount_cents = 2 * amount_cents"),
            ("credit_notes", "reason = 'CANCELLATION'"),
            ("credit_note_lines", "amount_cents = 99"),
            ("absorbed_corrections", "absorbed_cents = 21"),
        )
    },
    "credit_note_lines_no_addition": [
        (
            [],
            """
            INSERT INTO credit_note_lines
            SELECT gen_random_uuid(), tenant_id, credit_note_id, invoice_line_id, 7, 0 FROM credit_note_lines
            """,
        )
    ],
    "finance_pushes_guard": REFUSED_CHANGES,
    "issued_documents_guard": [
        ([], "UPDATE issued_documents SET applied_credit_cents = 1"),
        ([], "DELETE FROM issued_documents"),
        (
            ["UPDATE issued_documents SET pdf = '%PDF', pdf_sha256 = encode(sha256('%PDF'::bytea), 'hex')"],
            "UPDATE issued_documents SET pdf = NULL, pdf_sha256 = NULL",
        ),
    ],
    "invoice_balances_no_delete": [([], "DELETE FROM invoice_balances")],
    "tenant_invoice_lines_no_update": [([], "UPDATE tenant_invoice_lines SET description = 'gift'")],
    "tenant_invoice_inputs_no_update": [([], "UPDATE tenant_invoice_inputs SET document = '[]'")],
    "tenant_invoices_no_delete": [([], "DELETE FROM tenant_invoices")],
    "tenant_invoices_immutable": [
        *[
            ([ISSUE], f"UPDATE tenant_invoices SET {change}")
            for change in (
                "subtotal_cents = 0, total_cents = tax_cents",
                f"input_hash = '{HASH[1:]}1'",
                "due_on = due_on + 30",
                "number = 'INV-2026-000002'",
                UNISSUED,
                "issued_on = issued_on - 1",
                "status = 'ISSUED'",
                "status = 'PAID', paid_at = now(), due_on = due_on + 1",
            )
        ],
        ([], f"{PAY}, {NUMBERED}"),
        ([ISSUE, PAY], f"UPDATE tenant_invoices SET {UNISSUED}, paid_at = NULL"),
        ([ISSUE, PAY], "UPDATE tenant_invoices SET subtotal_cents = 751, total_cents = 751"),
        ([ISSUE, PAY], UNPAID_VOID + ", subtotal_cents = 0, total_cents = 0"),
        ([ISSUE, PAY, UNPAID_VOID], f"{PAY}, voided_at = NULL, void_reason = NULL"),
        ([ISSUE, PAY], "UPDATE tenant_invoices SET payment_reference = 'wire 2'"),
        ([ISSUE, VOID], "UPDATE tenant_invoices SET void_reason = 'right'"),
        ([VOID], ISSUE + ", voided_at = NULL"),
        ([VOID], "UPDATE tenant_invoices SET status = 'DRAFT', voided_at = NULL"),
    ],
    "tenant_invoice_lines_insert_only_in_draft": [],  # below: they take a row
    "tenant_invoice_lines_delete_only_in_draft": [
        ([UNCREDIT, ISSUE], "DELETE FROM tenant_invoice_lines"),
        ([UNCREDIT, VOID], "DELETE FROM tenant_invoice_lines"),
        ([UNCREDIT, ISSUE, PAY], "DELETE FROM tenant_invoice_lines"),
    ],
    "tenant_invoice_inputs_insert_only_in_draft": [],
    "tenant_invoice_inputs_delete_only_in_draft": [
        ([ISSUE], "DELETE FROM tenant_invoice_inputs"),
        ([VOID], "DELETE FROM tenant_invoice_inputs"),
    ],
}
ROW_INSERTED = {
    "tenant_invoice_lines_insert_only_in_draft": "tenant_invoice_lines",
    "tenant_invoice_inputs_insert_only_in_draft": "tenant_invoice_inputs",
}
TOTALS = {
    "tenant_invoices_totals_check",
    "tenant_invoice_lines_insert_totals_check",
    "tenant_invoice_lines_delete_totals_check",
    "journal_entries_balance",  # these in test_receivable_totals.py
    "journal_postings_balance",
    "credit_notes_totals",
}


async def test_every_trigger_is_here(owner: Any) -> None:
    triggers = await owner.fetch(
        "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
        " WHERE NOT tgisinternal AND relnamespace = 'public'::regnamespace"
    )
    assert {row["tgname"] for row in triggers} == REFUSED.keys() | TOTALS


@pytest.mark.parametrize(
    ("trigger", "steps", "statement"),
    [(trigger, *case) for trigger, cases in REFUSED.items() for case in cases],
)
async def test_refused(filled: Any, trigger: str, steps: list[str], statement: str) -> None:
    for step in steps:
        await filled.execute(step + (f" WHERE id = '{INVOICE}'" if "tenant_invoices" in step else ""))
    if "UPDATE tenant_invoices" in statement:
        statement += f" WHERE id = '{INVOICE}'"
    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refused:
        async with filled.transaction():
            await filled.execute(statement)
    assert type(refused.value) is asyncpg.IntegrityConstraintViolationError
    assert await function_of(filled, trigger) in refused.value.context.splitlines()[0]


async def function_of(owner: Any, trigger: str) -> str:
    return str(await owner.fetchval("SELECT tgfoid::regprocedure::text FROM pg_trigger WHERE tgname = $1", trigger))


@pytest.mark.parametrize(("trigger", "table"), ROW_INSERTED.items())
@pytest.mark.parametrize("steps", [[ISSUE], [ISSUE, PAY], [VOID]])
async def test_no_line_or_input_comes_to_what_is_no_draft(
    filled: Any, trigger: str, table: str, steps: list[str]
) -> None:
    row = {**base_row(table), "id": NEW, "position": 7}
    if "amount_cents" in row:
        row["amount_cents"] = 0
    for step in steps:
        await filled.execute(f"{step} WHERE id = '{INVOICE}'")
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="no longer a draft") as refused:
        async with filled.transaction():
            await insert(filled, table, row)
    assert await function_of(filled, trigger) in refused.value.context.splitlines()[0]


@pytest.mark.parametrize(
    "steps",
    [
        [PUBLISH, RETIRE],
        [ISSUE, PAY],
        [ISSUE, VOID],
        [ISSUE, PAY, "UPDATE tenant_invoices SET status = 'ISSUED', paid_at = NULL, payment_reference = NULL"],
        [ISSUE, PAY, UNPAID_VOID],
        [VOID],
        ["DELETE FROM plan_price_tiers", "DELETE FROM plan_resources"],
        ["UPDATE plan_versions SET base_price_cents = 1", PUBLISH],
        ["DELETE FROM tenant_invoice_inputs"],
        ["UPDATE tenant_invoices SET input_hash = repeat('1', 64)", ISSUE],
    ],
    ids=lambda steps: "; ".join(steps)[:60],
)
async def test_statements_that_the_triggers_allow(filled: Any, steps: list[str]) -> None:
    for step in steps:
        await filled.execute(step + (f" WHERE id = '{INVOICE}'" if "UPDATE tenant_invoices" in step else ""))
    await filled.execute("SET CONSTRAINTS ALL IMMEDIATE")


OFF_BY_ONE = "UPDATE tenant_invoices SET subtotal_cents = subtotal_cents + 1, total_cents = total_cents + 1"


@pytest.mark.parametrize(
    "statement",
    [
        OFF_BY_ONE,
        "UPDATE tenant_invoices SET subtotal_cents = subtotal_cents - 75, tax_cents = 75",
        f"{UNCREDIT}; DELETE FROM tenant_invoice_lines",
    ],
)
async def test_an_invoice_that_its_lines_do_not_sum_to_is_not_committed(filled: Any, statement: str) -> None:
    await filled.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    await filled.execute(statement)
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await filled.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert refused.value.constraint_name == "tenant_invoices_lines_sum_check"


async def test_a_line_too_many_is_not_committed(filled: Any) -> None:
    await filled.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    await insert(filled, "tenant_invoice_lines", {**base_row("tenant_invoice_lines"), "id": NEW, "position": 1})
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await filled.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert refused.value.constraint_name == "tenant_invoices_lines_sum_check"


async def test_an_invoice_may_disagree_until_the_commit(filled: Any) -> None:
    await filled.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    line = {**base_row("tenant_invoice_lines"), "id": NEW, "position": 1, "amount_cents": 250}
    await insert(filled, "tenant_invoice_lines", line)
    await filled.execute("UPDATE tenant_invoices SET subtotal_cents = 1000, total_cents = 1000 WHERE id = $1", INVOICE)
    await filled.execute("SET CONSTRAINTS ALL IMMEDIATE")


async def test_an_invoice_without_lines_is_one_of_nothing(filled: Any) -> None:
    row = {**of_tenant(1)["tenant_invoices"], "id": NEW, "period_start": "2026-05-01", "period_end": "2026-06-01"}
    nothing = {"subtotal_cents": 0, "tax_cents": 0, "total_cents": 0}
    await insert(filled, "tenant_invoices", row | nothing)
    await filled.execute("SET CONSTRAINTS ALL IMMEDIATE")
