"""Tax rates: each belongs to a country, has a name, and applies from a day on until the next rate of that name."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from app.billing import InputFault, TaxTerms
from app.database import UnitOfWork
from app.operations.billing_months import first_open_day
from app.operations.calls import validation
from app.operations.calls.access import Action, authorise
from app.operations.calls.context import Context
from app.operations.calls.transaction import transact
from app.tables.ids import new_id

FRACTIONAL_DIGITS = 6
"""For a rate: 0.123456 is 12.3456 %."""

RATES_OF_COUNTRIES = """
SELECT country, array_agg(name ORDER BY name COLLATE "C") AS names, array_agg(rate ORDER BY name COLLATE "C") AS rates
FROM (
    SELECT DISTINCT ON (country, name) country, name, rate FROM tax_rates WHERE valid_from <= $1
    ORDER BY country, name, valid_from DESC
) AS latest
WHERE rate > 0
GROUP BY country
"""
"""The rates in force on the day $1, by country and in order of name. A country without a rate has no row."""

_TAXES_OF_COUNTRY = f"SELECT names, rates FROM ({RATES_OF_COUNTRIES}) AS r WHERE country = $2"  # noqa: S608 - constants
_LIST = """
SELECT id FROM tax_rates WHERE $1::text IS NULL OR country = $1
ORDER BY country COLLATE "C", name COLLATE "C", valid_from
"""
_UPSERT = """
INSERT INTO tax_rates (id, country, name, rate, valid_from) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (country, name, valid_from) DO UPDATE SET rate = excluded.rate
RETURNING id
"""


async def set_tax_rate(context: Context, *, country: str, name: str, rate: Decimal, valid_from: date) -> UUID:
    """Sets the rate from a day on; returns its id. A rate for the same day is replaced; 0 ends the tax.

    A month has the tax of its last day, and the tax of ended months cannot change: valid_from must not be before the
    first day of the running month. Raises VALIDATION_FAILED.
    """
    authorise(context, Action.SET_TAX_RATE)
    faults = [*validation.country("country", country), *validation.name("name", name, longest=63), *_rate_faults(rate)]
    validation.refuse([*faults, *_day_faults(context, valid_from)])

    async def work(unit: UnitOfWork) -> UUID:
        rate_id: UUID = await unit.connection.fetchval(_UPSERT, new_id(), country, name, rate, valid_from)
        return rate_id

    return await transact(context, work, UUID)


def _rate_faults(rate: Decimal) -> list[InputFault]:
    if not rate.is_finite() or not 0 <= rate < 1:
        return [InputFault(("rate",), "must be at least 0 and below 1, such as 0.1 for 10 %")]
    if rate != round(rate, FRACTIONAL_DIGITS):
        return [InputFault(("rate",), f"must have at most {FRACTIONAL_DIGITS} fractional digits")]
    return []


def _day_faults(context: Context, valid_from: date) -> list[InputFault]:
    faults = list(validation.day("valid_from", valid_from))
    earliest = first_open_day(context)
    if not faults and valid_from < earliest:
        faults.append(
            InputFault(("valid_from",), f"must not be before {earliest}: the tax of ended months cannot change")
        )
    return faults


async def tax_rates(context: Context, *, country: str | None = None) -> list[UUID]:
    """Returns the ids of all rates, past and future, by country, name and first day; of one country if it is given.
    Raises VALIDATION_FAILED for an invalid country code.
    """
    validation.refuse(validation.country("country", country) if country is not None else ())

    async def work(unit: UnitOfWork) -> list[UUID]:
        return [row["id"] for row in await unit.connection.fetch(_LIST, country)]

    return await transact(context, work, list[UUID])


async def taxes_of_country(unit: UnitOfWork, country: str, day: date) -> tuple[TaxTerms, ...]:
    """Returns the country's taxes in force on the day, in order of name."""
    row = await unit.connection.fetchrow(_TAXES_OF_COUNTRY, day, country)
    return () if row is None else tuple(map(TaxTerms, row["names"], row["rates"]))
