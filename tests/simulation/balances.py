"""The receivables as they should be, and the balances and the ledger in the database held to them."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from tests.lives.rating import local_day
from tests.simulation.receivables import Account, Owed
from tests.simulation.seen_invoices import SeenInvoices
from tests.simulation.world import World

BALANCES = """
SELECT i.id, b.due_on, b.disputed_at IS NOT NULL AS disputed, b.balance_cents, b.paid_cents, b.credit_cents,
       b.noted_cents, b.written_off_cents - b.recovered_cents AS rest
FROM tenant_invoices i JOIN invoice_balances b ON b.id = i.id
"""
CREDIT = "SELECT tenant_id, credit_cents FROM tenant_balances"
ACCOUNTS = """
SELECT tenant_id, account, sum(amount_cents)::bigint AS cents FROM journal_postings GROUP BY 1, 2
HAVING sum(amount_cents) <> 0
"""
LATE_NOTES = """
SELECT n.id, n.invoice_id, c.position, c.amount_cents
FROM credit_notes n JOIN credit_note_lines c ON c.tenant_id = n.tenant_id AND c.credit_note_id = n.id
WHERE n.reason = 'LATE_CORRECTION' AND c.taxed_net_cents IS NULL AND NOT n.id = ANY (%s) ORDER BY n.id, c.position
"""
PAYMENT_TERMS_DAYS = 14
UNBALANCED = "SELECT entry_id FROM journal_postings GROUP BY 1 HAVING sum(amount_cents) <> 0"


class Receivables:
    """The model of every tenant, and what is asked of the database to compare it.

    corrected: the tenants whose invoices the last rollup corrected.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.accounts: dict[UUID, Account] = defaultdict(Account)
        self.corrected: set[UUID] = set()
        self._corrections: list[UUID] = []

    def issued(self) -> list[Owed]:
        """Every invoice that was issued, tenant by tenant in the order of their issue."""
        return [owed for account in self.accounts.values() for owed in account.invoices]

    def was_issued(self, known: SeenInvoices) -> None:
        account = self.accounts[known.month[0]]
        issued_on = local_day(self.world.now, self.world.settings.billing_time_zone)
        account.issue(known, known.taxed_months, issued_on + timedelta(days=PAYMENT_TERMS_DAYS))
        self.follow(account)

    def was_voided(self, known: SeenInvoices) -> None:
        account = self.accounts[known.month[0]]
        if (owed := account.of(known)) is not None:
            account.void(owed)
        known.status = "VOID"
        self.follow(account)

    def can_be_voided(self, known: SeenInvoices) -> bool:
        owed = self.accounts[known.month[0]].of(known)
        return owed is None or owed.can_be_voided

    @staticmethod
    def follow(account: Account) -> None:
        """An invoice is PAID while its balance is 0."""
        for owed in account.invoices:
            owed.known.status = owed.status

    def take_in_corrections(self, invoices: Mapping[UUID, SeenInvoices]) -> None:
        """Takes in the notes that rollups issued since the last time. The worth of months shows if they are due."""
        self.corrected.clear()
        credited: dict[tuple[UUID, UUID], dict[int, int]] = defaultdict(dict)
        for row in self.world.rows(LATE_NOTES, self._corrections):
            credited[row.id, row.invoice_id][row.position] = row.amount_cents
        for (note_id, invoice_id), lines in credited.items():
            account = self.accounts[invoices[invoice_id].month[0]]
            owed = account.of(invoices[invoice_id])
            assert owed is not None, "an invoice was corrected that was not issued"
            account.note(owed, lines)
            self.follow(account)
            self.corrected.add(invoices[invoice_id].month[0])
            self._corrections.append(note_id)

    def hold(self) -> None:
        """Every balance, every credit and every account of the ledger is what the receivables' rules say."""
        assert self.world.rows(UNBALANCED) == [], "a journal entry does not balance"
        credit = {row.tenant_id: row.credit_cents for row in self.world.rows(CREDIT) if row.credit_cents}
        assert credit == {of: account.credit for of, account in self.accounts.items() if account.credit}, (
            "another credit"
        )
        posted: dict[UUID, dict[str, int]] = defaultdict(dict)
        for row in self.world.rows(ACCOUNTS):
            posted[row.tenant_id][row.account] = row.cents
        expected = {of: found for of, account in self.accounts.items() if (found := account.accounts())}
        assert posted == expected, f"the ledger has {dict(posted)}, and not {expected}"
        owed = {owed.known.id: owed for account in self.accounts.values() for owed in account.invoices}
        for row in self.world.rows(BALANCES):
            one = owed.pop(row.id)
            balances = row.balance_cents, row.paid_cents, row.credit_cents, row.noted_cents, row.rest
            assert balances == (one.balance, one.paid, one.credit, one.noted, one.written_off_rest), "another balance"
            assert (row.due_on, row.disputed) == (one.due_on, one.disputed), "another due date, or dispute"
        assert not owed, "an issued invoice has no balance"
