"""What may stand on the command line: months, days and spans of time."""

import re
from datetime import date, datetime, timedelta

import rich_click as click

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class MonthParameter(click.ParamType[date]):
    """A calendar month such as 2026-04, converted to its first day."""

    name = "month"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        match = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", str(value), re.ASCII)
        if match is None:
            self.fail(f"{value!r} is not a month such as 2026-04", param, ctx)
        return date(int(match[1]), int(match[2]), 1)


class DayParameter(click.ParamType[date]):
    """A day as 2026-04-01."""

    name = "day"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return datetime.strptime(str(value), "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no time zone
        except ValueError:
            self.fail(f"{value!r} is not a day such as 2026-04-01", param, ctx)


class Span(click.ParamType[timedelta]):
    """A duration such as 90s, 15m, 1h or 7d."""

    name = "span"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        match = re.fullmatch(r"([1-9]\d{0,5})([smhd])", str(value), re.ASCII)
        if match is None:
            self.fail(f"{value!r} is not a span of time such as 90s, 15m, 1h or 7d", param, ctx)
        return timedelta(**{_UNITS[match[2]]: int(match[1])})
