"""Generated histories of payments, reversals, refunds, notes, write-offs and recoveries against the rules' text."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date, timedelta
from itertools import count
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, example, note
from hypothesis import given as generated
from hypothesis import settings as examples
from hypothesis import strategies as st

from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.invoices import issue_invoice
from app.operations.payments import (
    NewRecovery,
    aged_receivables,
    allocate_credit,
    record_recovery,
    refund_credit,
    reverse_payment,
    statements,
    write_off_invoice,
)
from app.tables.payments import PaymentMethod
from tests.operations.given import Given
from tests.operations.months import APRIL, MAY, roll_up, subscribed
from tests.operations.payments.oracle import Rules
from tests.operations.receivables import accounts, balance, check_ledger, credit, credit_balance, figure_1, pay

LINES = {1: 5000, 2: 750}
CENTS = st.one_of(st.integers(1, 9000), st.sampled_from([1, 575, 739, 6325, 12650]))
INVOICE = st.integers(0, 1)

STEPS = st.one_of(
    st.tuples(st.just("pay"), CENTS, st.none()),
    st.tuples(st.just("pay"), CENTS, INVOICE),
    st.tuples(st.just("reverse"), st.integers(0, 9)),
    st.tuples(st.just("refund"), CENTS),
    st.tuples(st.just("apply")),
    st.tuples(st.just("write_off"), INVOICE),
    st.tuples(st.just("recover"), INVOICE, CENTS),
    st.tuples(st.just("note"), INVOICE, st.sampled_from([1, 2]), st.one_of(st.integers(1, 5000), st.just(750))),
)
REFUSED = {
    "reverse": ProblemCode.CONFLICT,
    "refund": ProblemCode.CREDIT_TOO_SMALL,
    "write_off": ProblemCode.INVOICE_PAID,
    "recover": ProblemCode.VALIDATION_FAILED,
    "note": ProblemCode.CREDIT_EXCEEDS_LINE,
}
TENANTS = count(1)
FIRST_DAY = date(2026, 6, 2)


class World(NamedTuple):
    """The tenant, its invoices by due date, and the payments of the history so far."""

    given: Given
    tenant_id: UUID
    invoices: list[UUID]
    payments: list[UUID]

    async def do(self, number: int, step: tuple[Any, ...]) -> None:
        await self._work(f"step-{number}", *step)

    def _work(self, reference: str, name: str, *arguments: Any) -> Awaitable[Any]:
        platform, today = self.given.platform, self.given.clock().date()
        works: dict[str, Callable[..., Awaitable[Any]]] = {
            "pay": lambda cents, only: self._pay(reference, cents, only),
            "reverse": lambda at: reverse_payment(platform, payment_id=self.payments[at], reason="dishonoured"),
            "refund": lambda cents: refund_credit(
                platform, tenant_id=self.tenant_id, amount_cents=cents, paid_out_on=today, reference=reference
            ),
            "apply": lambda: allocate_credit(platform, tenant_id=self.tenant_id),
            "write_off": lambda at: write_off_invoice(platform, invoice_id=self.invoices[at], reason="insolvent"),
            "recover": lambda at, cents: record_recovery(
                platform, NewRecovery(self.invoices[at], cents, today, PaymentMethod.CARD, reference)
            ),
            "note": lambda at, line, net: credit(self.given, self.invoices[at], (line, net)),
        }
        return works[name](*arguments)

    async def _pay(self, reference: str, cents: int, only: int | None) -> None:
        allocations = None
        if only is not None:
            _, left, _ = await balance(self.given, self.invoices[only])
            allocations = [(self.invoices[only], min(left, cents))] if left else []
        self.payments.append(await pay(self.given, self.tenant_id, cents, reference, allocations=allocations))

    async def left(self) -> tuple[list[int], int, dict[str, int]]:
        """The invoices' balances, the credit balance, and the accounts."""
        balances = [(await balance(self.given, one))[1] for one in self.invoices]
        posted = {str(account): cents for account, cents in (await accounts(self.given, self.tenant_id)).items()}
        return balances, await credit_balance(self.given, self.tenant_id), posted


async def begin(given: Given) -> World:
    """A tenant with two issued invoices of 5000 + 750 and tax of 575, due on 15 May and 15 June."""
    tenant_id, _ = await subscribed(given, f"tenant-{next(TENANTS)}", addons=["storage_50gb"])
    invoices = []
    for month, today in ((APRIL, date(2026, 5, 1)), (MAY, date(2026, 6, 1))):
        given.clock.set(today.year, today.month, today.day)
        await roll_up(given, month, tenant_ids=[tenant_id])
        row = await given.row(
            "SELECT id FROM tenant_invoices WHERE tenant_id = $1 AND period_start = $2", tenant_id, month
        )
        invoices.append(await issue_invoice(given.platform, invoice_id=row["id"]))
    return World(given, tenant_id, invoices, [])


@pytest.fixture
async def offered(given: Given) -> Given:
    await figure_1(given)
    return given


def expected(rules: Rules) -> tuple[list[int], int, dict[str, int]]:
    posted = {account: cents for account, cents in rules.accounts.items() if cents}
    return [invoice.balance for invoice in rules.invoices], rules.credit, posted


WRITTEN_OFF_ABOVE_WHAT_IS_LEFT: list[tuple[Any, ...]] = [
    ("pay", 12650, None),
    ("note", 1, 1, 223),
    ("reverse", 0),
    ("write_off", 1),
    ("recover", 1, 300),
    ("recover", 1, 6025),
]
"""The note's 245 are credit when the payment bounces, so 6325 are owed of an invoice of which 6080 are left."""


@example(steps=WRITTEN_OFF_ABOVE_WHAT_IS_LEFT, applies_credit=False)
@examples(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@generated(steps=st.lists(STEPS, min_size=4, max_size=13), applies_credit=st.booleans())
async def test_every_history_leaves_what_the_rules_say(
    offered: Given, steps: list[tuple[Any, ...]], applies_credit: bool
) -> None:
    offered.settings = replace(offered.settings, apply_credit=applies_credit)
    world = await begin(offered)
    rules = Rules([LINES, LINES], applies_credit=applies_credit)
    assert await world.left() == expected(rules)
    days = []
    for number, step in enumerate(steps):
        day = FIRST_DAY + timedelta(days=number)
        offered.clock.set(day.year, day.month, day.day)
        name, *arguments = step
        if name == "reverse" and arguments[0] >= len(world.payments):
            continue
        note(f"{day} {step}")
        before = expected(rules)
        if getattr(rules, name)(*arguments):
            await world.do(number, step)
        else:
            with pytest.raises(Refusal) as refused:
                await world.do(number, step)
            assert refused.value.code == REFUSED[name]
            assert expected(rules) == before
        assert await world.left() == expected(rules)
        days.append((day, expected(rules)))
    await check_ledger(offered)
    await _look_back(world, days)


async def _look_back(world: World, days: list[tuple[date, tuple[list[int], int, dict[str, int]]]]) -> None:
    """Each day's balances are told as they were at its end, by age and in the statement."""
    opening = 2 * 6325
    for day, (balances, credit_cents, posted) in days:
        aged = await aged_receivables(world.given.platform, at=day)
        found = [one for one in aged.tenants if one.tenant_id == world.tenant_id]
        ages = [(one.current_cents, one.days_1_to_30_cents, one.total_cents) for one in found]
        overdue, current = balances
        assert ages == ([(current, overdue, sum(balances))] if any(balances) else [])
        assert sum(balances) == posted.get("ACCOUNTS_RECEIVABLE", 0)
        told = await statements(
            world.given.platform, [world.tenant_id], from_day=FIRST_DAY, to_day=day + timedelta(days=1)
        )
        statement = told[world.tenant_id]
        assert statement.opening_balance_cents == opening
        assert statement.closing_balance_cents == sum(balances) - credit_cents
        assert opening + sum(one.amount_cents for one in statement.entries) == statement.closing_balance_cents
