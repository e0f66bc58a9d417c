"""A clock whose time tests set."""

from datetime import UTC, datetime, timedelta


class Clock:
    """A clock that returns the instant of April 2026's rollup when called, until a test sets or advances it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 5, 1, 3, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def set(self, *moment: int) -> None:
        """Sets the clock to this UTC time: year, month, day and so on."""
        self.now = datetime(*moment, tzinfo=UTC)  # type: ignore[misc, arg-type]  # the zone is by name

    def advance(self, **duration: float) -> None:
        self.now += timedelta(**duration)
