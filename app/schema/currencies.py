"""The currencies that something can be priced in."""

import strawberry

from app.operations.currencies import CURRENCIES


@strawberry.type(description="A currency that plans, add-ons and tenants can have.")
class Currency:
    """operations.currencies.Currency."""

    code: str = strawberry.field(description="The ISO 4217 code, such as AUD.")
    name: str = strawberry.field(description="The name in English.")
    minor_units: int = strawberry.field(
        description="The number of decimal digits of an amount: 2 where 1250 Cents are 12.50, 0 where they are 1250."
    )


@strawberry.type
class CurrencyQueries:
    """Currencies at the root."""

    @strawberry.field(description="The current currencies of ISO 4217 that have a minor unit, by code.")
    def currencies(self) -> list[Currency]:
        return [Currency(code=each.code, name=each.name, minor_units=each.minor_units) for each in CURRENCIES.values()]
