"""One tenant's life over several months, told step by step through the real operations. Months are of 2026."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.billing import DeploymentState, PriceModel, Tier
from app.operations import billing_months, invoices, subscriptions
from app.operations.calls.context import Context
from app.operations.catalog import ResourceDraft
from app.operations.catalog.offers import AddonSelection
from app.operations.deployments import create_deployment, transition_deployment
from app.operations.invoices import issue_invoice, void_invoice
from app.operations.rollups import catch_up, roll_up_period, roll_up_run
from app.operations.subscriptions import attach_addon, change_plan_version
from app.operations.usage import MeteredEvent, record_usage
from tests.operations.given import Given

JANUARY, MARCH, APRIL, MAY, JUNE, JULY, AUGUST = (date(2026, month, 1) for month in (1, 3, 4, 5, 6, 7, 8))


class ScriptedLife:
    """Deployments are named by their slugs; `now` is UTC's time of the clock."""

    def __init__(self, given: Given, tenant_id: UUID) -> None:
        self.given = given
        self.tenant_id = tenant_id
        self.deployments: dict[str, UUID] = {}
        self._events = 0

    @property
    def platform(self) -> Context:
        return self.given.platform

    @property
    def admin(self) -> Context:
        return self.given.admin(self.tenant_id)

    def at(self, *moment: int) -> "ScriptedLife":
        """Sets the clock to this UTC time: month, day, hour and so on."""
        self.given.clock.set(2026, *moment)
        return self

    def with_clock(self, *moment: int) -> Context:
        """A platform admin's context whose clock is at this UTC time."""
        now = datetime(2026, *moment, tzinfo=UTC)  # type: ignore[misc, arg-type]  # the zone is by name
        return replace(self.platform, clock=lambda: now)

    # What happens

    async def subscribe(self, slug: str = "pilot", plan: str = "studio", starts_on: date = APRIL, **terms: Any) -> UUID:
        if slug not in self.deployments:
            self.deployments[slug] = await create_deployment(
                self.platform, tenant_id=self.tenant_id, slug=slug, display_name=slug, region="syd1"
            )
        addons = [AddonSelection(code) for code in terms.pop("addons", ())]
        return await subscriptions.subscribe(
            self.platform,
            deployment_id=self.deployments[slug],
            plan_code=plan,
            starts_on=starts_on,
            addons=addons,
            **terms,
        )

    async def attach(self, code: str, slug: str = "pilot", *, additional: bool = False) -> UUID:
        return await attach_addon(
            self.platform, deployment_id=self.deployments[slug], addon_code=code, additional=additional
        )

    async def change_plan(self, plan: str, version: int, effective_on: date, slug: str = "pilot") -> None:
        """Changes the plan as a platform admin."""
        await change_plan_version(
            self.platform,
            deployment_id=self.deployments[slug],
            plan_code=plan,
            plan_version=version,
            effective_on=effective_on,
        )

    async def move_to(self, state: str, slug: str = "pilot") -> None:
        await transition_deployment(self.platform, deployment_id=self.deployments[slug], to=DeploymentState(state))

    async def meter(
        self, kind: str, quantity: str, *when: int, slug: str = "pilot", resource_id: UUID | None = None
    ) -> str:
        """Records one usage event at this UTC time; returns its id."""
        self._events += 1
        event = MeteredEvent(
            id=str(self._events),
            deployment_id=self.deployments[slug],
            resource_kind=kind,
            quantity=Decimal(quantity),
            occurred_at=datetime(2026, *when, tzinfo=UTC),  # type: ignore[misc, arg-type]  # the zone is by name
            resource_id=resource_id,
        )
        recorded = await record_usage(self.platform, events=[event])
        assert (recorded.accepted, recorded.rejected) == (1, ())
        return event.id

    async def roll_up(self, month: date, *, force: bool = False, context: Context | None = None) -> UUID:
        """The run's id; it had no failures."""
        context = context or self.platform
        run_id = await roll_up_period(context, period_start=month, force=force)
        await roll_up_run(context, run_id=run_id)
        assert await self.given.rows("SELECT * FROM rollup_failures WHERE run_id = $1", run_id) == []
        return run_id

    async def catch_up(self) -> None:
        await catch_up(self.platform)
        for run in await self.given.rows("SELECT id FROM rollup_runs WHERE finished_at IS NULL ORDER BY period_start"):
            await roll_up_run(self.platform, run_id=run["id"])

    async def issue(self, month: date, *, issue_stale: bool = False) -> None:
        invoice = await self.invoice(month)
        await issue_invoice(self.platform, invoice_id=invoice["id"], issue_stale=issue_stale)

    async def void(self, month: date) -> None:
        await void_invoice(self.platform, invoice_id=(await self.invoice(month))["id"])

    # What came of it

    async def invoice(self, month: date) -> dict[str, Any]:
        """Returns the month's live invoice."""
        return await self.given.row(
            "SELECT * FROM tenant_invoices WHERE tenant_id = $1 AND period_start = $2 AND status <> 'VOID'",
            self.tenant_id,
            month,
        )

    async def lines(self, month: date) -> list[tuple[str, date, int]]:
        """Kind, service month and amount of each line of the month's live invoice, tax left out."""
        rows = await self.given.rows(
            "SELECT kind, period_start, amount_cents FROM tenant_invoice_lines"
            " WHERE invoice_id = $1 AND kind <> 'TAX' ORDER BY position",
            (await self.invoice(month))["id"],
        )
        return [(row["kind"], row["period_start"], row["amount_cents"]) for row in rows]

    async def billed(self) -> dict[date, int]:
        """Net, by service month, on live invoices, less late corrections."""
        rows = await self.given.rows(
            "SELECT l.period_start AS month,"
            " sum(l.amount_cents - invoice_line_corrected_cents(l.tenant_id, l.id))::bigint AS cents"
            " FROM tenant_invoice_lines l"
            " JOIN tenant_invoices i ON i.id = l.invoice_id"
            " WHERE l.tenant_id = $1 AND i.status <> 'VOID' AND l.kind <> 'TAX' GROUP BY 1 ORDER BY 1",
            self.tenant_id,
        )
        return {row["month"]: row["cents"] for row in rows}

    async def open(self) -> dict[date, int | None]:
        """Returns the unbilled difference by month; None until the month is rated with all its changes."""
        page = await billing_months.unbilled_months(self.platform, first=billing_months.MAX_FIRST)
        return {month.period_start: month.difference_cents for month in page.months}

    async def verify_all(self) -> None:
        for row in await self.given.rows("SELECT id FROM tenant_invoices WHERE status IN ('ISSUED', 'PAID')"):
            verified = await invoices.verify_invoice(self.platform, invoice_id=row["id"])
            assert verified.matches, verified


def price(kind: str, included: str, *tiers: tuple[str | None, str], model: str = "PER_UNIT") -> ResourceDraft:
    """Returns the terms of a resource kind: the included quantity, and the price up to each bound."""
    bounds = tuple(Tier(None if up_to is None else Decimal(up_to), Decimal(unit)) for up_to, unit in tiers)
    return ResourceDraft(kind, Decimal(included), bounds, PriceModel(model))
