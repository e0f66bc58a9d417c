"""Steps of money after the invoice: payments and their reversal, credit notes, refunds, write-offs and recoveries."""

from collections.abc import Awaitable
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from app.billing import Allocation
from app.operations import credit_notes, payments
from app.operations.calls.refusal import ProblemCode
from app.operations.credit_notes import CreditRequest, LineCredit
from app.operations.payments import NewPayment, NewRecovery
from app.tables.credit_notes import CreditReason
from app.tables.payments import PaymentMethod
from tests.simulation.faults import Fault
from tests.simulation.receivables import Account, Owed, Payment
from tests.simulation.seen_invoices import APPLICATIONS, PAYMENT
from tests.simulation.steps import Steps, faults, pick

NOTE = "SELECT FROM credit_notes WHERE description = %s"
REVERSED = "SELECT FROM payments WHERE id = %s AND reversed_at IS NOT NULL"
REFUND = "SELECT FROM refunds WHERE reference = %s"
WRITE_OFF = "SELECT FROM write_offs WHERE reason = %s"
RECOVERY = "SELECT FROM recoveries WHERE reference = %s"
LINE = "SELECT id FROM tenant_invoice_lines WHERE invoice_id = %s AND position = %s"
NIL = UUID(int=0)
parts = st.sampled_from(["a cent", "a third", "all", "one more", "twice"])


def part_of(cents: int, part: str) -> int:
    """Above 0."""
    return max({"a cent": 1, "a third": cents // 3, "all": cents, "one more": cents + 1, "twice": 2 * cents}[part], 1)


def issued(self: Steps) -> bool:
    return bool(self.ledger.receivables.issued()) if hasattr(self, "ledger") else False


class ReceivableSteps(Steps):
    """What becomes of issued invoices, and of the money that comes for them."""

    def owed(self, of: int) -> tuple[UUID, Account, Owed]:
        every = self.ledger.receivables.issued()
        owed = every[-1 - of % len(every)]
        tenant_id = owed.known.month[0]
        return tenant_id, self.ledger.receivables.accounts[tenant_id], owed

    @precondition(issued)
    @rule(of=pick, part=parts, named=st.booleans(), twice=st.booleans(), fault=faults)
    def pay(self, of: int, part: str, named: bool, twice: bool, fault: Fault | None) -> None:
        """A part of what an invoice asks for, or more: to it, or to the oldest."""
        tenant_id, account, owed = self.owed(of)
        self.number += 1
        amount, reference = part_of(owed.balance, part), f"payment {self.number}"
        asked = [(owed, min(amount, owed.balance))] if named and owed.balance else None
        allocations = None if asked is None else tuple(Allocation(one.known.id, cents) for one, cents in asked)
        payment = NewPayment(
            tenant_id=tenant_id,
            amount_cents=amount,
            currency="AUD",
            received_on=self.today,
            method=PaymentMethod.BANK_TRANSFER,
            reference=reference,
            allocations=allocations,
        )
        if self.attempt(
            lambda: payments.record_payment(self.world.context(), payment),
            fault,
            None,
            lambda: self.exists(PAYMENT, tenant_id, reference),
            wakes=tenant_id,
        ):
            payment_id = self.id_of(PAYMENT, tenant_id, reference)
            account.pay(payment_id, amount, asked)
            self.ledger.receivables.follow(account)
            if twice:
                again = self.world.run(payments.record_payment(self.world.context(), payment))
                assert again == payment_id, "the same payment was recorded twice"

    @precondition(lambda self: any(account.payments for account in self.ledger.receivables.accounts.values()))
    @rule(of=pick, fault=faults)
    def reverse_payment(self, of: int, fault: Fault | None) -> None:
        every = [(account, one) for account in self.ledger.receivables.accounts.values() for one in account.payments]
        account, payment = every[-1 - of % len(every)]
        refusal = self._cannot_be_reversed(account, payment)
        if self.attempt(
            lambda: payments.reverse_payment(self.world.context(), payment_id=payment.id, reason="dishonoured"),
            fault,
            refusal,
            lambda: refusal is None and self.exists(REVERSED, payment.id),
        ):
            account.reverse(payment)
            self.ledger.receivables.follow(account)

    @staticmethod
    def _cannot_be_reversed(account: Account, payment: Payment) -> ProblemCode | None:
        refused = payment.reversed or not account.can_be_reversed(payment)
        return ProblemCode.CONFLICT if refused else None

    @precondition(issued)
    @rule(of=pick, line=pick, part=parts, fault=faults)
    def credit_line(self, of: int, line: int, part: str, fault: Fault | None) -> None:
        _, _, owed = self.owed(of)
        position = list(owed.lines)[line % len(owed.lines)]
        cents = part_of(abs(owed.lines[position]), part)
        self.credit(owed, {position: cents}, fault)

    @precondition(issued)
    @rule(of=pick, fault=faults)
    def credit_everything(self, of: int, fault: Fault | None) -> None:
        _, _, owed = self.owed(of)
        self.credit(owed, None, fault)

    def credit(self, owed: Owed, credited: dict[int, int] | None, fault: Fault | None) -> None:
        """Net amounts by position; None for all that is left."""
        account = self.ledger.receivables.accounts[owed.known.month[0]]
        self.number += 1
        description = f"note {self.number}"
        refusal = self._cannot_be_credited(owed, credited)
        if self.attempt(
            lambda: self._issue_note(owed, credited, description),
            fault,
            refusal,
            lambda: refusal is None and self.exists(NOTE, description),
            wakes=owed.known.month[0],
        ):
            account.note(owed, dict(owed.lines) if credited is None else credited)
            self.ledger.receivables.follow(account)

    def _issue_note(self, owed: Owed, credited: dict[int, int] | None, description: str) -> Awaitable[UUID]:
        invoice_id, context = owed.known.id, self.world.context()
        if credited is None:
            return credit_notes.credit_invoice(
                context, invoice_id=invoice_id, reason=CreditReason.GOODWILL, description=description
            )
        ids = {position: self.id_of(LINE, invoice_id, position) for position in credited}
        lines = tuple(LineCredit(ids[position], cents) for position, cents in credited.items())
        request = CreditRequest(
            invoice_id=invoice_id, reason=CreditReason.GOODWILL, description=description, lines=lines
        )
        return credit_notes.issue_credit_note(context, request)

    @staticmethod
    def _cannot_be_credited(owed: Owed, credited: dict[int, int] | None) -> ProblemCode | None:
        if owed.void:
            return ProblemCode.INVOICE_NOT_ISSUED
        if credited is None:
            return None if owed.tax or any(owed.lines.values()) else ProblemCode.CONFLICT
        net_taxed = sum(cents for position, cents in credited.items() if position in owed.taxed)
        total = sum(credited.values()) + owed.note_tax(net_taxed)
        too_much = any(cents > owed.most(position) for position, cents in credited.items()) or total > owed.left
        return ProblemCode.CREDIT_EXCEEDS_LINE if too_much else None

    @precondition(issued)
    @rule(of=pick, part=parts, fault=faults)
    def refund(self, of: int, part: str, fault: Fault | None) -> None:
        tenant_id, account, _ = self.owed(of)
        self.number += 1
        cents, reference = part_of(account.credit, part), f"refund {self.number}"
        refusal = ProblemCode.CREDIT_TOO_SMALL if cents > account.credit else None
        if self.attempt(
            lambda: payments.refund_credit(
                self.world.context(),
                tenant_id=tenant_id,
                amount_cents=cents,
                paid_out_on=self.today,
                reference=reference,
            ),
            fault,
            refusal,
            lambda: refusal is None and self.exists(REFUND, reference),
        ):
            account.refund(cents)

    @precondition(issued)
    @rule(of=pick, fault=faults)
    def allocate_credit(self, of: int, fault: Fault | None) -> None:
        tenant_id, account, _ = self.owed(of)
        will_be = bool(account.credit and account.open)
        rows = self.world.rows("SELECT max(id::text)::uuid AS id FROM invoice_applications")
        last = rows[0].id or NIL
        if self.attempt(
            lambda: payments.allocate_credit(self.world.context(), tenant_id=tenant_id),
            fault,
            None,
            lambda: self.exists(APPLICATIONS, tenant_id, last) if will_be else None,
        ):
            account.apply_credit(account.open)
            self.ledger.receivables.follow(account)

    @precondition(issued)
    @rule(of=pick, fault=faults)
    def write_off(self, of: int, fault: Fault | None) -> None:
        _, account, owed = self.owed(of)
        self.number += 1
        reason = f"write-off {self.number}"
        refusal = ProblemCode.INVOICE_NOT_ISSUED if owed.void else None
        if not owed.void and not owed.balance:
            refusal = ProblemCode.INVOICE_PAID
        if self.attempt(
            lambda: payments.write_off_invoice(self.world.context(), invoice_id=owed.known.id, reason=reason),
            fault,
            refusal,
            lambda: refusal is None and self.exists(WRITE_OFF, reason),
            wakes=owed.known.month[0],
        ):
            account.write_off(owed)
            self.ledger.receivables.follow(account)

    @precondition(lambda self: issued(self) and any(owed.write_offs for owed in self.ledger.receivables.issued()))
    @rule(of=pick, part=parts, fault=faults)
    def recover_money(self, of: int, part: str, fault: Fault | None) -> None:
        written_off = [owed for owed in self.ledger.receivables.issued() if owed.write_offs]
        owed = written_off[-1 - of % len(written_off)]
        account = self.ledger.receivables.accounts[owed.known.month[0]]
        self.number += 1
        cents, reference = part_of(owed.written_off_rest, part), f"recovery {self.number}"
        refusal = ProblemCode.VALIDATION_FAILED if cents > owed.written_off_rest else None
        recovery = NewRecovery(owed.known.id, cents, self.today, PaymentMethod.BANK_TRANSFER, reference)
        if self.attempt(
            lambda: payments.record_recovery(self.world.context(), recovery),
            fault,
            refusal,
            lambda: refusal is None and self.exists(RECOVERY, reference),
        ):
            account.recover(owed, cents)
