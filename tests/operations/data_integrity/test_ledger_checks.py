"""The checks of the ledger pass for what the operations write, and each finds a row that violates it."""

import psycopg
import pytest

from app.operations.data_integrity import check
from app.operations.invoices import void_invoice
from app.operations.payments import NewRecovery, record_recovery, refund_credit, reverse_payment, write_off_invoice
from app.tables.payments import PaymentMethod
from tests.operations.data_integrity.broken_ledger import BROKEN_LEDGER
from tests.operations.data_integrity.conftest import MadeOnce
from tests.operations.data_integrity.test_checks import TABLES, break_rows
from tests.operations.given import Given
from tests.operations.receivables import credit, figure_1, issued, pay

CONSTRAINTS = """
SELECT conrelid::regclass::text AS table, conname AS name, pg_get_constraintdef(oid) AS definition FROM pg_constraint
WHERE contype = 'c' AND conrelid::regclass::text IN ('invoice_balances', 'tenant_balances') ORDER BY 1, 2
"""


@pytest.fixture
async def receivables(given: Given, made_once: MadeOnce) -> None:
    await made_once.put(given, make_receivables)


async def make_receivables(given: Given) -> None:
    """Figures 4 to 6 for three tenants, and for a fourth a void invoice: every kind of journal entry."""
    await figure_1(given)
    paid, invoice_id = await issued(given, "paid")
    await credit(given, invoice_id, (3, 672))
    await pay(given, paid, 7000, "bank-1")
    today = given.clock().date()
    await refund_credit(given.platform, tenant_id=paid, amount_cents=75, paid_out_on=today, reference="out-1")
    lost, invoice_id = await issued(given, "lost")
    await pay(given, lost, 4000, "bank-2")
    await write_off_invoice(given.platform, invoice_id=invoice_id, reason="insolvent")
    recovery = NewRecovery(invoice_id, 1000, today, PaymentMethod.BANK_TRANSFER, "liquidator-1")
    await record_recovery(given.platform, recovery)
    await credit(given, invoice_id, gross=739)
    bounced, invoice_id = await issued(given, "bounced")
    payment_id = await pay(given, bounced, 7064, "bank-3")
    await credit(given, invoice_id, (3, 672))
    await reverse_payment(given.platform, payment_id=payment_id, reason="dishonoured")
    _, invoice_id = await issued(given, "void")
    await void_invoice(given.platform, invoice_id=invoice_id)


async def test_all_checks_pass_on_what_the_operations_wrote(given: Given, receivables: None) -> None:
    assert await check(given.platform) == []
    kinds = await given.rows("SELECT DISTINCT kind FROM journal_entries")
    assert len(kinds) == 9


@pytest.mark.usefixtures("receivables")
@pytest.mark.parametrize(("statements", "caught_by"), BROKEN_LEDGER.values(), ids=BROKEN_LEDGER)
async def test_what_breaks_a_check_of_the_ledger_is_named(
    given: Given, worker_database_url: str, statements: str, caught_by: set[str]
) -> None:
    constraints = await given.rows(CONSTRAINTS)
    break_rows(worker_database_url, statements)
    try:
        found = await check(given.platform)
    finally:
        if "DROP CONSTRAINT" in statements:
            restore(worker_database_url, constraints)
    assert {violation.check for violation in found} == caught_by
    for violation in found:
        table, _, key = violation.row.partition(" ")
        assert table in TABLES | LEDGER_TABLES
        assert key, violation


LEDGER_TABLES = {
    "journal_entries", "invoice_balances", "tenant_balances", "credit_notes", "credit_note_number_sequences",
    "payments", "refunds", "write_offs", "recoveries",
}  # fmt: skip


def restore(database_url: str, constraints: list[dict[str, str]]) -> None:
    """Takes out the balances, which violate the constraints, and adds these again."""
    with psycopg.connect(database_url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("DELETE FROM invoice_balances; DELETE FROM tenant_balances")
        for one in constraints:
            connection.execute(f'ALTER TABLE {one["table"]} DROP CONSTRAINT IF EXISTS "{one["name"]}"')
            connection.execute(f'ALTER TABLE {one["table"]} ADD CONSTRAINT "{one["name"]}" {one["definition"]}')
