"""Parsers for command-line values: months and durations."""

import re
from datetime import date, timedelta

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
