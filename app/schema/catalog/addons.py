"""Add-ons: options with a price that can be attached to a subscription."""

from decimal import Decimal
from typing import Annotated

import strawberry

from app.operations import catalog
from app.reads import column, one, read_type, reference, root_many
from app.schema.arguments import Input, optional
from app.schema.catalog.resource_kinds import ResourceKind
from app.schema.context import Info
from app.schema.nodes import Node
from app.schema.problems import Refused, result_of
from app.schema.scalars import Cents
from app.tables.catalog import Addons


@read_type(
    Addons,
    description="An add-on: an extra with its own monthly price that a subscription can have beside its plan. "
    "Amounts are in the minor unit of `currency`.",
)
class Addon(Node):
    """A row of `addons`."""

    code: str = column(Addons.code, description="The unique code of the add-on, such as storage_50gb.")
    name: str = column(Addons.name, description="The display name of the add-on.")
    currency: str = column(
        Addons.currency,
        description="The ISO 4217 code of the price's currency. Only subscriptions of tenants with this currency can "
        "have the add-on.",
    )
    price_cents: Cents = column(
        Addons.price_cents,
        description="The price of a whole month without tax, for subscriptions that attach the add-on now.",
    )
    resource_kind: ResourceKind | None = one(
        Addons.resource_kind,
        description="The resource kind of which the add-on includes a quantity; null if it includes nothing metered.",
    )
    quantity: Decimal = column(
        Addons.quantity,
        description="The quantity of the resource kind that the add-on includes each month, in the kind's unit.",
    )
    active: bool = column(Addons.active, description="True if the add-on can be attached to a subscription.")


@strawberry.type
class AddonQueries:
    """Root queries for add-ons."""

    addons: list[Addon] = root_many(order=(Addons.code,), description="All add-ons, sorted by code.")


@strawberry.input(description="An add-on to include in a subscription or a quote.")
class AddonSelectionInput:
    """One of the add-ons of a `subscribe` or `quote`."""

    code: str = strawberry.field(description="The code of the add-on.")
    additional: bool = strawberry.field(
        default=False, description="True to include the add-on once more although it is already in the list."
    )

    def selection(self) -> catalog.AddonSelection:
        """Converts the input to the operation's AddonSelection."""
        return catalog.AddonSelection(self.code, self.additional)


@strawberry.input(description="An add-on to create.")
class CreateAddonInput:
    """Input of `createAddon`."""

    code: str = strawberry.field(
        description="The unique code of the add-on: lower-case letters, digits, hyphens and underscores."
    )
    name: str = strawberry.field(description="The display name of the add-on.")
    price_cents: Cents = strawberry.field(
        description="The price of a whole month without tax, in the currency's minor unit."
    )
    currency: str = strawberry.field(default="AUD", description="The ISO 4217 code of the price's currency.")
    resource_kind: str | None = optional(
        description="The code of the resource kind that the add-on includes. Leave it out if the add-on includes "
        "nothing metered."
    )
    quantity: Decimal = strawberry.field(
        default=Decimal(1),
        description="The quantity of the resource kind that the add-on includes each month, in the kind's unit.",
    )


@strawberry.input(
    description="Changes to an add-on; fields that are left out do not change. Subscriptions that have attached "
    "it keep their price and quantity."
)
class UpdateAddonInput:
    """Input of `updateAddon`."""

    code: str = strawberry.field(description="The code of the add-on to change.")
    price_cents: Cents | None = optional(
        description="The new price of a whole month without tax, in the minor unit of the add-on's currency."
    )
    quantity: Decimal | None = optional(
        description="The new quantity included each month, in the resource kind's unit."
    )
    active: bool | None = optional(description="True if the add-on can be attached from now on.")


@strawberry.type(description="The result of creating an add-on.")
class AddonCreated:
    """Payload of `createAddon`."""

    addon: Addon = strawberry.field(description="The new add-on.")


@strawberry.type(description="The result of changing an add-on.")
class AddonUpdated:
    """Payload of `updateAddon`."""

    addon: Addon = strawberry.field(description="The add-on after the change.")


CreateAddonResult = Annotated[AddonCreated | Refused, result_of("createAddon")]
UpdateAddonResult = Annotated[AddonUpdated | Refused, result_of("updateAddon")]


@strawberry.type
class AddonMutations:
    """Mutations for add-ons."""

    @strawberry.mutation(description="Create an add-on, which can be attached at once. Platform admins only.")
    async def create_addon(self, info: Info, input_: Input[CreateAddonInput]) -> CreateAddonResult:
        addon_id = await catalog.create_addon(
            info.context.operations,
            code=input_.code,
            name=input_.name,
            price_cents=input_.price_cents,
            currency=input_.currency,
            resource_kind=input_.resource_kind,
            quantity=input_.quantity,
        )
        return AddonCreated(addon=reference(Addon, addon_id))

    @strawberry.mutation(description="Change an add-on for subscriptions that attach it later. Platform admins only.")
    async def update_addon(self, info: Info, input_: Input[UpdateAddonInput]) -> UpdateAddonResult:
        addon_id = await catalog.update_addon(
            info.context.operations,
            code=input_.code,
            price_cents=input_.price_cents,
            quantity=input_.quantity,
            active=input_.active,
        )
        return AddonUpdated(addon=reference(Addon, addon_id))
