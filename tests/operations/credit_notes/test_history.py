"""Any history of credit notes: they never exceed the invoice, and add up to it when everything is credited."""

from collections.abc import Sequence
from itertools import count
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, Phase
from hypothesis import given as examples
from hypothesis import settings as limits
from hypothesis import strategies as st

from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.charges import add_charge
from app.operations.data_integrity import check
from app.operations.invoices import issue_invoice
from tests.operations.given import Given
from tests.operations.months import APRIL, roll_up
from tests.operations.receivables import balance, check_ledger, credit

CODES = count(1)
AMOUNTS = st.lists(st.integers(-900, 3000).filter(bool), min_size=1, max_size=4).filter(lambda each: sum(each) > 0)
NOTES = st.lists(
    st.one_of(
        st.tuples(st.just("line"), st.integers(0, 3), st.integers(1, 1500)),
        st.tuples(st.just("gross"), st.integers(0, 3), st.integers(1, 2500)),
        st.tuples(st.just("of line"), st.integers(0, 3), st.integers(1, 1500)),
    ),
    max_size=5,
)
REFUSED = {ProblemCode.CREDIT_EXCEEDS_LINE, ProblemCode.VALIDATION_FAILED}


async def invoice_of(given: Given, amounts: Sequence[int]) -> UUID:
    """An issued invoice of a new tenant with a line for each amount."""
    tenant_id = await given.tenant(f"tenant-{next(CODES)}")
    for number, cents in enumerate(amounts):
        await add_charge(given.platform, tenant_id=tenant_id, description=f"{number}", net_cents=cents, on=APRIL)
    await roll_up(given, tenant_ids=[tenant_id])
    row = await given.row("SELECT id FROM tenant_invoices WHERE tenant_id = $1", tenant_id)
    return await issue_invoice(given.platform, invoice_id=row["id"])


async def left(given: Given, invoice_id: UUID) -> dict[str, Any]:
    """What is left of the invoice, read from its lines and notes."""
    return await given.row(
        """
        SELECT i.subtotal_cents - coalesce(sum(n.net_cents), 0)::int AS net,
               i.tax_cents - coalesce(sum(n.tax_cents), 0)::int AS tax, count(n.id)::int AS notes
        FROM tenant_invoices i LEFT JOIN credit_notes n ON n.invoice_id = i.id WHERE i.id = $1
        GROUP BY i.id
        """,
        invoice_id,
    )


async def ask(given: Given, invoice_id: UUID, lines: int, note: tuple[str, int, int]) -> None:
    """Asks for the note, which may be refused."""
    how, line, cents = note
    position = 1 + line % lines
    try:
        if how == "line":
            await credit(given, invoice_id, (position, cents))
        else:
            await credit(given, invoice_id, gross=cents, position=position if how == "of line" else None)
    except Refusal as refusal:
        if refusal.code not in REFUSED:
            raise


@limits(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@examples(amounts=AMOUNTS, notes=NOTES)
async def test_notes_never_exceed_their_invoice_and_add_up_to_it(
    given: Given, amounts: list[int], notes: list[tuple[str, int, int]]
) -> None:
    given.clock.set(2026, 5, 2)
    invoice_id = await invoice_of(given, amounts)
    rows = await given.rows("SELECT kind FROM tenant_invoice_lines WHERE invoice_id = $1", invoice_id)
    lines = sum(row["kind"] != "TAX" for row in rows)
    for note in notes:
        await ask(given, invoice_id, lines, note)
        after = await left(given, invoice_id)
        assert after["net"] >= 0
        assert after["tax"] == (2 * after["net"] + 10) // 20  # 10%, half up, of what is left
    before = await left(given, invoice_id)
    if before["net"] or before["tax"]:
        await credit(given, invoice_id)
    assert {name: (await left(given, invoice_id))[name] for name in ("net", "tax")} == {"net": 0, "tax": 0}
    assert (await balance(given, invoice_id))[:2] == ("PAID", 0)
    await check_ledger(given)
    assert await check(given.platform) == []
