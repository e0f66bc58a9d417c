"""The triggers that hold a journal entry to its postings, and a credit note to its lines."""

from typing import Any

import asyncpg
import pytest

from tests.tables.receivable_rows import counter_posting
from tests.tables.rows import Row, base_row, insert, key

ENTRY = {**base_row("journal_entries"), "id": key(990, 1)}
POSTING = {**counter_posting(base_row("journal_postings")), "id": key(991, 1), "entry_id": ENTRY["id"], "position": 0}
NOTE = {**base_row("credit_notes"), "id": key(993, 1), "number": "CRN-2026-000009"}
LINE = {**base_row("credit_note_lines"), "id": key(994, 1), "credit_note_id": NOTE["id"], "taxed_net_cents": None}


def postings(*amounts: int, entry_id: str = ENTRY["id"]) -> list[Row]:
    """Postings of the amounts to the entry, after the two that an entry of the fixture has."""
    return [
        {**POSTING, "id": key(1000 + place, 1), "entry_id": entry_id, "position": 2 + place, "amount_cents": amount}
        for place, amount in enumerate(amounts)
    ]


async def refused_check(connection: Any, table: str, *rows: Row) -> str:
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        async with connection.transaction():
            await insert(connection, table, *rows)
    return str(refused.value.constraint_name)


async def refused_at_commit(connection: Any) -> str:
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
    return str(refused.value.constraint_name)


@pytest.fixture
async def committed(filled: Any) -> Any:
    """The filled tables, with every deferred check passed."""
    await filled.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    return filled


@pytest.mark.parametrize("amounts", [(1,), (100, -99), (-100, 50, 51)])
async def test_a_statement_whose_postings_do_not_balance_is_refused(committed: Any, amounts: tuple[int, ...]) -> None:
    await insert(committed, "journal_entries", ENTRY)
    assert await refused_check(committed, "journal_postings", *postings(*amounts)) == "journal_postings_balance_check"


async def test_entries_whose_postings_balance_each_other_alone_are_refused(committed: Any) -> None:
    await insert(committed, "journal_entries", ENTRY)
    [debit], [_, credit] = postings(100), postings(0, -100, entry_id=base_row("journal_entries")["id"])
    assert await refused_check(committed, "journal_postings", debit, credit) == "journal_postings_balance_check"


async def test_nothing_that_unbalances_an_entry_is_added_to_it(committed: Any) -> None:
    added = postings(1, entry_id=base_row("journal_entries")["id"])
    assert await refused_check(committed, "journal_postings", *added) == "journal_postings_balance_check"


async def test_an_entry_without_postings_is_not_committed(committed: Any) -> None:
    await insert(committed, "journal_entries", ENTRY)
    assert await refused_at_commit(committed) == "journal_entries_balance_check"


async def test_an_entry_whose_postings_balance_is_committed(committed: Any) -> None:
    await insert(committed, "journal_entries", ENTRY)
    await insert(committed, "journal_postings", *postings(100, -60, -40))
    await committed.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [{"amount_cents": 99}],
        [{"amount_cents": 101}],
        [{"amount_cents": 100, "taxed_net_cents": 100}],  # a tax line, and the note has no tax
    ],
)
async def test_a_note_whose_lines_do_not_sum_to_it_is_not_committed(committed: Any, lines: list[Row]) -> None:
    await insert(committed, "credit_notes", NOTE)
    for line in lines:
        await insert(committed, "credit_note_lines", {**LINE, **line})
    assert await refused_at_commit(committed) == "credit_notes_lines_sum_check"


async def test_a_note_whose_lines_sum_to_it_is_committed(committed: Any) -> None:
    await insert(committed, "credit_notes", {**NOTE, "net_cents": 90, "tax_cents": 10})
    tax = {**LINE, "id": key(995, 1), "position": 1, "amount_cents": 10, "taxed_net_cents": 90}
    await insert(committed, "credit_note_lines", {**LINE, "amount_cents": 90}, tax)
    await committed.execute("SET CONSTRAINTS ALL IMMEDIATE")
