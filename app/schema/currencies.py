"""The currencies that can be used for prices."""

import strawberry

from app.operations.currencies import CURRENCIES


@strawberry.type(description="A currency that plans, add-ons and tenants can use.")
class Currency:
    """A currency; resolvers return operations.currencies.ListedCurrency."""

    code: str = strawberry.field(description="The ISO 4217 code of the currency, such as AUD.")
    name: str = strawberry.field(description="The English name of the currency.")
    minor_units: int = strawberry.field(
        description="The number of decimal digits of an amount: with 2, 1250 Cents are 12.50; with 0, they are 1250."
    )


@strawberry.type
class CurrencyQueries:
    """Root queries for currencies."""

    @strawberry.field(description="The ISO 4217 currencies in use that have a minor unit, sorted by code.")
    def currencies(self) -> list[Currency]:
        return [Currency(code=each.code, name=each.name, minor_units=each.minor_units) for each in CURRENCIES.values()]
