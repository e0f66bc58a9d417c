"""The current month of a subscription, as the database function returns it."""

from datetime import date
from typing import Any

import pytest


@pytest.mark.parametrize(
    ("days", "month"),
    [
        ((date(2026, 4, 15), None, date(2026, 4, 15)), (date(2026, 4, 1), date(2026, 5, 1))),
        ((date(2026, 4, 15), None, date(2026, 4, 30)), (date(2026, 4, 1), date(2026, 5, 1))),
        ((date(2026, 4, 15), None, date(2026, 5, 1)), (date(2026, 5, 1), date(2026, 6, 1))),
        ((date(2026, 4, 15), None, date(2026, 3, 1)), (date(2026, 4, 1), date(2026, 5, 1))),
        ((date(2026, 1, 31), None, date(2026, 12, 31)), (date(2026, 12, 1), date(2027, 1, 1))),
        ((date(2026, 4, 15), date(2026, 5, 20), date(2026, 7, 1)), (date(2026, 5, 1), date(2026, 6, 1))),
        ((date(2028, 2, 29), None, date(2028, 2, 29)), (date(2028, 2, 1), date(2028, 3, 1))),
    ],
)
async def test_the_current_month(owner: Any, days: tuple[date, date | None, date], month: tuple[date, date]) -> None:
    """`days`: the start, the end and today."""
    given = "SELECT subscription_period_start($1, $2, $3), subscription_period_end($1, $2, $3)"
    assert tuple(await owner.fetchrow(given, *days)) == month
