"""Compares a catalog file with the database, and applies it by the catalog's operations in one transaction."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, replace
from typing import Any, TypeVar

import msgspec

from app.database import UnitOfWork
from app.database.locks import lock
from app.operations.calls.access import Action, authorise
from app.operations.calls.call import Call
from app.operations.calls.context import Context
from app.operations.calls.transaction import transact
from app.operations.catalog import (
    create_addon,
    create_plan,
    define_resource_kind,
    draft_plan_version,
    publish_plan_version,
    update_addon,
)
from app.operations.catalog_file.catalog_differences import CatalogChange, Differences, Item, differences
from app.operations.catalog_file.catalog_entries import AddonEntry, KindEntry, PlanEntry
from app.operations.catalog_file.catalog_reading import CatalogFile
from app.operations.catalog_file.stored_catalog import stored_catalog

T = TypeVar("T")


async def compare_catalog(context: Context, file: CatalogFile) -> Differences:
    """Returns the differences between the file and the database. Raises VALIDATION_FAILED if the file asks for what
    cannot be changed or names an unknown resource kind.
    """
    authorise(context, Action.MANAGE_CATALOG)

    async def work(unit: UnitOfWork) -> Differences:
        return await _compare(unit, file)

    return await context.database.run_in_transaction(context.principal.scope, work)


async def apply_catalog(context: Context, file: CatalogFile) -> Differences:
    """Makes the changes that the file asks for, all or none, and returns them.

    Each is made by its operation, with the operation's audit entry. A second call at the same time waits for the first.
    """
    authorise(context, Action.MANAGE_CATALOG)

    async def work(unit: UnitOfWork) -> Differences:
        await lock(unit, "catalog", "apply")
        found = await _compare(unit, file)
        for change in found.changes:
            await _apply(replace(context, unit=unit), change)
        return found

    return await transact(context, work, Differences)


async def _compare(unit: UnitOfWork, file: CatalogFile) -> Differences:
    found = differences(file.catalog, await stored_catalog(unit))
    file.refuse(found.faults)
    return found


async def _apply(context: Context, change: CatalogChange) -> None:
    match change.entry:
        case KindEntry() as kind:
            await _do(context, "defineResourceKind", define_resource_kind, asdict(kind))
        case PlanEntry() as plan if change.item is Item.PLAN:
            values = {"code": plan.code, "name": plan.name, "description": plan.description}
            await _do(context, "createPlan", create_plan, values)
        case PlanEntry() as plan:
            await _publish(context, plan)
        case AddonEntry() as addon:
            await _apply_addon(context, addon, created=change.created)


async def _publish(context: Context, plan: PlanEntry) -> None:
    if plan.terms is None:
        raise AssertionError("a plan without terms has no version to publish")
    terms = {name: getattr(plan.terms, name) for name in plan.terms.__slots__}
    version_id = await _do(context, "draftPlanVersion", draft_plan_version, {"plan_code": plan.code, **terms})
    await _do(context, "publishPlanVersion", publish_plan_version, {"plan_version_id": version_id})


async def _apply_addon(context: Context, addon: AddonEntry, *, created: bool) -> None:
    changeable = {"code": addon.code, "price_cents": addon.price_cents, "quantity": addon.quantity}
    if created:
        fixed = {"name": addon.name, "currency": addon.currency, "resource_kind": addon.resource_kind}
        await _do(context, "createAddon", create_addon, {**changeable, **fixed})
    if not (created and addon.active):
        await _do(context, "updateAddon", update_addon, {**changeable, "active": addon.active})


async def _do(context: Context, mutation: str, operation: Callable[..., Awaitable[T]], arguments: dict[str, Any]) -> T:
    """Calls the operation of a mutation as the API does: as a call, which gets an audit entry."""
    call = None
    if context.call is not None:
        call = Call(mutation, mutation, msgspec.json.encode(arguments).decode(), context.call.metadata)
    return await operation(replace(context, call=call), **arguments)
