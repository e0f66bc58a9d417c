"""Plays a script on the real system, lets time pass until nothing is due, and compares what was billed."""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from app.operations import billing_months, invoices, tenants
from tests.lives import billing_requests, deployment_requests
from tests.lives.life import Life
from tests.lives.rating import local_day, month_of, next_month, start_of
from tests.lives.script import Request, Script
from tests.lives.world import LivesWorld

Numbers = tuple[int, ...]
_OF_A_TENANT: dict[str, Callable[[LivesWorld, Life, datetime, Numbers], Awaitable[None]]] = {
    "meter": deployment_requests.meter,
    "correct": deployment_requests.correct,
    "deploy": deployment_requests.deploy,
    "subscribe": deployment_requests.subscribe,
    "leave": deployment_requests.leave,
    "attach": deployment_requests.attach_addon,
    "detach": deployment_requests.detach_addon,
    "change_plan": deployment_requests.change_plan,
    "transition": deployment_requests.transition,
    "end_resource": deployment_requests.end_resource,
    "move_resource": deployment_requests.move_resource,
    "charge": billing_requests.charge,
    "roll_up": billing_requests.roll_up,
    "issue": billing_requests.issue,
    "void": billing_requests.void,
    "pay": billing_requests.pay,
    "waive": billing_requests.waive,
    "exempt": billing_requests.exempt,
}
_OF_ALL: dict[str, Callable[[LivesWorld, Life | None, datetime, Numbers], Awaitable[None]]] = {
    "roll_up": billing_requests.roll_up,
    "catch_up": billing_requests.catch_up,
    "issue_drafts": billing_requests.issue_drafts,
    "reprice": billing_requests.reprice,
}
MAX_MONTHS = 4
"""After the last request: by then everything is billed, or it is no longer going to be."""


class Played(NamedTuple):
    """The lives of a script after it was played; `until`: the first day of the month that still runs."""

    lives: list[Life]
    until: date
    at: datetime


def play(world: LivesWorld, script: Script) -> Played:
    """Resets the system and plays the script to its end. Refusals are raised."""
    world.begin(script.zone)
    return world.run(_play(world, script))


async def _play(world: LivesWorld, script: Script) -> Played:
    lives = [await _tenant(world, script.begins_at, number) for number in range(script.tenants)]
    for request in script.requests:
        try:
            await _do(world, lives, request)
        except Exception as error:
            error.add_note(f"at {request}")
            raise
    last = max([request.at for request in script.requests], default=script.begins_at)
    at = await _settle(world, lives, last, script.seed)
    return Played(lives, month_of(local_day(at, world.zone)), at)


async def _tenant(world: LivesWorld, at: datetime, number: int) -> Life:
    tenant_id = await tenants.create_tenant(world.context(at), code=f"t{number}", name=f"Tenant {number}")
    return Life(tenant_id, number, at)


async def _do(world: LivesWorld, lives: list[Life], request: Request) -> None:
    if request.tenant is None:
        await deployment_requests.send_usage(world, lives, request.at)
        await _OF_ALL[request.name](world, None, request.at, request.numbers)
        return
    life = lives[request.tenant]
    at = max(request.at, life.last_at + timedelta(seconds=1))
    life.last_at = at
    if request.name != "meter" and life.metered:
        await deployment_requests.send_usage(world, lives, at)
    await _OF_A_TENANT[request.name](world, life, at, request.numbers)


async def _settle(world: LivesWorld, lives: list[Life], at: datetime, seed: int) -> datetime:
    """Advances month by month, rolling up and issuing each, until a month ends with nothing due."""
    await deployment_requests.send_usage(world, lives, at + timedelta(seconds=1))
    for number in range(MAX_MONTHS):
        month = month_of(local_day(at, world.zone))
        at = start_of(next_month(month), world.zone) + timedelta(hours=4)
        if (seed + number) % 2:
            await billing_requests.roll_up(world, None, at, (0, 1, 1, 0))
        await billing_requests.catch_up(world, None, at, (0,))
        await billing_requests.issue_drafts(world, None, at, (1,))
        if number and not await _due(world, lives, at):
            break
    return at


async def _due(world: LivesWorld, lives: list[Life], at: datetime) -> bool:
    """Whether anything is unbilled, except credits of tenants that have no subscription any more."""
    left = {life.id for life in lives if life.has_left}
    unbilled = await _unbilled(world, at)
    return any(cents is None or cents > 0 or tenant_id not in left for (tenant_id, _), cents in unbilled.items())


async def _unbilled(world: LivesWorld, at: datetime) -> dict[tuple[UUID, date], int | None]:
    """Returns what the system lists as unbilled: the difference of each tenant's month, None if it is not known."""
    page = await billing_months.unbilled_months(world.context(at), first=billing_months.MAX_FIRST)
    assert not page.has_more
    return {(month.tenant_id, month.period_start): month.difference_cents for month in page.months}


# What must hold then


def differences(world: LivesWorld, played: Played) -> list[str]:
    """Returns messages about wrongly billed amounts; empty if there are none."""
    billed, unbilled = _billed(world), world.run(_unbilled(world, played.at))
    wrong = []
    for life in played.lives:
        worths = life.worths(played.until, world.zone)
        listed = {month: cents for (tenant_id, month), cents in unbilled.items() if tenant_id == life.id}
        for month in sorted(worths.keys() | billed[life.id].keys() | listed.keys()):
            worth, cents = worths.get(month, 0), billed[life.id][month]
            # Only a credit may be open, and then the system says so.
            is_open_credit = worth < cents and listed.get(month) == worth - cents
            if not is_open_credit and (worth != cents or month in listed):
                listing = f"listed as unbilled: {listed[month]}" if month in listed else "not listed as unbilled"
                wrong.append(f"tenant {life.number}, {month:%Y-%m}: worth {worth}, billed {cents}, {listing}")
    wrong += _untaken(world, played, {tenant_id for tenant_id, _ in unbilled})
    wrong += _below_zero(world)
    wrong += world.run(_unverified(world, played.at))
    return wrong + [f"{violation}" for violation in world.violations(played.at)]


def _billed(world: LivesWorld) -> dict[UUID, dict[date, int]]:
    billed: dict[UUID, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    rows = world.rows(
        "SELECT l.tenant_id, l.period_start,"
        " sum(l.amount_cents - invoice_line_corrected_cents(l.tenant_id, l.id))::bigint AS cents"
        " FROM tenant_invoice_lines l"
        " JOIN tenant_invoices i ON i.id = l.invoice_id WHERE i.status <> 'VOID' AND l.kind <> 'TAX' GROUP BY 1, 2"
    )
    for row in rows:
        billed[row.tenant_id][row.period_start] = row.cents
    return billed


def _untaken(world: LivesWorld, played: Played, owed: set[UUID]) -> list[str]:
    """Returns credits for which the last month's invoice had room, of tenants that still have a subscription."""
    last = month_of(played.until - timedelta(days=1))
    invoices_of_last = world.rows(
        "SELECT tenant_id, period_start, subtotal_cents, total_cents FROM tenant_invoices"
        " WHERE status <> 'VOID' AND period_start = %s AND least(subtotal_cents, total_cents) > 0",
        last,
    )
    room = {row.tenant_id: row for row in invoices_of_last}
    return [
        f"tenant {life.number}: a credit is open that its last invoice had room for: {room[life.id]}"
        for life in played.lives
        if life.id in owed and life.id in room and not life.has_left and not life.exempted
    ]


def _below_zero(world: LivesWorld) -> list[str]:
    rows = world.rows("SELECT * FROM tenant_invoices WHERE subtotal_cents < 0 OR total_cents < 0")
    return [f"an invoice is below 0: {row}" for row in rows]


async def _unverified(world: LivesWorld, at: datetime) -> list[str]:
    rows = world.rows(
        "SELECT id, tenant_id, period_start FROM tenant_invoices WHERE status IN ('ISSUED', 'PAID') ORDER BY id"
    )
    verified = [await invoices.verify_invoice(world.context(at), invoice_id=row.id) for row in rows]
    return [f"does not verify: {row} {found}" for row, found in zip(rows, verified, strict=True) if not found.matches]
