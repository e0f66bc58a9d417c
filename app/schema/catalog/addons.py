"""Add-ons: what a subscription can have besides its plan."""

from decimal import Decimal
from typing import Annotated

import strawberry

from app.operations import catalog
from app.reads import column, one, read_type, ref, root_many
from app.schema.arguments import Input, optional
from app.schema.catalog.resource_kinds import ResourceKind
from app.schema.context import Info
from app.schema.nodes import Node
from app.schema.problems import Refused, result_of
from app.schema.scalars import Cents
from app.tables.catalog import Addons


@read_type(Addons, description="Something a subscription can have besides its plan, at a price of its own.")
class Addon(Node):
    """A row of `addons`."""

    code: str = column(Addons.code, description="Its unique name, such as storage_50gb.")
    name: str = column(Addons.name, description="Its name for people.")
    currency: str = column(
        Addons.currency, description="ISO 4217; only subscriptions of tenants with this currency can have it."
    )
    price_cents: Cents = column(Addons.price_cents, description="A month's price for who attaches it now.")
    resource_kind: ResourceKind | None = one(
        Addons.resource_kind, description="What it grants; null when it grants nothing metered."
    )
    quantity: Decimal = column(Addons.quantity, description="How much of the resource kind it grants a month.")
    active: bool = column(Addons.active, description="Whether it can be attached.")


@strawberry.type
class AddonQueries:
    """Add-ons at the root."""

    addons: list[Addon] = root_many(order=(Addons.code,), description="All add-ons, by code.")


@strawberry.input(description="An add-on of a subscription or quote.")
class AddonSelectionInput:
    """One of the add-ons of a `subscribe` or `quote`."""

    code: str = strawberry.field(description="The add-on's code.")
    additional: bool = strawberry.field(
        default=False, description="Whether to have it once more although it is among the add-ons before."
    )

    def selection(self) -> catalog.AddonSelection:
        """The add-on as the operation takes it."""
        return catalog.AddonSelection(self.code, self.additional)


@strawberry.input(description="An add-on to create.")
class CreateAddonInput:
    """Input of `createAddon`."""

    code: str = strawberry.field(description="Unique; lower-case letters, digits, hyphens and underscores.")
    name: str = strawberry.field(description="Its name for people.")
    price_cents: Cents = strawberry.field(description="A month's price.")
    currency: str = strawberry.field(default="AUD", description="ISO 4217.")
    resource_kind: str | None = optional(description="The code of what it grants, if it grants something metered.")
    quantity: Decimal = strawberry.field(
        default=Decimal(1), description="How much of the resource kind it grants a month."
    )


@strawberry.input(description="Changes to an add-on. Existing subscribers keep the price and quantity they attached.")
class UpdateAddonInput:
    """Input of `updateAddon`."""

    code: str = strawberry.field(description="The add-on's code.")
    price_cents: Cents | None = optional(description="The new price of a month.")
    quantity: Decimal | None = optional(description="How much it grants from now on.")
    active: bool | None = optional(description="Whether it can be attached from now on.")


@strawberry.type(description="The add-on was created.")
class AddonCreated:
    """Payload of `createAddon`."""

    addon: Addon = strawberry.field(description="The new add-on.")


@strawberry.type(description="The add-on was changed.")
class AddonUpdated:
    """Payload of `updateAddon`."""

    addon: Addon = strawberry.field(description="The add-on as it is now.")


CreateAddonResult = Annotated[AddonCreated | Refused, result_of("createAddon")]
UpdateAddonResult = Annotated[AddonUpdated | Refused, result_of("updateAddon")]


@strawberry.type
class AddonMutations:
    """Changes to add-ons."""

    @strawberry.mutation(description="Create an add-on, which can be attached at once. The platform's admin only.")
    async def create_addon(self, info: Info, given: Input[CreateAddonInput]) -> CreateAddonResult:
        addon_id = await catalog.create_addon(
            info.context.operations,
            code=given.code,
            name=given.name,
            price_cents=given.price_cents,
            currency=given.currency,
            resource_kind=given.resource_kind,
            quantity=given.quantity,
        )
        return AddonCreated(addon=ref(Addon, addon_id))

    @strawberry.mutation(description="Change an add-on for who attaches it later. The platform's admin only.")
    async def update_addon(self, info: Info, given: Input[UpdateAddonInput]) -> UpdateAddonResult:
        addon_id = await catalog.update_addon(
            info.context.operations,
            code=given.code,
            price_cents=given.price_cents,
            quantity=given.quantity,
            active=given.active,
        )
        return AddonUpdated(addon=ref(Addon, addon_id))
