"""Steps of time, rollups and invoices."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from app.billing import Period
from app.operations import invoices
from app.operations.refusal import ProblemCode
from tests.simulation.faults import Fault
from tests.simulation.steps import Steps, faults, pick


class BillingSteps(Steps):
    """What the clock brings, who works it off, and what becomes of the invoices."""

    @rule(days=st.sampled_from([0, 1, 3, 9, 20]), hours=st.integers(1, 23))
    def time_goes_by(self, days: int, hours: int) -> None:
        self.world.advance(days=days, hours=hours)

    @rule(times=st.sampled_from([1, 1, 2, 3]), fault=faults)
    def cron(self, times: int, fault: Fault | None) -> None:
        self.sound = False
        self.ledger.catch_up(times, fault)

    @rule(
        months_ago=st.integers(0, 3),
        force=st.booleans(),
        dry=st.sampled_from([False, False, True]),
        some=pick,
        worked=st.booleans(),
    )
    def roll_up(self, months_ago: int, force: bool, dry: bool, some: int, worked: bool) -> None:
        period = Period.holding(self.world.now, self.zone)
        for _ in range(months_ago):
            period = period.previous()
        named = None if some > 6 else [tenant.id for tenant in self.tenants[: some + 1]]
        refusal = None if dry or months_ago else ProblemCode.PERIOD_NOT_ENDED
        self.attempt(
            lambda: self.ledger.start(period.start, named, force=force, dry=dry), None, refusal, lambda: refusal is None
        )
        if worked:
            self.ledger.work(None)

    @rule(fault=faults, twice=st.booleans())
    def work(self, fault: Fault | None, twice: bool) -> None:
        self.sound = False
        self.world.advance(seconds=1)
        self.ledger.work(fault, at_once=2 if twice and fault is None else 1)

    @precondition(lambda self: bool(self.tenants))
    @rule(of=pick)
    def become_unbillable_or_recover(self, of: int) -> None:
        """Its plans are then in another currency, which no operation would allow."""
        tenant = self.tenants[of % len(self.tenants)]
        tenant.currency = "NZD" if tenant.currency == "AUD" else "AUD"
        self.world.rows("UPDATE tenants SET currency = %s WHERE id = %s RETURNING id", tenant.currency, tenant.id)

    @precondition(lambda self: bool(self.ledger.invoices))
    @rule(of=pick, act=st.sampled_from(["issue", "issue", "pay", "void"]), fault=faults)
    def handle_invoice(self, of: int, act: str, fault: Fault | None) -> None:
        known = list(self.ledger.invoices.values())[-1 - of % len(self.ledger.invoices)]
        context = self.world.context()
        operation, becomes, refusals = {
            "issue": (
                lambda: invoices.issue_invoice(context, invoice_id=known.id),
                "ISSUED",
                dict.fromkeys(("ISSUED", "PAID", "VOID"), ProblemCode.INVOICE_NOT_DRAFT),
            ),
            "pay": (
                lambda: invoices.mark_invoice_paid(context, invoice_id=known.id, reference="1"),
                "PAID",
                {"DRAFT": ProblemCode.CONFLICT, "VOID": ProblemCode.CONFLICT, "PAID": ProblemCode.INVOICE_PAID},
            ),
            "void": (
                lambda: invoices.void_invoice(context, invoice_id=known.id),
                "VOID",
                {"PAID": ProblemCode.INVOICE_PAID, "VOID": ProblemCode.CONFLICT},
            ),
        }[act]
        refusal = refusals.get(known.status)
        now_is = "SELECT FROM tenant_invoices WHERE id = %s AND status = %s"
        if self.attempt(operation, fault, refusal, lambda: refusal is None and self.exists(now_is, known.id, becomes)):
            known.status = becomes

    @precondition(lambda self: any(known.status != "VOID" for known in self.ledger.invoices.values()))
    @rule(of=pick)
    def a_rival_writes_a_second_live_invoice(self, of: int) -> None:
        """As a version of the code might that takes no lock: the database alone refuses it."""
        self.sound = False
        live = [known for known in self.ledger.invoices.values() if known.status != "VOID"]
        self.ledger.rival(live[of % len(live)])
