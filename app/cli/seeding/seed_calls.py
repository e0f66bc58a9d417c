"""The callers of a seeded cloud, on a clock of its own, and what all its parts share."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from random import Random
from uuid import UUID

from app.cli.seeding.seeded_cloud import SeededDeployment, SeededTenant
from app.jobs.registration import SYSTEM
from app.operations.calls.context import Context
from app.operations.calls.principal import Principal, Role
from app.queue import Queue

OPERATOR = Principal("arcadia seed", frozenset({Role.PLATFORM_ADMIN}))


class SeedClock:
    """Returns the instant at which the seeding is."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def __call__(self) -> datetime:
        return self._now

    def move(self, day: date, hour: int, minute: int = 0) -> None:
        """Goes to a time of a day, in the zone of the start. The clock never goes back."""
        self._now = max(self._now, datetime.combine(day, time(hour, minute), self._now.tzinfo))

    def tick(self) -> None:
        self._now += timedelta(seconds=1)


class DiscardingQueue(Queue):
    """A queue without jobs: a job only triggers work, and the seeding does the work itself."""

    async def enqueue(self, job: str, key: str, /, **_options: object) -> bool:
        return False


@dataclass(slots=True)
class LiveDeployment:
    """A deployment that was created. plan: the one whose usage it has."""

    id: UUID
    key: str
    seeded: SeededDeployment
    plan: str


@dataclass(slots=True)
class LiveTenant:
    """A tenant that was created."""

    id: UUID
    seeded: SeededTenant
    deployments: list[LiveDeployment] = field(default_factory=list)


@dataclass(slots=True)
class SeedState:
    """What the parts of a seeding share."""

    context: Context
    clock: SeedClock
    random: Random
    tenants: list[LiveTenant] = field(default_factory=list)

    @property
    def operator(self) -> Context:
        """The context of what people of the platform do."""
        return self._as(OPERATOR)

    @property
    def system(self) -> Context:
        """The context of scheduled jobs."""
        return self._as(SYSTEM)

    def owner(self, tenant: LiveTenant) -> Context:
        """The context of what the tenant itself does."""
        subject = f"owner@{tenant.seeded.business.code}.example"
        return self._as(Principal(subject, frozenset({Role.TENANT_ADMIN}), tenant.id))

    def _as(self, principal: Principal) -> Context:
        self.clock.tick()
        return replace(self.context, principal=principal)
