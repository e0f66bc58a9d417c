"""Quotes, and how a line's amount came about.

The rules' own values answer: the types here only name their fields, and an explanation is made when it is asked for.
"""

import datetime as dt
from decimal import Decimal
from typing import Annotated, cast
from uuid import UUID

import strawberry

from app import billing
from app.billing import LineKind
from app.operations import quotes
from app.operations.refusal import ProblemCode, Refusal
from app.schema.arguments import optional
from app.schema.catalog.addons import AddonSelectionInput
from app.schema.context import Info
from app.schema.problems import as_error, refusals_as_errors
from app.schema.scalars import Cents


@strawberry.type(description="What one tier took of the billable quantity.")
class TierCharge:
    """billing.TierCharge."""

    from_quantity: Decimal = strawberry.field(description="The tier starts after this quantity.")
    to_quantity: Decimal | None = strawberry.field(description="And ends with this one; null: no bound.")
    quantity: Decimal = strawberry.field(description="How much of the billable quantity it took.")
    unit_price_cents: Decimal = strawberry.field(description="Its price of one unit or package.")
    amount_cents: Decimal = strawberry.field(description="What it charges, exact, its flat price included.")


@strawberry.type(description="The usage of one resource kind on one day.")
class DailyUsage:
    """billing.DailyQuantity."""

    date: dt.date = strawberry.field(description="The day, in the billing time zone.")
    quantity: Decimal = strawberry.field(
        description="The quantity of the day, in the resource kind's unit: the sum, the highest event quantity or the "
        "unit-hours, depending on the kind's aggregation."
    )


@strawberry.type(description="How a line's amount came about; what a kind of line does not have is null or empty.")
class LineExplanation:
    """billing.Explanation."""

    formula: str = strawberry.field(description="The whole of it in one line, for people.")
    used_quantity: Decimal | None = strawberry.field(description="What was used on billable days.")
    included_quantity: Decimal | None = strawberry.field(description="What the plan and the add-ons included.")
    billable_quantity: Decimal | None = strawberry.field(description="What was over, and so priced.")
    billable_days: int | None = strawberry.field(description="The days that were charged; null on a tax line.")
    period_days: int | None = strawberry.field(description="The days of the month; null on a tax line.")
    tiers: list[TierCharge] = strawberry.field(description="What each tier charged.")
    exact_cents: Decimal = strawberry.field(description="The amount before its one rounding, to 12 digits of a cent.")
    daily_usage: list[DailyUsage] = strawberry.field(
        description="What was used day by day; it sums to the used quantity for a SUM kind."
    )


@strawberry.type(description="A line as an invoice would have it.")
class QuoteLine:
    """billing.Line."""

    kind: LineKind = strawberry.field(description="What it charges for.")
    description: str = strawberry.field(description="The same, for people.")
    resource_kind: str | None = strawberry.field(description="The code of the resource kind, where it has one.")
    quantity: Decimal = strawberry.field(description="How much is charged.")
    unit_price_cents: Decimal = strawberry.field(description="The price of one.")
    amount_cents: Cents = strawberry.field(description="The amount, rounded once, half away from zero.")
    explanation: LineExplanation = strawberry.field(description="How the amount came about.")


def _period_start(quote: strawberry.Parent[billing.Quote]) -> dt.date:
    return quote.period.start


def _period_end(quote: strawberry.Parent[billing.Quote]) -> dt.date:
    return quote.period.end


@strawberry.type(description="A month in lines, rated as an invoice is; nothing is kept.")
class Quote:
    """billing.Quote."""

    currency: str = strawberry.field(description="ISO 4217.")
    period_start: dt.date = strawberry.field(resolver=_period_start, description="The month's first day.")
    period_end: dt.date = strawberry.field(resolver=_period_end, description="The first day after the month.")
    lines: list[QuoteLine] = strawberry.field(description="The lines in an invoice's order, tax last.")
    subtotal_cents: Cents = strawberry.field(description="The sum of the lines without tax.")
    tax_cents: Cents = strawberry.field(description="The sum of the tax lines.")
    total_cents: Cents = strawberry.field(description="Subtotal and tax.")


def as_answer(quote: billing.Quote | Refusal | None) -> Quote | None:
    """The rules' quote as what the API answers with; a refusal as the error of its row."""
    return cast("Quote | None", as_error(quote) if isinstance(quote, Refusal) else quote)


@strawberry.input(description="A month's usage of one resource kind.")
class UsageQuantityInput:
    """Usage of a quote."""

    resource_kind: str = strawberry.field(description="The resource kind's code.")
    quantity: Decimal = strawberry.field(
        description="The month's total, highest value or unit-hours, as the kind has it."
    )


@strawberry.input(description="A whole month to rate.")
class QuoteInput:
    """Input of `quote`."""

    plan_code: str = strawberry.field(description="The plan's code.")
    plan_version: int | None = optional(description="The version; default: the highest published one.")
    addons: list[AddonSelectionInput] = strawberry.field(default_factory=list, description="The add-ons attached.")
    usage: list[UsageQuantityInput] = strawberry.field(
        default_factory=list, description="The usage, each resource kind once."
    )
    tenant_id: UUID | None = optional(
        description="For whom: decides the taxes. Default: your own tenant; without one, somebody in Australia."
    )
    period_start: dt.date | None = optional(description="The month's first day; default: the current one's.")

    def quantities(self) -> dict[str, Decimal]:
        """The usage by resource kind. Raises VALIDATION_FAILED for a kind given twice."""
        quantities: dict[str, Decimal] = {}
        for index, usage in enumerate(self.usage):
            if usage.resource_kind in quantities:
                path = ("usage", str(index), "resourceKind")
                raise Refusal(ProblemCode.VALIDATION_FAILED, f"{'.'.join(path)} is given twice", path)
            quantities[usage.resource_kind] = usage.quantity
        return quantities


@strawberry.type
class QuoteQueries:
    """Quotes at the root."""

    @strawberry.field(graphql_type=Quote, description="What a month would be invoiced at, rated as the month end will.")
    async def quote(
        self,
        info: Info,
        given: Annotated[QuoteInput, strawberry.argument(name="input", description="What is asked for.")],
    ) -> billing.Quote:
        with refusals_as_errors():
            return await quotes.quote(
                info.context.operations,
                plan_code=given.plan_code,
                plan_version=given.plan_version,
                addons=[addon.selection() for addon in given.addons],
                usage=given.quantities(),
                tenant_id=given.tenant_id,
                period_start=given.period_start,
            )
