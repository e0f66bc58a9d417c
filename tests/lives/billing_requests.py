"""Requests that concern billing: charges, rollups, invoices, waivers, tax exemption, prices of add-ons."""

from datetime import date, datetime, timedelta
from uuid import UUID

from app.operations import billing_months, catalog, charges, invoices, rollups, tenants
from app.operations.calls.refusal import ProblemCode, Refusal
from tests.lives.catalog import ADDONS
from tests.lives.life import Life, pick
from tests.lives.rating import local_day, month_of, next_month
from tests.lives.terms import Charge
from tests.lives.world import LivesWorld

Numbers = tuple[int, ...]


def months_ago(day: date, months: int) -> date:
    month = month_of(day)
    for _ in range(months):
        month = month_of(month - timedelta(days=1))
    return month


async def charge(world: LivesWorld, life: Life, at: datetime, numbers: Numbers) -> None:
    deployment = pick([None, *life.deployments], numbers[0])
    day = local_day(at, world.zone) - timedelta(days=numbers[1] % 70 if numbers[2] % 2 else 0)
    cents = numbers[3] % 5000 + 1
    if numbers[4] % 3 == 0:
        cents *= -10 if numbers[4] % 2 else -1
    if month_of(day) in life.described.waived:
        return
    await charges.add_charge(
        world.context(at),
        tenant_id=life.id,
        deployment_id=None if deployment is None else deployment.id,
        description="One-off work",
        net_cents=cents,
        on=day,
    )
    described = life.described if deployment is None else deployment.described
    described.charges.append(Charge(cents, day))


async def roll_up(world: LivesWorld, life: Life | None, at: datetime, numbers: Numbers) -> None:
    """Rolls up an ended month for one tenant or all; sometimes with force, sometimes as a dry run."""
    run_id = await rollups.roll_up_period(
        world.context(at),
        period_start=months_ago(local_day(at, world.zone), 1 + numbers[0] % 4 // (1 + numbers[3] % 2)),
        tenant_ids=None if life is None else [life.id],
        force=numbers[1] % 3 == 0,
        dry_run=numbers[2] % 8 == 0,
    )
    await rollups.roll_up_run(world.context(at), run_id=run_id)
    if numbers[2] % 8:
        refuse_failures(world, run_id)


async def catch_up(world: LivesWorld, life: Life | None, at: datetime, numbers: Numbers) -> None:
    """Runs the scheduled catch-up, and then processes its runs."""
    assert life is None
    assert numbers
    await rollups.catch_up(world.context(at))
    for row in world.rows("SELECT id FROM rollup_runs WHERE finished_at IS NULL ORDER BY period_start, id"):
        await rollups.roll_up_run(world.context(at), run_id=row.id)
        refuse_failures(world, row.id)


def refuse_failures(world: LivesWorld, run_id: UUID) -> None:
    failures = world.rows(
        "SELECT f.tenant_id, f.code, f.message FROM rollup_failures f"
        " JOIN rollup_runs r ON r.id = f.run_id WHERE f.run_id = %s AND f.code NOT IN ('INVOICE_PAID', 'CONFLICT')",
        run_id,
    )
    assert not failures, failures


async def reprice(world: LivesWorld, life: Life | None, at: datetime, numbers: Numbers) -> None:
    """Changes an add-on's price for subscriptions that attach it from now on."""
    assert life is None
    code = sorted(ADDONS)[numbers[0] % len(ADDONS)]
    world.addon_prices[code] = numbers[1] % 3000
    await catalog.update_addon(world.context(at), code=code, price_cents=world.addon_prices[code])


def _invoices(world: LivesWorld, life: Life, *statuses: str) -> list[UUID]:
    rows = world.rows(
        "SELECT id FROM tenant_invoices WHERE tenant_id = %s AND status = ANY (%s) ORDER BY period_start",
        life.id,
        list(statuses),
    )
    return [row.id for row in rows]


async def issue(world: LivesWorld, life: Life, at: datetime, numbers: Numbers) -> None:
    """Issues a draft. A stale one is refused unless issueStale is set."""
    invoice_id = pick(_invoices(world, life, "DRAFT"), numbers[0])
    if invoice_id is not None:
        await issue_draft(world, at, invoice_id, issue_stale=numbers[1] % 2 == 0)


async def issue_drafts(world: LivesWorld, life: Life | None, at: datetime, numbers: Numbers) -> None:
    """Issues all drafts, sometimes with issueStale."""
    assert life is None
    for row in world.rows("SELECT id FROM tenant_invoices WHERE status = 'DRAFT' ORDER BY period_start, id"):
        await issue_draft(world, at, row.id, issue_stale=numbers[0] % 4 == 0)


async def issue_draft(world: LivesWorld, at: datetime, invoice_id: UUID, *, issue_stale: bool) -> None:
    try:
        await invoices.issue_invoice(world.context(at), invoice_id=invoice_id, issue_stale=issue_stale)
    except Refusal as refusal:
        if issue_stale or refusal.code is not ProblemCode.DRAFT_STALE:
            raise


async def void(world: LivesWorld, life: Life, at: datetime, numbers: Numbers) -> None:
    credited = {row.invoice_id for row in world.rows("SELECT invoice_id FROM credit_notes")}
    live = [invoice_id for invoice_id in _invoices(world, life, "DRAFT", "ISSUED") if invoice_id not in credited]
    invoice_id = pick(live, numbers[0])
    if invoice_id is not None:
        await invoices.void_invoice(world.context(at), invoice_id=invoice_id)


async def pay(world: LivesWorld, life: Life, at: datetime, numbers: Numbers) -> None:
    invoice_id = pick(_invoices(world, life, "ISSUED"), numbers[0])
    if invoice_id is not None:
        await invoices.mark_invoice_paid(world.context(at), invoice_id=invoice_id, reference="transfer")


async def waive(world: LivesWorld, life: Life, at: datetime, numbers: Numbers) -> None:
    """Only a month without a live invoice can be waived."""
    month = months_ago(local_day(at, world.zone), 1 + numbers[0] % 3)
    if month in life.described.waived or month not in life.worths(next_month(month), world.zone):
        return
    has_invoice = world.rows(
        "SELECT FROM tenant_invoices WHERE tenant_id = %s AND period_start = %s AND status <> 'VOID'", life.id, month
    )
    if not has_invoice:
        await billing_months.waive_month(
            world.context(at), tenant_id=life.id, period_start=month, reason="Free of charge"
        )
        life.described.waived.add(month)


async def exempt(world: LivesWorld, life: Life, at: datetime, numbers: Numbers) -> None:
    """Changes a tenant's exemption, which changes no net amount."""
    life.exempted = True
    await tenants.update_tenant(
        world.context(at),
        tenant_id=life.id,
        tax_exempt=numbers[0] % 2 == 0,
        tax_exempt_reason="A charity" if numbers[0] % 2 == 0 else None,
        tax_exempt_from=local_day(at, world.zone) - timedelta(days=numbers[1] % 60 if numbers[2] % 2 else 0),
    )
