"""Steps of time, rollups and invoices."""

from datetime import timedelta
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from app.operations import billing_months, charges, invoices, tenants
from app.operations.refusal import ProblemCode
from tests.lives.terms import Charge
from tests.simulation.faults import Fault
from tests.simulation.known import Month
from tests.simulation.steps import Steps, chosen, faults, pick

CHARGE = "SELECT FROM charges WHERE description = %s"
EXEMPTION = "SELECT FROM tenant_tax_exemptions WHERE reason = %s"
WAIVED = "SELECT FROM billing_months WHERE tenant_id = %s AND period_start = %s AND state = 'WAIVED' AND %s"


class BillingSteps(Steps):
    """What the clock brings, who works it off, and what becomes of the invoices."""

    @rule(days=st.sampled_from([0, 1, 3, 9, 20]), hours=st.integers(1, 23))
    def time_goes_by(self, days: int, hours: int) -> None:
        self.world.advance(days=days, hours=hours)

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
        """What a dry run says is what the same run then does."""
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
        """Of the tenant or of one of its deployments."""
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
    @rule(of=pick, exempt=st.booleans(), days=st.sampled_from([0, -9, -40]), fault=faults)
    def exempt_from_tax(self, of: int, exempt: bool, days: int, fault: Fault | None) -> None:
        tenant = self.tenants[of % len(self.tenants)]
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

    @precondition(lambda self: bool(self.tenants))
    @rule(of=pick, months_ago=st.sampled_from([0, 1, 1, 1, 2]), fault=faults)
    def waive_month(self, of: int, months_ago: int, fault: Fault | None) -> None:
        tenant, month = self.tenants[of % len(self.tenants)], self.ledger.month_ago(months_ago)
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

    @precondition(lambda self: bool(self.ledger.invoices))
    @rule(of=pick, act=st.sampled_from(["issue", "issue", "issue stale", "pay", "void"]), fault=faults)
    def handle_invoice(self, of: int, act: str, fault: Fault | None) -> None:
        """One of the last ones."""
        self.handle(list(self.ledger.invoices.values())[-1 - of % len(self.ledger.invoices)].month, act, fault)

    def handle(self, month: Month, act: str, fault: Fault | None = None) -> None:
        """The month's live invoice, or the last one that was void."""
        known = self.ledger.live(month) or self.ledger.last(month)
        context = self.world.context()
        issued = "ISSUED" if known.total_cents else "PAID"
        is_stale = act == "issue" and known.status == "DRAFT" and self.ledger.is_stale(known)
        operation, becomes, refusals = {
            "issue": (
                lambda: invoices.issue_invoice(context, invoice_id=known.id, issue_stale=act == "issue stale"),
                issued,
                dict.fromkeys(("ISSUED", "PAID", "VOID"), ProblemCode.INVOICE_NOT_DRAFT)
                | ({"DRAFT": ProblemCode.DRAFT_STALE} if is_stale else {}),
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
        }[act.split(maxsplit=1)[0]]
        refusal = refusals.get(known.status)
        now_is = "SELECT FROM tenant_invoices WHERE id = %s AND status = %s"
        if self.attempt(operation, fault, refusal, lambda: refusal is None and self.exists(now_is, known.id, becomes)):
            known.status = becomes
            if act == "issue":
                self.ledger.has_its_tax(known)

    @precondition(lambda self: any(known.status != "VOID" for known in self.ledger.invoices.values()))
    @rule(of=pick)
    def a_rival_writes_a_second_live_invoice(self, of: int) -> None:
        """As a version of the code might that takes no lock: the database alone refuses it."""
        self.sound = False
        live = [known for known in self.ledger.invoices.values() if known.status != "VOID"]
        self.ledger.rival(live[of % len(live)])
