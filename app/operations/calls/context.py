"""The argument of every operation: the principal, the database, the clock, the settings and the queue."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from app.billing import day_of
from app.database import Database, UnitOfWork
from app.operations.calls.call import Call
from app.operations.calls.principal import Principal
from app.queue import Queue
from app.settings import Settings

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Context:
    """What an operation needs from its caller. The clock returns time-zone-aware instants. Jobs are enqueued on `queue`
    after the commit; no operation depends on their being run. `call`: the requested change, which gets an audit entry;
    None for callers without one, such as jobs. `unit`: an open transaction that operations join instead of opening
    their own, for several changes that are committed together.
    """

    principal: Principal
    database: Database
    clock: Clock
    settings: Settings
    queue: Queue
    call: Call | None = None
    unit: UnitOfWork | None = None

    def today(self) -> date:
        """Returns the current day in the billing time zone."""
        return day_of(self.clock(), self.settings.billing_time_zone)
