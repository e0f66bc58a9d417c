"""What a read knows about who asks."""

from datetime import date
from typing import Any, Protocol

from app.database.scope import Scope


class Request(Protocol):
    """The caller of one operation: resolvers get the same object as `info.context`."""

    @property
    def scope(self) -> Scope:
        """Whose rows may be read."""

    @property
    def today(self) -> date:
        """The day that `TODAY` stands for, in the billing zone."""

    @property
    def viewer(self) -> Any:
        """Who asks: what the `allow=` of a root field is called with."""
