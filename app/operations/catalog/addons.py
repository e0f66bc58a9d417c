"""Add-ons. An attached add-on has a copy of the terms, so a change here does not affect existing subscriptions."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from piccolo.columns import Column

from app.billing import InputFault
from app.database import UnitOfWork
from app.operations.calls import validation
from app.operations.calls.access import Action, authorise, not_found
from app.operations.calls.context import Context
from app.operations.calls.transaction import transact
from app.operations.catalog.kinds import require_kind
from app.tables.catalog import Addons
from app.tables.ids import new_id


async def create_addon(
    context: Context,
    *,
    code: str,
    name: str,
    price_cents: int,
    currency: str = "AUD",
    resource_kind: str | None = None,
    quantity: Decimal = Decimal(1),
) -> UUID:
    """Creates an active add-on. Raises CONFLICT if the code is taken, NOT_FOUND for an unknown resource kind."""
    authorise(context, Action.MANAGE_CATALOG)
    validation.refuse(addon_faults(code=code, name=name, price_cents=price_cents, currency=currency, quantity=quantity))

    async def work(_unit: UnitOfWork) -> UUID:
        if resource_kind is not None:
            await require_kind(resource_kind)
        addon = Addons(
            id=new_id(),
            code=code,
            name=name,
            currency=currency,
            price_cents=price_cents,
            resource_kind=resource_kind,
            quantity=quantity,
            active=True,
            created_at=context.clock(),
        )
        await Addons.insert(addon)
        return addon.id

    return await transact(context, work, UUID)


def addon_faults(*, code: str, name: str, price_cents: int, currency: str, quantity: Decimal) -> list[InputFault]:
    """Returns the validation errors of an add-on."""
    return [
        *validation.code("code", code),
        *validation.name("name", name),
        *validation.cents("price_cents", price_cents),
        *validation.currency("currency", currency),
        *validation.quantity("quantity", quantity),
    ]


async def update_addon(
    context: Context,
    *,
    code: str,
    price_cents: int | None = None,
    quantity: Decimal | None = None,
    active: bool | None = None,
) -> UUID:
    """Changes the given values of an add-on, for later attachments only."""
    authorise(context, Action.MANAGE_CATALOG)
    validation.refuse(
        [*validation.cents("price_cents", price_cents), *validation.quantity("quantity", quantity)],
    )
    changed_values: list[tuple[Column | str, Any]] = [
        (Addons.price_cents, price_cents),
        (Addons.quantity, quantity),
        (Addons.active, active),
    ]

    async def work(_unit: UnitOfWork) -> UUID:
        addon_id: UUID = (await find_addon(code, ("code",)))["id"]
        if changes := {column: value for column, value in changed_values if value is not None}:
            await Addons.update(changes).where(Addons.id == addon_id)
        return addon_id

    return await transact(context, work, UUID)


async def find_addon(code: str, path: tuple[str, ...]) -> dict[str, Any]:
    """Returns the add-on's row. Raises NOT_FOUND."""
    row = await Addons.select().where(Addons.code == code).first() if validation.is_code(code) else None
    if row is None:
        raise not_found("add-on", code, path)
    return row
