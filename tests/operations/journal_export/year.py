"""A generated year of receivables: four tenants in three currencies, and every kind of business event."""

from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from random import Random
from uuid import UUID

from app.billing import Allocation
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.invoices import issue_invoice, void_invoice
from app.operations.payments import (
    NewPayment,
    NewRecovery,
    record_payment,
    record_recovery,
    refund_credit,
    reverse_payment,
    write_off_invoice,
)
from app.operations.taxes import set_tax_rate
from app.tables.payments import PaymentMethod
from tests.operations.given import Given
from tests.operations.months import meter, roll_up
from tests.operations.receivables import credit

TENANTS = {"acme": ("AU", "AUD"), "acme_two": ("AU", "AUD"), "9-nippon": ("JP", "JPY"), "kuwait": ("KW", "KWD")}
JAPANESE_TAX = '消費税; 8% "reduced"'
SETTLED = {ProblemCode.INVOICE_PAID, ProblemCode.CONFLICT, ProblemCode.VALIDATION_FAILED}
"""Refusals of a step that does not fit the invoice: it is left out."""


@dataclass
class Year:
    """Plays 2026 month by month; the same seed plays the same year."""

    given: Given
    random: Random = field(default_factory=lambda: Random(2026))  # noqa: S311 - a test's choices
    tenants: dict[str, tuple[UUID, UUID]] = field(default_factory=dict)
    payments: list[UUID] = field(default_factory=list)
    references: int = 0

    async def play(self, months: int = 12) -> None:
        await self._begin()
        for month in range(1, months + 1):
            start = date(2026, month, 1)
            self._day(month + 1, 2)
            for _, deployment_id in self.tenants.values():
                await meter(self.given, deployment_id, "3", 2026, month, 1, count=self.random.randint(400, 660))
            await roll_up(self.given, start)
            await self._issue(start)
            for day in (9, 16, 23):
                self._day(month + 1, day)
                for code, (tenant_id, _) in self.tenants.items():
                    await self._event(tenant_id, TENANTS[code][1])

    async def _begin(self) -> None:
        self.given.clock.set(2026, 1, 1)
        await set_tax_rate(
            self.given.platform, country="JP", name=JAPANESE_TAX, rate=Decimal("0.075"), valid_from=date(2026, 1, 1)
        )
        for currency in ("AUD", "JPY", "KWD"):
            await self.given.plan(f"plan-{currency.lower()}", currency=currency, base_price_cents=5003)
        for code, (country, currency) in TENANTS.items():
            tenant_id = await self.given.tenant(code, country=country, currency=currency)
            deployment_id = await self.given.deployment(tenant_id)
            await self.given.subscription(deployment_id, f"plan-{currency.lower()}", starts_on=date(2026, 1, 1))
            self.tenants[code] = (tenant_id, deployment_id)

    def _day(self, month: int, day: int) -> None:
        self.given.clock.set(2026 + (month - 1) // 12, (month - 1) % 12 + 1, day, 3)

    async def _issue(self, start: date) -> None:
        drafts = "SELECT id FROM tenant_invoices WHERE status = 'DRAFT' AND period_start = $1 ORDER BY tenant_id"
        for row in await self.given.rows(drafts, start):
            await issue_invoice(self.given.platform, invoice_id=row["id"])
        if self.random.random() < 0.4:
            issued = await self.given.rows(
                "SELECT id FROM tenant_invoices WHERE status = 'ISSUED' AND period_start = $1 ORDER BY tenant_id", start
            )
            await self._unless_settled(void_invoice(self.given.platform, invoice_id=issued[0]["id"]))
            await roll_up(self.given, start)
            for row in await self.given.rows(drafts, start):
                await issue_invoice(self.given.platform, invoice_id=row["id"])

    async def _event(self, tenant_id: UUID, currency: str) -> None:
        invoices = await self.given.rows(
            "SELECT b.id, b.balance_cents, b.written_off_cents - b.recovered_cents AS rest FROM invoice_balances b"
            " WHERE b.tenant_id = $1 AND b.voided_cents = 0 ORDER BY b.id",
            tenant_id,
        )
        invoice = self.random.choice(invoices)
        kind = self.random.choices(
            ["pay", "name", "credit", "reverse", "write off", "recover", "refund"], [6, 2, 3, 2, 1, 2, 1]
        )[0]
        if kind == "pay":
            await self._pay(tenant_id, currency, self.random.randint(1, 9000))
        elif kind == "name" and invoice["balance_cents"]:
            part = self.random.randint(1, invoice["balance_cents"])
            await self._pay(tenant_id, currency, part, (Allocation(invoice["id"], part),))
        elif kind == "credit":
            await self._credit(invoice["id"])
        elif kind == "reverse" and self.payments:
            payment_id = self.payments.pop(self.random.randrange(len(self.payments)))
            await self._unless_settled(
                reverse_payment(self.given.platform, payment_id=payment_id, reason="dishonoured")
            )
        elif kind == "write off":
            await self._unless_settled(
                write_off_invoice(self.given.platform, invoice_id=invoice["id"], reason="insolvent")
            )
        elif kind == "recover":
            await self._recover([one for one in invoices if one["rest"]])
        else:
            await self._refund(tenant_id)

    async def _pay(
        self, tenant_id: UUID, currency: str, cents: int, allocations: tuple[Allocation[UUID], ...] | None = None
    ) -> None:
        payment = NewPayment(
            tenant_id=tenant_id,
            amount_cents=cents,
            currency=currency,
            received_on=self.given.clock().date(),
            method=PaymentMethod.BANK_TRANSFER,
            reference=self._reference(),
            allocations=allocations,
        )
        self.payments.append(await record_payment(self.given.platform, payment))

    async def _credit(self, invoice_id: UUID) -> None:
        gross = None if self.random.random() < 0.1 else self.random.randint(1, 3000)
        await self._unless_settled(credit(self.given, invoice_id, gross=gross))

    async def _recover(self, written_off: list[dict[str, object]]) -> None:
        for invoice in written_off[:1]:
            cents = self.random.randint(1, int(str(invoice["rest"])))
            invoice_id = UUID(str(invoice["id"]))
            today = self.given.clock().date()
            recovery = NewRecovery(invoice_id, cents, today, PaymentMethod.CASH, self._reference())
            await record_recovery(self.given.platform, recovery)

    async def _refund(self, tenant_id: UUID) -> None:
        for row in await self.given.rows(
            "SELECT credit_cents FROM tenant_balances WHERE tenant_id = $1 AND credit_cents > 0", tenant_id
        ):
            await refund_credit(
                self.given.platform,
                tenant_id=tenant_id,
                amount_cents=self.random.randint(1, row["credit_cents"]),
                paid_out_on=self.given.clock().date(),
                reference=self._reference(),
            )

    def _reference(self) -> str:
        """A text that needs quoting in every format."""
        self.references += 1
        return f'={self.references}+"a\\b"; (c) | d'

    async def _unless_settled(self, step: Awaitable[object]) -> None:
        try:
            await step
        except Refusal as refused:
            if refused.code not in {*SETTLED, ProblemCode.CREDIT_EXCEEDS_LINE}:
                raise
