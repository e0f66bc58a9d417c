"""Random lives of tenants, drawn from a seed: what is asked of the system, and when.

A script holds requests, not effects. One that is not possible when its time comes is passed over, so any part of a
script is a script too: that is how a failing one is made smaller.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from tests.lives.rating import next_month, start_of

ZONES = (
    "UTC",
    "Australia/Sydney",
    "America/Havana",  # changes its clocks at midnight
    "Europe/London",
    "Asia/Kathmandu",
    "America/Santiago",
)
LARGEST = 2**16


@dataclass(frozen=True)
class Request:
    """One request: `numbers` are read by what it asks for. tenant None: it concerns all tenants."""

    at: datetime
    tenant: int | None
    name: str
    numbers: tuple[int, ...]


@dataclass(frozen=True)
class Script:
    """The requests of some tenants in one billing zone, in order of time; then time passes until nothing is due."""

    seed: int
    zone: ZoneInfo
    begins_at: datetime
    tenants: int
    requests: tuple[Request, ...]

    def __str__(self) -> str:
        lines = [f"seed {self.seed}, zone {self.zone}, from {self.begins_at:%Y-%m-%d}, {self.tenants} tenants"]
        lines += [
            f"{request.at.astimezone(self.zone):%Y-%m-%d %H:%M:%S} "
            f"{'all' if request.tenant is None else request.tenant} {request.name} {request.numbers}"
            for request in self.requests
        ]
        return "\n    ".join(lines)


_LIFE = {
    "meter": 32,
    "correct": 12,
    "deploy": 3,
    "subscribe": 7,
    "leave": 2,
    "attach": 4,
    "detach": 4,
    "change_plan": 6,
    "transition": 7,
    "end_resource": 3,
    "move_resource": 1,
    "charge": 4,
    "roll_up": 9,
    "issue": 6,
    "void": 9,
    "pay": 1,
    "waive": 2,
    "exempt": 1,
}
_ALL = {"roll_up": 2, "catch_up": 4, "reprice": 1}


def draw(seed: int, tenants: int) -> Script:
    """The script of the seed."""
    random = Random(seed)  # noqa: S311 - chance that can be repeated
    zone = ZoneInfo(random.choice(ZONES))
    begins_on = date(2026, 1, 1) + timedelta(days=random.randrange(400))
    begins_at = start_of(begins_on, zone) + timedelta(hours=9)
    days = [begins_on + timedelta(days=number + 1) for number in range(random.choice([35, 65, 100, 130]))]
    requests = []
    for tenant in range(tenants):
        requests.append(_request(random, begins_at + timedelta(minutes=1 + tenant), tenant, "subscribe"))
        names = random.choices(list(_LIFE), list(_LIFE.values()), k=random.randint(6, 22))
        requests += [_request(random, _moment(random, zone, days), tenant, name) for name in names]
    names = random.choices(list(_ALL), list(_ALL.values()), k=len(days) // 25)
    requests += [_request(random, _moment(random, zone, days), None, name) for name in names]
    requests += _month_ends(random, zone, days)
    return Script(seed, zone, begins_at, tenants, tuple(sorted(requests, key=lambda request: request.at)))


def _month_ends(random: Random, zone: ZoneInfo, days: list[date]) -> Iterator[Request]:
    """Yields the scheduled jobs and the operator's requests of every month; some are left out at random."""
    for month in sorted({next_month(day) for day in days}):
        if random.random() < 0.8:
            yield _request(random, start_of(month, zone) + timedelta(hours=random.choice([4, 4, 30])), None, "catch_up")
        if random.random() < 0.8:
            issued_at = start_of(month, zone) + timedelta(hours=random.randint(31, 200))
            yield _request(random, issued_at, None, "issue_drafts")


def _request(random: Random, at: datetime, tenant: int | None, name: str) -> Request:
    return Request(at, tenant, name, tuple(random.randrange(LARGEST) for _ in range(5)))


def _moment(random: Random, zone: ZoneInfo, days: list[date]) -> datetime:
    """Draws an instant, often at midnight or around the end of a month."""
    day = random.choice(days)
    chance = random.random()
    if chance < 0.15:
        return start_of(day, zone)
    if chance < 0.3:
        return start_of(next_month(day), zone) + timedelta(seconds=random.randint(-600, 600))
    if chance < 0.45:
        return start_of(next_month(day), zone) + timedelta(hours=random.randint(1, 100))
    return start_of(day, zone) + timedelta(seconds=random.randrange(82_800))
