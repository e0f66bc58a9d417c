"""Steps around invoices that nobody pays: random steps alone rarely make an invoice overdue and then settle it."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from app.billing import Actor, DeploymentState
from tests.simulation.billing_steps import BillingSteps
from tests.simulation.deployment_steps import DeploymentSteps
from tests.simulation.dunning_steps import DunningSteps
from tests.simulation.faults import Fault
from tests.simulation.issue_steps import IssueSteps
from tests.simulation.model import Deployment, Tenant
from tests.simulation.receivable_steps import ReceivableSteps
from tests.simulation.receivables import Owed
from tests.simulation.steps import faults, pick

reactions = st.sampled_from(["pay all", "pay all", "pay", "credit", "write off", "dispute"])


class UnpaidSteps(BillingSteps, IssueSteps, DeploymentSteps, ReceivableSteps, DunningSteps):
    """Invoices that reach a step of dunning, and what becomes of the deployments that it moved."""

    def open_invoices(self) -> list[Owed]:
        return [owed for owed in self.ledger.receivables.issued() if owed.balance]

    def dunned(self) -> list[tuple[Tenant, Deployment]]:
        """The deployments whose last transition was dunning's."""
        every = [(tenant, deployment) for tenant in self.tenants for deployment in tenant.deployments]
        return [each for each in every if each[1].moved_by == "DUNNING"]

    @rule(hours=st.integers(4, 60), which=pick, by_operator=st.booleans(), how=reactions, fault=faults)
    def month_goes_unpaid(self, hours: int, which: int, by_operator: bool, how: str, fault: Fault | None) -> None:
        """The month ends and is issued by a run; its invoices reach a step, and then one of them is settled."""
        self.month_ends(hours=hours, issued="none")
        self.issue_month(months_ago=1, except_stale=False, worked=True, fault=None)
        if self.open_invoices():
            self.invoice_reaches_a_step(of=which, which=which, days=0, twice=False, fault=None)
        if self.dunned() and by_operator:
            self.operator_handles_a_dunned_deployment(of=which, how="any", way=which, fault=None)
            self.dun_the_woken()
        if self.dunned() and self.open_invoices():
            self.overdue_invoice_is_settled(of=which, how=how, fault=fault)

    @precondition(lambda self: bool(self.open_invoices()))
    @rule(of=pick, which=pick, days=st.sampled_from([-1, 0, 0, 0, 1]), twice=st.booleans(), fault=faults)
    def invoice_reaches_a_step(self, of: int, which: int, days: int, twice: bool, fault: Fault | None) -> None:
        """Lets time pass to the day of a step of an open invoice, the day before or after, and does the daily run."""
        owed = self.open_invoices()[-1 - of % len(self.open_invoices())]
        steps = self.dunning.policy(self.ledger.tenant(owed.known.month[0])).steps
        self.wait_for_dunning(owed.due_on + timedelta(days=steps[which % len(steps)][1] + days))
        self.run_dunning(fault, at_once=2 if twice and fault is None else 1)

    @precondition(lambda self: bool(self.dunned() and self.open_invoices()))
    @rule(of=pick, how=reactions, fault=faults)
    def overdue_invoice_is_settled(self, of: int, how: str, fault: Fault | None) -> None:
        """The oldest invoice, or all, of a tenant whose deployment dunning moved; another's if it owes nothing."""
        tenant, _ = self.dunned()[of % len(self.dunned())]
        of_tenant = [owed for owed in self.open_invoices() if owed.known.month[0] == tenant.id]
        owed = min(of_tenant or self.open_invoices(), key=lambda owed: owed.due_on)
        match how:
            case "pay all":
                for each in of_tenant:
                    self.pay(of=self._index_of(each), part="all", named=True, twice=False, fault=fault)
            case "pay":
                self.pay(of=self._index_of(owed), part="all", named=True, twice=False, fault=fault)
            case "credit":
                self.credit(owed, None, fault)
            case "write off":
                self.write_off(of=self._index_of(owed), fault=fault)
            case _ if owed.disputed:
                self.resolve(owed, fault)
            case _:
                self.dispute(owed, fault)

    def _index_of(self, owed: Owed) -> int:
        """As the other steps count invoices: from the last."""
        issued = self.ledger.receivables.issued()
        return len(issued) - 1 - issued.index(owed)

    @precondition(lambda self: bool(self.dunned()))
    @rule(of=pick, how=st.sampled_from(["resume", "any", "override", "lift"]), way=pick, fault=faults)
    def operator_handles_a_dunned_deployment(self, of: int, how: str, way: int, fault: Fault | None) -> None:
        """Resumes it or moves it elsewhere, or suspends its billing actions or lifts that."""
        _, deployment = self.dunned()[of % len(self.dunned())]
        every = [each for tenant in self.tenants for each in tenant.deployments]
        its = every.index(deployment)
        if how in {"resume", "any"}:
            way = 0 if how == "resume" else way + 1
            self.transition(of=its, way=way, to=DeploymentState.ACTIVE, actor=Actor.OPERATOR, fault=fault)
        else:
            self.suspend_billing_actions(of=its, suspended=how == "override")
