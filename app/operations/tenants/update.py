"""Updates a tenant: its name, the details on its invoices, and its tax exemption."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from msgspec import UNSET, UnsetType
from piccolo.columns import Column

from app.billing import InputFault
from app.database import UnitOfWork
from app.database.locks import lock_row
from app.operations.billing_months import Change, record_changes
from app.operations.calls import validation
from app.operations.calls.access import Action, authorise, not_found
from app.operations.calls.context import Context
from app.operations.calls.transaction import transact
from app.operations.events import record_tenant
from app.tables.billing_months import ChangeReason
from app.tables.events import EventType
from app.tables.ids import new_id
from app.tables.tenants import Tenants
from app.tables.tenants import TenantTaxExemptions as Exemptions

Text = str | None | UnsetType
"""UNSET: not changed; None: removed."""


async def update_tenant(
    context: Context,
    *,
    tenant_id: UUID,
    name: str | None = None,
    legal_name: Text = UNSET,
    email: Text = UNSET,
    billing_address: Text = UNSET,
    abn: Text = UNSET,
    buyer_reference: Text = UNSET,
    tax_exempt: bool | None = None,
    tax_exempt_reason: str | None = None,
    tax_exempt_from: date | None = None,
) -> UUID:
    """Changes what is given; returns the tenant's id. None clears a Text; a name or tax exemption that is None stays.

    The exemption, or its end, applies from today or a given earlier day; settings for later days are replaced. A month
    has the exemption of its last day. Raises NOT_FOUND, VALIDATION_FAILED.
    """
    authorise(context, Action.UPDATE_TENANT)
    changed_values = _given_texts(
        legal_name=legal_name, email=email, billing_address=billing_address, abn=abn, buyer_reference=buyer_reference
    )
    today = context.today()
    first_day = tax_exempt_from or today
    exemption_faults = _exemption_faults(tax_exempt_reason, tax_exempt_from, today, is_given=tax_exempt is not None)
    validation.refuse([*_text_faults(name, changed_values), *exemption_faults])

    async def work(unit: UnitOfWork) -> UUID:
        if await lock_row(Tenants, tenant_id, Tenants.id) is None:
            raise not_found("tenant", tenant_id, ("tenantId",))
        changes = dict(changed_values) if name is None else {**changed_values, "name": name}
        if tax_exempt is not None:
            changes["tax_exempt"] = tax_exempt
            row = _exemption(context, tenant_id, first_day, tax_exempt=tax_exempt, reason=tax_exempt_reason)
            if await _write_exemption(row):
                change = Change(tenant_id, None, first_day)
                await record_changes(context, unit, [change], ChangeReason.TAX_EXEMPTION)
        if changes:
            await Tenants.update(changes).where(Tenants.id == tenant_id)
            await record_tenant(unit, EventType.TENANT_UPDATED, tenant_id, context.clock())
        return tenant_id

    return await transact(context, work, UUID)


def _given_texts(**texts: Text) -> dict[Column | str, Any]:
    """Returns the texts to change, by field. The spaces of an ABN are removed."""
    changed: dict[Column | str, Any] = {field: text for field, text in texts.items() if not isinstance(text, UnsetType)}
    if isinstance(abn := changed.get("abn"), str):
        changed["abn"] = abn.replace(" ", "")
    return changed


def _text_faults(name: str | None, changed_values: Mapping[Column | str, Any]) -> Iterator[InputFault]:
    yield from validation.name("name", name)
    yield from validation.name("legal_name", changed_values.get("legal_name"))
    yield from validation.email("email", changed_values.get("email"))
    yield from validation.lines("billing_address", changed_values.get("billing_address"))
    yield from validation.abn("abn", changed_values.get("abn"))
    yield from validation.name("buyer_reference", changed_values.get("buyer_reference"))


def _exemption_faults(
    reason: str | None, first_day: date | None, today: date, *, is_given: bool
) -> Iterator[InputFault]:
    yield from validation.name("tax_exempt_reason", reason, longest=validation.MAX_TEXT_LENGTH)
    yield from validation.day("tax_exempt_from", first_day)
    if first_day is not None and first_day > today:
        yield InputFault(("tax_exempt_from",), f"must not be in the future; today is {today}")
    if not is_given:
        for field, value in (("tax_exempt_reason", reason), ("tax_exempt_from", first_day)):
            if value is not None:
                yield InputFault((field,), "requires taxExempt")


def _exemption(
    context: Context, tenant_id: UUID, first_day: date, *, tax_exempt: bool, reason: str | None
) -> Exemptions:
    return Exemptions(
        id=new_id(),
        tenant_id=tenant_id,
        first_day=first_day,
        tax_exempt=tax_exempt,
        reason=reason,
        created_at=context.clock(),
    )


async def _write_exemption(row: Exemptions) -> bool:
    """Replaces a tenant's exemption history from the row's day on; returns whether the tenant's tax changes on any day.
    The tenant must be locked.
    """
    history = (
        await Exemptions.select(Exemptions.first_day, Exemptions.tax_exempt, Exemptions.reason)
        .where(Exemptions.tenant_id == row.tenant_id)
        .order_by(Exemptions.first_day)
    )
    before = [each for each in history if each["first_day"] < row.first_day]
    replaced = history[len(before) :]
    was_exempt = bool(before) and before[-1]["tax_exempt"]
    if not replaced and was_exempt == row.tax_exempt and row.reason is None:
        return False
    await Exemptions.delete().where((Exemptions.tenant_id == row.tenant_id) & (Exemptions.first_day >= row.first_day))
    await Exemptions.insert(row)
    days = [was_exempt, *(each["tax_exempt"] for each in replaced)]
    return any(exempt != row.tax_exempt for exempt in days)
