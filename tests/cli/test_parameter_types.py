"""Months and spans on the command line: the same digits as everywhere."""

from datetime import date, timedelta

import pytest
import rich_click as click

from app.cli.parameter_types import MonthParameter, Span


def test_which_months_and_spans_are_accepted() -> None:
    assert MonthParameter().convert("2026-04", None, None) == date(2026, 4, 1)
    assert Span().convert("15m", None, None) == timedelta(minutes=15)


@pytest.mark.parametrize("text", ["٢٠٢٦-04", "2026-4", "+2026-04", " 2026-04", "2026-13", "2_26-04"])
def test_what_is_no_month(text: str) -> None:
    with pytest.raises(click.BadParameter):
        MonthParameter().convert(text, None, None)


@pytest.mark.parametrize("text", ["1٥m", "+15m", " 15m", "1_5m", "1e1m", "0m", "1.5h", "15"])
def test_what_is_no_span(text: str) -> None:
    with pytest.raises(click.BadParameter):
        Span().convert(text, None, None)
