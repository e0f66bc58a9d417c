"""A quote before anything exists: a plan, add-ons and a month's usage, rated as the month end will rate them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from app import billing
from app.billing import AddonTerms, Fault, Period, QuoteHeader, QuoteInputs, TaxTerms, whole_month
from app.database import UnitOfWork
from app.operations import validation
from app.operations.access import Action, authorise, not_found, tenant_for
from app.operations.catalog.kinds import known_kinds
from app.operations.catalog.offers import addon_on_offer, plan_on_offer
from app.operations.context import Context
from app.operations.periods import month_faults, month_of
from app.operations.plan_terms import plan_terms
from app.operations.transaction import transact

DEFAULT_COUNTRY = "AU"
"""Whose taxes a quote for no tenant has."""

MOST_ADDONS = MOST_KINDS = 100

_TAXES = 'SELECT name, rate FROM tax_rates WHERE country = $1 ORDER BY name COLLATE "C"'
_TENANT = "SELECT country, tax_exempt FROM tenants WHERE id = $1"


class _Taxpayer(NamedTuple):
    country: str
    tax_exempt: bool


async def quote(
    context: Context,
    *,
    plan_code: str,
    plan_version: int | None = None,
    addons: Sequence[str] = (),
    usage: Mapping[str, Decimal] = MappingProxyType({}),
    tenant_id: UUID | None = None,
    period_start: date | None = None,
) -> billing.Quote:
    """Rates a whole month (default: the current one) in the plan's currency, with the taxes of the tenant's country.

    The tenant is the caller's own, for the platform's admin any; without one it is nobody in the default country.
    `usage` gives each kind's quantity for the month, as the kind aggregates it. Raises NOT_FOUND,
    PLAN_NOT_PUBLISHED, ADDON_INACTIVE, VALIDATION_FAILED.
    """
    authorise(context, Action.QUOTE)
    validation.refuse([*month_faults(period_start), *_faults(addons, usage)])
    period = month_of(context, period_start)

    async def work(unit: UnitOfWork) -> billing.Quote:
        payer = await _taxpayer(context, unit, tenant_id)
        offer = await plan_on_offer(plan_code, plan_version)
        terms = (await plan_terms(unit, [offer.plan_version_id]))[offer.plan_version_id]
        attached = tuple([await _attached(code, at, period) for at, code in enumerate(addons)])
        await _require_kinds(usage)
        taxes = tuple([TaxTerms(*row) for row in await unit.connection.fetch(_TAXES, payer.country)])
        header = QuoteHeader(period, terms.currency, taxes, payer.tax_exempt)
        return billing.quote(QuoteInputs(header, (whole_month(period, terms, attached, usage),)))

    return await transact(context, work)


def _faults(addons: Sequence[str], usage: Mapping[str, Decimal]) -> Iterator[Fault]:
    yield from validation.at_most("addons", addons, MOST_ADDONS)
    yield from validation.at_most("usage", list(usage), MOST_KINDS)
    for at, quantity in enumerate(usage.values()):
        for fault in validation.quantity("quantity", quantity):
            yield Fault(("usage", str(at), *fault.path), fault.message)


async def _taxpayer(context: Context, unit: UnitOfWork, tenant_id: UUID | None) -> _Taxpayer:
    principal = context.principal
    if tenant_id is None and (principal.is_platform_admin or principal.tenant_id is None):
        return _Taxpayer(DEFAULT_COUNTRY, tax_exempt=False)
    asked_for = tenant_for(principal, tenant_id)
    row = await unit.connection.fetchrow(_TENANT, asked_for)
    if row is None:
        raise not_found("tenant", asked_for, ("tenantId",))
    return _Taxpayer(*row)


async def _attached(code: str, at: int, period: Period) -> AddonTerms:
    """The add-on as if attached at the month's start, in the order asked for."""
    offer = await addon_on_offer(code, ("addons", str(at), "code"))
    return AddonTerms(
        id=f"{at:03}",
        code=offer.code,
        price_cents=offer.price_cents,
        attached_at=period.starts_at,
        attached_on=period.start,
        resource_kind=offer.resource_kind,
        quantity=offer.quantity,
    )


async def _require_kinds(usage: Mapping[str, Decimal]) -> None:
    known = await known_kinds(usage)
    for at, kind in enumerate(usage):
        if kind not in known:
            raise not_found("resource kind", kind, ("usage", str(at), "resourceKind"))
