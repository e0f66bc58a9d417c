"""Quotes, and the explanation of lines.

Resolvers return the billing rules' own values: the types here only name their fields, and an explanation is made only
if it is selected.
"""

import datetime as dt
from decimal import Decimal
from typing import Annotated, cast
from uuid import UUID

import strawberry

from app import billing
from app.billing import LineKind
from app.operations import quotes
from app.operations.calls.refusal import ProblemCode, Refusal
from app.schema.arguments import optional
from app.schema.catalog.addons import AddonSelectionInput
from app.schema.context import Info
from app.schema.problems import as_error, refusals_as_errors
from app.schema.scalars import Cents


@strawberry.type(description="The charge of one price tier. Amounts are in the currency's minor unit, as decimals.")
class TierCharge:
    """The charge of one tier; resolvers return billing.TierAmount."""

    from_quantity: Decimal = strawberry.field(description="The lower bound of the tier, exclusive.")
    to_quantity: Decimal | None = strawberry.field(
        description="The upper bound of the tier, inclusive; null if the tier has no bound."
    )
    quantity: Decimal = strawberry.field(description="The part of the billable quantity that the tier prices.")
    unit_price_cents: Decimal = strawberry.field(description="The price of one unit, or of one package for PACKAGE.")
    amount_cents: Decimal = strawberry.field(description="The unrounded amount of the tier, including its flat price.")


@strawberry.type(description="The usage of one resource kind on one day.")
class DailyUsage:
    """The usage of one day; resolvers return billing.DailyQuantity."""

    date: dt.date = strawberry.field(description="The day, in the billing time zone.")
    quantity: Decimal = strawberry.field(
        description="The quantity of the day, in the resource kind's unit: the sum, the highest event quantity or the "
        "unit-hours, depending on the kind's aggregation."
    )


@strawberry.type(
    description="How the amount of a line was calculated. Values that a kind of line does not have are null, and "
    "lists empty."
)
class LineExplanation:
    """How a line's amount was calculated; resolvers return billing.Explanation."""

    formula: str = strawberry.field(description="The calculation as one line of text.")
    used_quantity: Decimal | None = strawberry.field(
        description="The quantity used on billable days; null if the line charges no usage."
    )
    included_quantity: Decimal | None = strawberry.field(
        description="The quantity included by the plan and the add-ons; null if the line charges no usage."
    )
    billable_quantity: Decimal | None = strawberry.field(
        description="The used quantity over the allowance, which is priced; null if the line charges no usage."
    )
    billable_days: int | None = strawberry.field(
        description="The number of charged days in the month; null on a tax line."
    )
    period_days: int | None = strawberry.field(description="The number of days in the month; null on a tax line.")
    tiers: list[TierCharge] = strawberry.field(
        description="The price tiers that applied, with the amount of each; empty if the line charges no usage."
    )
    exact_cents: Decimal = strawberry.field(
        description="The amount in the currency's minor unit before rounding, with up to 12 decimal places."
    )
    daily_usage: list[DailyUsage] = strawberry.field(
        description="The usage of each day. For a resource kind with the aggregation SUM, the days add up to the used "
        "quantity."
    )


@strawberry.type(
    description="A line of a quote, as an invoice would have it. Amounts are in the quote's currency's minor unit."
)
class QuoteLine:
    """A line of a quote; resolvers return billing.Line."""

    kind: LineKind = strawberry.field(description="The kind of charge.")
    description: str = strawberry.field(description="The text of the line, saying what is charged.")
    resource_kind: str | None = strawberry.field(
        description="The code of the charged resource kind; null if the line charges none."
    )
    quantity: Decimal = strawberry.field(description="The charged quantity.")
    unit_price_cents: Decimal = strawberry.field(description="The price of one unit of the quantity, as a decimal.")
    amount_cents: Cents = strawberry.field(
        description="The amount of the line, rounded once to a whole number, half away from zero."
    )
    explanation: LineExplanation = strawberry.field(description="How the amount was calculated.")


def _period_start(quote: strawberry.Parent[billing.RatedMonth]) -> dt.date:
    return quote.period.start


def _period_end(quote: strawberry.Parent[billing.RatedMonth]) -> dt.date:
    return quote.period.end


@strawberry.type(
    description="The amounts of one month, calculated like an invoice but not stored. Amounts are in the minor "
    "unit of `currency`."
)
class Quote:
    """A quote; resolvers return billing.RatedMonth."""

    currency: str = strawberry.field(description="The ISO 4217 code of the currency of the amounts.")
    period_start: dt.date = strawberry.field(resolver=_period_start, description="The first day of the month.")
    period_end: dt.date = strawberry.field(resolver=_period_end, description="The day after the last day of the month.")
    lines: list[QuoteLine] = strawberry.field(description="The lines in the order of an invoice, tax last.")
    subtotal_cents: Cents = strawberry.field(description="The sum of the lines without tax.")
    tax_cents: Cents = strawberry.field(description="The sum of the tax lines.")
    total_cents: Cents = strawberry.field(description="The total including tax.")


def as_answer(quote: billing.RatedMonth | Refusal | None) -> Quote | None:
    """Converts a quote of the billing rules to the API's Quote; a refusal becomes the error of its row."""
    return cast("Quote | None", as_error(quote) if isinstance(quote, Refusal) else quote)


@strawberry.input(description="An assumed usage of one resource kind in a month.")
class UsageQuantityInput:
    """The assumed usage of one resource kind in a quote."""

    resource_kind: str = strawberry.field(description="The code of the resource kind.")
    quantity: Decimal = strawberry.field(
        description="The quantity of the month, in the resource kind's unit: the sum, the highest event quantity or "
        "the unit-hours, depending on the kind's aggregation."
    )


@strawberry.input(description="The plan, add-ons and usage of a whole month for which to calculate the amounts.")
class QuoteInput:
    """Input of `quote`."""

    plan_code: str = strawberry.field(description="The code of the plan.")
    plan_version: int | None = optional(
        description="The number of the plan version. Default: the highest published one."
    )
    addons: list[AddonSelectionInput] = strawberry.field(
        default_factory=list, description="The add-ons of the assumed subscription."
    )
    usage: list[UsageQuantityInput] = strawberry.field(
        default_factory=list, description="The usage of the month, each resource kind at most once."
    )
    tenant_id: UUID | None = optional(
        description="The id of the tenant, whose country decides the taxes. Default: the caller's own tenant, or "
        "Australia for callers without one."
    )
    period_start: dt.date | None = optional(description="The first day of the month. Default: the current month.")

    def quantities(self) -> dict[str, Decimal]:
        """Returns the usage by resource kind. Raises VALIDATION_FAILED for a kind that appears twice."""
        quantities: dict[str, Decimal] = {}
        for index, usage in enumerate(self.usage):
            if usage.resource_kind in quantities:
                path = ("usage", str(index), "resourceKind")
                raise Refusal(ProblemCode.VALIDATION_FAILED, f"{'.'.join(path)} appears twice", path)
            quantities[usage.resource_kind] = usage.quantity
        return quantities


@strawberry.type
class QuoteQueries:
    """Root queries for quotes."""

    @strawberry.field(
        graphql_type=Quote,
        description="The amounts of a month for an assumed subscription and usage, calculated by the same rules as an "
        "invoice.",
    )
    async def quote(
        self,
        info: Info,
        input_: Annotated[
            QuoteInput, strawberry.argument(name="input", description="The plan, add-ons and usage to calculate with.")
        ],
    ) -> billing.RatedMonth:
        with refusals_as_errors():
            return await quotes.quote(
                info.context.operations,
                plan_code=input_.plan_code,
                plan_version=input_.plan_version,
                addons=[addon.selection() for addon in input_.addons],
                usage=input_.quantities(),
                tenant_id=input_.tenant_id,
                period_start=input_.period_start,
            )
