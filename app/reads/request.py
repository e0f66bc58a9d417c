"""What app/reads must know about a request and its caller."""

from datetime import date
from typing import Any, Protocol

from app.database.scope import Scope


class Request(Protocol):
    """The caller of one operation: resolvers receive the same object as `info.context`."""

    @property
    def scope(self) -> Scope:
        """The rows that the request may read."""

    @property
    def today(self) -> date:
        """The day that `TODAY` represents, in the billing time zone."""

    @property
    def viewer(self) -> Any:
        """The caller: the argument of a root field's `allow=` function."""
