"""A corrected month that has credits to apply."""

from datetime import date
from typing import NamedTuple

from app.billing import CorrectionInputs, Series, SeriesDifference
from app.operations.billing_months.month_locks import Month
from app.operations.rollups.correction_notes import Fall


class MonthWithCredits(NamedTuple):
    """A month of one subscription, or of charges, with differences below 0; those above are on the invoice with it.

    falls: those below 0 of an earlier month, by series.
    """

    month: Month
    slug: str
    inputs: CorrectionInputs
    series_differences: tuple[SeriesDifference, ...]
    falls: dict[Series, Fall]

    def order(self) -> tuple[date, str]:
        return self.month.period_start, self.slug

    def owed_cents(self, difference: SeriesDifference) -> int:
        """Of a difference below 0, what is to be taken off the invoice: below 0, or 0."""
        fall = self.falls.get(difference.series)
        return difference.amount_cents if fall is None else -fall.left_cents

    def open_cents(self, difference: SeriesDifference, taken_cents: int) -> int:
        """Of a difference below 0, what stays due."""
        fall = self.falls.get(difference.series)
        return difference.amount_cents - taken_cents + (fall.corrected_cents if fall else 0)
