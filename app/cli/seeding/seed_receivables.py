"""How the tenants of a seeded cloud pay their invoices, and what they get credited."""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from app.cli.reading import read, read_nodes
from app.cli.seeding.seed_calls import LiveTenant, SeedState
from app.cli.seeding.seeded_cloud import Payer
from app.operations.credit_notes import CreditRequest, LineCredit, issue_credit_note
from app.operations.payments import NewPayment, record_payment, reverse_payment
from app.tables.credit_notes import CreditReason
from app.tables.payments import PaymentMethod

_ISSUED = """
query Issued($after: String, $month: Date!) {
  invoices(first: 100, after: $after, filter: {periodStart: $month, status: [ISSUED]}) {
    nodes { id number tenant { code } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
_OPEN = """
query Open($id: ID!) {
  invoice(id: $id) {
    balanceCents currency periodStart
    lines(first: 1, filter: {kind: PLAN_BASE}) { nodes { id amountCents } }
  }
}
"""
BOUNCING = 0.6
"""The part of the first payments of such a tenant that bounce."""
Task = Callable[[], Awaitable[None]]


class SeededReceivables:
    """Plans payments and credit notes when a month is issued, and carries them out on their days."""

    def __init__(self, state: SeedState) -> None:
        self._state = state
        self._tasks: dict[date, list[Task]] = defaultdict(list)

    async def of_day(self, day: date) -> None:
        """Carries out what is planned for that day."""
        for task in self._tasks.pop(day, []):
            await task()

    async def plan_month(self, month: date, day: date) -> None:
        """Plans what follows the invoices of a month, which were issued on that day."""
        numbered = await self._issued(month)
        for at, tenant in enumerate(self._state.tenants):
            invoice = numbered.get(tenant.seeded.business.code)
            if invoice is not None:
                invoice_id = UUID(invoice["id"])
                self._plan(tenant, invoice_id, invoice["number"], day)
                if tenant.seeded.complains and (month.month + at) % 3 == 0:
                    self._later(day, 4, partial(self._credit, invoice_id))

    def _plan(self, tenant: LiveTenant, invoice_id: UUID, number: str, issued_on: date) -> None:
        random = self._state.random
        number_of_year = int(number[-6:])

        def pay(after: int, percent: int = 100, part: str = "") -> None:
            reference = f"{tenant.seeded.business.code[:12]}-{number_of_year}{part}"
            self._later(issued_on, after, lambda: self._pay(tenant, invoice_id, reference, percent))

        match tenant.seeded.payer:
            case Payer.PROMPT:
                pay(random.randint(3, 13))
            case Payer.LATE:
                pay(random.randint(16, 36))
            case Payer.PARTIAL:
                pay(random.randint(6, 12), random.choice([30, 50, 60]), "a")
                pay(random.randint(16, 34), part="b")
            case Payer.STOPS:
                if self._state.clock().date() < tenant.seeded.signed_up_on + timedelta(days=60):
                    pay(random.randint(5, 13))
            case Payer.OVERPAYS:
                pay(random.randint(5, 13), 110)
            case Payer.BOUNCES:
                pay(random.randint(5, 9), part="a")
                pay(random.randint(16, 30), part="b")

    def _later(self, day: date, after: int, task: Task) -> None:
        self._tasks[day + timedelta(days=after)].append(task)

    async def _pay(self, tenant: LiveTenant, invoice_id: UUID, reference: str, percent: int) -> None:
        invoice = await self._open(invoice_id)
        amount = invoice["balanceCents"] * percent // 100
        if not amount:
            return
        day = self._state.clock().date()
        payment = NewPayment(
            tenant_id=tenant.id,
            amount_cents=amount,
            currency=invoice["currency"],
            received_on=day,
            method=PaymentMethod.BANK_TRANSFER,
            reference=reference,
            payer_text=tenant.seeded.business.legal_name,
        )
        payment_id = await record_payment(self._state.operator, payment)
        if tenant.seeded.payer is Payer.BOUNCES and reference.endswith("a") and self._state.random.random() < BOUNCING:
            self._later(day, 3, lambda: self._bounce(payment_id))

    async def _bounce(self, payment_id: UUID) -> None:
        await reverse_payment(self._state.operator, payment_id=payment_id, reason="the direct debit was returned")

    async def _credit(self, invoice_id: UUID) -> None:
        invoice = await self._open(invoice_id)
        for line in invoice["lines"]["nodes"]:
            request = CreditRequest(
                invoice_id=invoice_id,
                reason=self._state.random.choice([CreditReason.SERVICE_FAULT, CreditReason.GOODWILL]),
                description=f"An outage in {invoice['periodStart'][:7]}",
                lines=(LineCredit(UUID(line["id"]), max(1, line["amountCents"] // 5)),),
            )
            await issue_credit_note(self._state.operator, request)

    async def _open(self, invoice_id: UUID) -> dict[str, Any]:
        invoice: dict[str, Any] = (await read(self._state.operator, _OPEN, {"id": str(invoice_id)}))["invoice"]
        return invoice

    async def _issued(self, month: date) -> dict[str, dict[str, Any]]:
        """Returns the month's issued invoices by their tenants' codes."""
        nodes = await read_nodes(self._state.operator, _ISSUED, {"month": month.isoformat()})
        return {node["tenant"]["code"]: node for node in nodes}
