"""Holds the balances and the ledger in the database to the model of the receivables."""

from collections import defaultdict
from collections.abc import Mapping
from uuid import UUID

from tests.simulation.receivables import Account
from tests.simulation.world import World

BALANCES = """
SELECT i.id, b.balance_cents, b.paid_cents, b.credit_cents, b.noted_cents,
       b.written_off_cents - b.recovered_cents AS rest
FROM tenant_invoices i JOIN invoice_balances b ON b.id = i.id
"""
CREDIT = "SELECT tenant_id, credit_cents FROM tenant_balances"
ACCOUNTS = """
SELECT tenant_id, account, sum(amount_cents)::bigint AS cents FROM journal_postings GROUP BY 1, 2
HAVING sum(amount_cents) <> 0
"""
UNBALANCED = "SELECT entry_id FROM journal_postings GROUP BY 1 HAVING sum(amount_cents) <> 0"


def hold_accounts(world: World, accounts: Mapping[UUID, Account]) -> None:
    """Every balance, every credit and every account of the ledger is what the receivables' rules say."""
    assert world.rows(UNBALANCED) == [], "a journal entry does not balance"
    credit = {row.tenant_id: row.credit_cents for row in world.rows(CREDIT) if row.credit_cents}
    assert credit == {of: account.credit for of, account in accounts.items() if account.credit}, "another credit"
    posted: dict[UUID, dict[str, int]] = defaultdict(dict)
    for row in world.rows(ACCOUNTS):
        posted[row.tenant_id][row.account] = row.cents
    expected = {of: found for of, account in accounts.items() if (found := account.accounts())}
    assert posted == expected, f"the ledger has {dict(posted)}, and not {expected}"
    owed = {owed.known.id: owed for account in accounts.values() for owed in account.invoices}
    for row in world.rows(BALANCES):
        one = owed.pop(row.id)
        balances = row.balance_cents, row.paid_cents, row.credit_cents, row.noted_cents, row.rest
        assert balances == (one.balance, one.paid, one.credit, one.noted, one.written_off_rest), "another balance"
    assert not owed, "an issued invoice has no balance"
