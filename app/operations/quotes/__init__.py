"""What a month would be invoiced at: one that is only asked about, and the running one."""

from app.operations.quotes.quote import quote
from app.operations.quotes.running_month import forecasts, months_to_date

__all__ = ["forecasts", "months_to_date", "quote"]
