"""Simulation steps that advance time, run rollups and change invoices."""

from datetime import date, timedelta
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from app.operations import billing_months, charges, invoices, tenants
from app.operations.calls.refusal import ProblemCode
from tests.lives.rating import next_month, start_of
from tests.lives.terms import Charge
from tests.simulation.faults import Fault
from tests.simulation.model import Tenant
from tests.simulation.seen_invoices import PAYMENT, Month, SeenInvoices
from tests.simulation.steps import Steps, chosen, faults, pick

CHARGE = "SELECT FROM charges WHERE description = %s"
EXEMPTION = "SELECT FROM tenant_tax_exemptions WHERE reason = %s"
ISSUED = "SELECT FROM tenant_invoices WHERE id = %s AND status IN ('ISSUED', 'PAID')"
VOID = "SELECT FROM tenant_invoices WHERE id = %s AND status = 'VOID'"
WAIVED = "SELECT FROM billing_months WHERE tenant_id = %s AND period_start = %s AND state = 'WAIVED' AND %s"


class BillingSteps(Steps):
    """Steps that advance the clock, run rollups and jobs, and change invoices."""

    @rule(days=st.sampled_from([0, 1, 3, 9, 20]), hours=st.integers(1, 23))
    def time_goes_by(self, days: int, hours: int) -> None:
        self.world.advance(days=days, hours=hours)

    @rule(hours=st.integers(4, 60), force=st.booleans())
    def month_ends_and_is_rolled_up(self, hours: int, force: bool) -> None:
        """Runs the month's rollup by hand; no other job runs."""
        self.sound = False
        self.world.now = start_of(next_month(self.ledger.running), self.zone) + timedelta(hours=hours)
        run_id: UUID = self.world.run(self.ledger.start(self.ledger.month_ago(1), None, force=force, dry=False))
        self.ledger.work_on(run_id)

    @rule(hours=st.integers(4, 60), issued=st.sampled_from(["none", "some", "all"]))
    def month_ends(self, hours: int, issued: str) -> None:
        """The scheduled job rolls it up, and drafts are issued."""
        self.sound = False
        self.world.now = start_of(next_month(self.ledger.running), self.zone) + timedelta(hours=hours)
        self.ledger.catch_up(1, None)
        self.ledger.work(None)
        drafts = [known.month for known in self.ledger.invoices.values() if known.status == "DRAFT"]
        for month in drafts[:: {"none": 99, "some": 2, "all": 1}[issued]]:
            self.handle(month, "issue")

    @rule(times=st.sampled_from([1, 1, 2, 3]), fault=faults)
    def cron(self, times: int, fault: Fault | None) -> None:
        self.sound = False
        self.ledger.catch_up(times, fault)

    @rule(months_ago=st.integers(0, 3), force=st.booleans(), dry=st.booleans(), some=pick, worked=st.booleans())
    def roll_up(self, months_ago: int, force: bool, dry: bool, some: int, worked: bool) -> None:
        period_start = self.ledger.month_ago(months_ago)
        named = None if some > 6 else [tenant.id for tenant in self.tenants[: some + 1]]
        refusal = None if dry or months_ago else ProblemCode.PERIOD_NOT_ENDED
        self.attempt(
            lambda: self.ledger.start(period_start, named, force=force, dry=dry),
            None,
            refusal,
            lambda: refusal is None,
        )
        if worked:
            self.ledger.work(None)

    @rule(months_ago=st.integers(1, 3), force=st.booleans())
    def roll_up_as_previewed(self, months_ago: int, force: bool) -> None:
        """Rolls up a month after a dry run: both must have the same result."""
        self.sound = False
        month, answers = self.ledger.month_ago(months_ago), []
        for dry in (True, False):
            self.world.advance(seconds=1)
            run_id: UUID = self.world.run(self.ledger.start(month, None, force=force, dry=dry))
            answers.append(self.ledger.work_on(run_id))
        previewed, done = answers
        for tenant_id, (outcome, total_cents) in previewed.items():
            now, now_cents = done[tenant_id]
            possible = {"CREATED", "REPLACED", "SETTLED"} if outcome == "PREVIEWED" else {outcome}
            assert (now in possible, now_cents) == (True, total_cents), f"{outcome} at {total_cents}c became {now}"

    @rule(fault=faults, twice=st.booleans())
    def work(self, fault: Fault | None, twice: bool) -> None:
        self.sound = False
        self.world.advance(seconds=1)
        self.ledger.work(fault, at_once=2 if twice and fault is None else 1)

    @precondition(lambda self: bool(self.tenants))
    @rule(
        of=pick,
        which=pick,
        cents=st.sampled_from([-20_000, -3000, -1, 1, 999, 12_345]),
        days=st.sampled_from([0, 0, -9, -40, 20]),
        fault=faults,
    )
    def add_charge(self, of: int, which: int, cents: int, days: int, fault: Fault | None) -> None:
        """Adds a charge of the tenant or of one of its deployments."""
        tenant = self.tenants[of % len(self.tenants)]
        deployment = chosen([None, *tenant.deployments], which)
        self.number += 1
        description, day = f"charge {self.number}", self.today + timedelta(days=days)
        if self.attempt(
            lambda: charges.add_charge(
                self.world.context(),
                tenant_id=tenant.id,
                deployment_id=deployment.id if deployment else None,
                description=description,
                net_cents=cents,
                on=day,
            ),
            fault,
            None,
            lambda: self.exists(CHARGE, description),
        ):
            (deployment.described if deployment else tenant).charges.append(Charge(cents, day))
            if deployment:
                deployment.changed()

    @precondition(lambda self: bool(self.tenants))
    @rule(of=pick, waived=st.booleans(), exempt=st.booleans(), times=st.sampled_from([0, 1, 1, 2]), fault=faults)
    def waive_month_or_tax(self, of: int, waived: bool, exempt: bool, times: int, fault: Fault | None) -> None:
        tenant = self.tenants[of % len(self.tenants)]
        if waived:
            self.waive_month(tenant, self.ledger.month_ago(times), fault)
        else:
            self.exempt_from_tax(tenant, exempt, -20 * times, fault)

    def exempt_from_tax(self, tenant: Tenant, exempt: bool, days: int, fault: Fault | None) -> None:
        self.number += 1
        self.world.advance(seconds=1)
        reason, first_day = f"reason {self.number}", self.today + timedelta(days=days)
        if self.attempt(
            lambda: tenants.update_tenant(
                self.world.context(),
                tenant_id=tenant.id,
                tax_exempt=exempt,
                tax_exempt_reason=reason,
                tax_exempt_from=first_day,
            ),
            fault,
            None,
            lambda: self.exists(EXEMPTION, reason),
        ):
            tenant.exempt(first_day, exempt)

    def waive_month(self, tenant: Tenant, month: date, fault: Fault | None) -> None:
        cannot_be = month in tenant.waived or self.ledger.live((tenant.id, month)) is not None
        if self.attempt(
            lambda: billing_months.waive_month(
                self.world.context(), tenant_id=tenant.id, period_start=month, reason="Free of charge"
            ),
            fault,
            ProblemCode.CONFLICT if cannot_be else None,
            lambda: self.exists(WAIVED, tenant.id, month, month not in tenant.waived),
        ):
            tenant.waived.add(month)

    @precondition(lambda self: any(known.status == "DRAFT" for known in self.ledger.invoices.values()))
    @rule(of=pick, act=st.sampled_from(["issue", "issue stale"]), fault=faults)
    def issue_invoice(self, of: int, act: str, fault: Fault | None) -> None:
        """Issues an invoice: a stale draft, if there is one."""
        drafts = [known for known in self.ledger.invoices.values() if known.status == "DRAFT"]
        drafts = [known for known in drafts if self.ledger.is_stale(known)] or drafts
        self.handle(drafts[of % len(drafts)].month, act, fault)

    @precondition(lambda self: bool(self.ledger.live_invoices()))
    @rule(of=pick, fault=faults)
    def void_invoice(self, of: int, fault: Fault | None) -> None:
        """Voids an invoice: one that corrects an earlier month, if there is one."""
        live = self.ledger.live_invoices()
        live = [known for known in live if len(known.net_by_month) > 1] or live
        self.handle(live[-1 - of % len(live)].month, "void", fault)

    @precondition(lambda self: bool(self.ledger.invoices))
    @rule(of=pick, act=st.sampled_from(["issue", "issue stale", "pay", "pay", "void"]), fault=faults)
    def handle_invoice(self, of: int, act: str, fault: Fault | None) -> None:
        """Picks one of the latest invoices, and issues, pays or voids it."""
        self.handle(list(self.ledger.invoices.values())[-1 - of % len(self.ledger.invoices)].month, act, fault)

    def handle(self, month: Month, act: str, fault: Fault | None = None) -> None:
        """Applies an action to the month's live invoice or, if it has none, to its last void one."""
        known = self.ledger.live(month) or self.ledger.last(month)
        {"issue": self.issue, "issue stale": self.issue, "pay": self.pay_whole, "void": self.void}[act](
            known, act, fault
        )

    def issue(self, known: SeenInvoices, act: str, fault: Fault | None) -> None:
        stale = act == "issue" and known.status == "DRAFT" and self.ledger.is_stale(known)
        refusal = ProblemCode.DRAFT_STALE if stale else None
        if known.status != "DRAFT":
            refusal = ProblemCode.INVOICE_NOT_DRAFT
        if self.attempt(
            lambda: invoices.issue_invoice(self.world.context(), invoice_id=known.id, issue_stale=act == "issue stale"),
            fault,
            refusal,
            lambda: refusal is None and self.exists(ISSUED, known.id),
        ):
            if act == "issue":
                self.ledger.has_its_tax(known)
            self.ledger.receivables.was_issued(known)

    def pay_whole(self, known: SeenInvoices, _act: str, fault: Fault | None) -> None:
        """Marked as paid: a payment of its balance."""
        refusals = {"DRAFT": ProblemCode.CONFLICT, "VOID": ProblemCode.CONFLICT, "PAID": ProblemCode.INVOICE_PAID}
        refusal, account = refusals.get(known.status), self.ledger.receivables.accounts[known.month[0]]
        self.number += 1
        reference = f"marked {self.number}"
        [row] = self.world.rows("SELECT number FROM tenant_invoices WHERE id = %s", known.id)
        stored = f"{row.number} marked as paid: {reference}"
        if self.attempt(
            lambda: invoices.mark_invoice_paid(self.world.context(), invoice_id=known.id, reference=reference),
            fault,
            refusal,
            lambda: refusal is None and self.exists(PAYMENT, known.month[0], stored),
            wakes=known.month[0],
        ):
            owed = account.of(known)
            assert owed is not None
            account.pay(self.id_of(PAYMENT, known.month[0], stored), owed.balance, [(owed, owed.balance)])
            self.ledger.receivables.follow(account)

    def void(self, known: SeenInvoices, _act: str, fault: Fault | None) -> None:
        owed = self.ledger.receivables.accounts[known.month[0]].of(known)
        refusal = ProblemCode.CONFLICT if known.status == "VOID" else None
        if refusal is None and owed is not None and not owed.can_be_voided:
            refusal = ProblemCode.INVOICE_PAID if owed.paid else ProblemCode.CONFLICT
        if self.attempt(
            lambda: invoices.void_invoice(self.world.context(), invoice_id=known.id),
            fault,
            refusal,
            lambda: refusal is None and self.exists(VOID, known.id),
        ):
            self.ledger.receivables.was_voided(known)

    @precondition(lambda self: bool(self.ledger.live_invoices()))
    @rule(of=pick)
    def a_rival_writes_a_second_live_invoice(self, of: int) -> None:
        """As a version of the code might that takes no lock: the database alone refuses it."""
        self.sound = False
        live = self.ledger.live_invoices()
        self.ledger.rival(live[of % len(live)])
