"""What every operation is given: who asks, the database, the clock, the settings, the queue."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from app.billing import day_of
from app.database import Database
from app.operations.calls.call import Call
from app.operations.calls.principal import Principal
from app.queue import Queue
from app.settings import Settings

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Context:
    """The clock gives aware instants; `queue` is rung after a commit, never trusted. `call`: what the API was
    asked to change, where it is the API.
    """

    principal: Principal
    database: Database
    clock: Clock
    settings: Settings
    queue: Queue
    call: Call | None = None

    def today(self) -> date:
        """The day it is in the billing time zone."""
        return day_of(self.clock(), self.settings.billing_time_zone)
