from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.billing import DailyQuantities, DailyQuantity
from app.billing.daily import day_ranges, mask_of_ranges
from tests.billing.examples import APRIL, D, april

ROWS = (DailyQuantity(april(1), D("72.50")), DailyQuantity(april(3), D("1E+1")), DailyQuantity(april(4), D(0)))


def test_rows_become_a_mask_and_a_text_and_come_back() -> None:
    days = DailyQuantities.of(ROWS, APRIL)
    assert (days.start, days.mask, days.text) == (april(1), 0b1101, "72.5 10 0")
    assert tuple(days) == ROWS
    assert (len(days), days[1], days[-2:]) == (3, ROWS[1], ROWS[1:])
    assert days == ROWS
    assert days == ROWS
    assert hash(days) == hash(ROWS)
    assert days != ROWS[:2]
    assert days != DailyQuantities(april(1), 0b1011, days.text)


def test_the_quantities_of_some_days_are_picked() -> None:
    days = DailyQuantities.of(ROWS, APRIL)
    assert days.on(APRIL.days, APRIL) == ["72.5", "10", "0"]
    assert days.on([april(2), april(3)], APRIL) == ["10"]


def test_rows_of_other_months_and_two_of_one_day_are_refused() -> None:
    with pytest.raises(ValueError, match="2026-05-01 is outside the period from 2026-04-01"):
        DailyQuantities.of([DailyQuantity(date(2026, 5, 1), D(1))], APRIL)
    with pytest.raises(ValueError, match="2026-04-03 appears twice or out of order"):
        DailyQuantities.of([ROWS[1], ROWS[1]], APRIL)
    with pytest.raises(ValueError, match="2026-04-01 appears twice or out of order"):
        DailyQuantities.of([ROWS[1], ROWS[0]], APRIL)
    with pytest.raises(ValueError, match="month from 2026-05-01 is outside the period from 2026-04-01"):
        DailyQuantities.of(DailyQuantities(date(2026, 5, 1), 1, "1"), APRIL)


@pytest.mark.parametrize(
    ("mask", "text"),
    [(0, ""), (1, "1"), (0b1101, "1 3-4"), (2**30 - 1, "1-30"), (1 << 30, "31"), (0b101110, "2-4 6")],
)
def test_days_are_written_as_ranges(mask: int, text: str) -> None:
    assert day_ranges(mask) == text
    assert mask_of_ranges(text) == mask


@given(st.integers(0, 2**31 - 1))
def test_ranges_are_read_back(mask: int) -> None:
    assert mask_of_ranges(day_ranges(mask)) == mask
