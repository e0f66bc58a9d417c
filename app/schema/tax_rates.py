"""Tax rates by country and day."""

from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import strawberry

from app.operations import taxes
from app.reads import column, read_type, reference
from app.schema.arguments import Input
from app.schema.context import Info
from app.schema.nodes import Node
from app.schema.problems import Refused, refusals_as_errors, result_of
from app.tables.tenants import TaxRates


@read_type(
    TaxRates,
    description="A country's rate of a tax. It applies from its first day until the next rate of the same tax.",
)
class TaxRate(Node):
    """A row of `tax_rates`."""

    country: str = column(TaxRates.country, description="The ISO 3166-1 alpha-2 code of the country.")
    name: str = column(TaxRates.name, description="The name of the tax, such as GST.")
    rate: Decimal = column(
        TaxRates.rate, description="The rate as a fraction: 0.1 is 10 %. 0 means that the tax has ended."
    )
    valid_from: date = column(
        TaxRates.valid_from,
        description="The first day of the rate. The rate that applies on the last day of a month is used for the "
        "whole month.",
    )


@strawberry.type
class TaxRateQueries:
    """Root queries for tax rates."""

    @strawberry.field(description="The past, current and future tax rates, sorted by country, name and first day.")
    async def tax_rates(
        self,
        info: Info,
        country: Annotated[
            str | None,
            strawberry.argument(
                description="Only rates of the country with this ISO 3166-1 alpha-2 code. Default: all countries."
            ),
        ] = strawberry.UNSET,
    ) -> list[TaxRate]:
        with refusals_as_errors():
            rates = await taxes.tax_rates(
                info.context.operations, country=None if country is strawberry.UNSET else country
            )
        return [reference(TaxRate, rate) for rate in rates]


@strawberry.input(description="A tax rate to set, and its first day.")
class SetTaxRateInput:
    """Input of `setTaxRate`."""

    country: str = strawberry.field(description="The ISO 3166-1 alpha-2 code of the country.")
    name: str = strawberry.field(description="The name of the tax, such as GST.")
    rate: Decimal = strawberry.field(
        description="The rate as a fraction, at least 0 and less than 1: 0.1 is 10 %. 0 ends the tax."
    )
    valid_from: date = strawberry.field(
        description="The first day of the rate, at the earliest the first day of the current month. A rate with the "
        "same first day is replaced."
    )


@strawberry.type(description="The result of setting a tax rate.")
class TaxRateSet:
    """Payload of `setTaxRate`."""

    tax_rate: TaxRate = strawberry.field(description="The tax rate that was set.")


SetTaxRateResult = Annotated[TaxRateSet | Refused, result_of("setTaxRate")]


@strawberry.type
class TaxRateMutations:
    """Mutations for tax rates."""

    @strawberry.mutation(
        description="Set the rate of a country's tax from a day on. A month uses the rates of its last day; ended "
        "months are not affected. Platform admins only."
    )
    async def set_tax_rate(self, info: Info, input_: Input[SetTaxRateInput]) -> SetTaxRateResult:
        rate_id: UUID = await taxes.set_tax_rate(
            info.context.operations,
            country=input_.country,
            name=input_.name,
            rate=input_.rate,
            valid_from=input_.valid_from,
        )
        return TaxRateSet(tax_rate=reference(TaxRate, rate_id))
