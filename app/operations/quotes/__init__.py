"""Quotes: the amounts of an assumed month, and of the running month."""

from app.operations.quotes.quote import quote
from app.operations.quotes.running_month import forecasts, months_to_date

__all__ = ["forecasts", "months_to_date", "quote"]
