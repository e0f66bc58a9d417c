"""Quotes an assumed subscription: a plan, add-ons and a month's usage, rated as a rollup would rate them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from uuid import UUID

from app import billing
from app.billing import AddonTerms, AmountTooLarge, InputFault, Period, QuoteHeader, QuoteInputs, whole_month
from app.database import UnitOfWork
from app.operations.calls import validation
from app.operations.calls.access import Action, authorise, not_found, tenant_for
from app.operations.calls.context import Context
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.calls.transaction import transact
from app.operations.catalog.kinds import known_kinds
from app.operations.catalog.offers import AddonOffer, AddonSelection, addons_on_offer, plan_on_offer
from app.operations.periods import month_faults, month_of
from app.operations.plan_terms import plan_terms
from app.operations.rating_inputs import tenant_headers
from app.operations.taxes import taxes_of_country

DEFAULT_COUNTRY = "AU"
"""The country whose taxes apply to a quote without a tenant."""

MAX_ADDONS = MAX_KINDS = 100


async def quote(
    context: Context,
    *,
    plan_code: str,
    plan_version: int | None = None,
    addons: Sequence[AddonSelection] = (),
    usage: Mapping[str, Decimal] = MappingProxyType({}),
    tenant_id: UUID | None = None,
    period_start: date | None = None,
) -> billing.RatedMonth:
    """Rates a whole month (default: the current one) in the plan's currency, with the taxes of the tenant's country.

    The tenant is the caller's own; a platform admin may name any. Without one, the taxes are the default country's.
    `usage`: for each kind, its aggregated quantity for the month. Raises NOT_FOUND, PLAN_NOT_PUBLISHED, ADDON_INACTIVE,
    ALREADY_ATTACHED, CURRENCY_MISMATCH, VALIDATION_FAILED, and AMOUNT_TOO_LARGE, which names the line.
    """
    authorise(context, Action.QUOTE)
    validation.refuse([*month_faults(period_start), *_faults(addons, usage)])
    period = month_of(context, period_start)

    async def work(unit: UnitOfWork) -> billing.RatedMonth:
        tenant = await _tenant_header(context, unit, tenant_id, period)
        offer = await plan_on_offer(context.principal, plan_code, plan_version)
        if tenant is not None:
            offer.require_currency(tenant.currency)
        terms = (await plan_terms(unit, [offer.plan_version_id]))[offer.plan_version_id]
        selected = await addons_on_offer(addons, offer.currency)
        attached = tuple(_attached(addon, index, period) for index, addon in enumerate(selected))
        await _require_kinds(usage)
        header = tenant or await _header_without_tenant(unit, offer.currency, period)
        month = QuoteInputs(header, (whole_month(period, terms, attached, usage),))
        try:
            return billing.quote(month)
        except AmountTooLarge as error:
            raise Refusal(ProblemCode.AMOUNT_TOO_LARGE, str(error), ("usage",)) from error

    return await transact(context, work)


def _faults(addons: Sequence[AddonSelection], usage: Mapping[str, Decimal]) -> Iterator[InputFault]:
    yield from validation.at_most("addons", addons, MAX_ADDONS)
    yield from validation.at_most("usage", list(usage), MAX_KINDS)
    for index, quantity in enumerate(usage.values()):
        for fault in validation.quantity("quantity", quantity):
            yield InputFault(("usage", str(index), *fault.path), fault.message)


async def _tenant_header(
    context: Context, unit: UnitOfWork, tenant_id: UUID | None, period: Period
) -> QuoteHeader | None:
    """Returns the header (currency and taxes) for a quote for a tenant; None if the quote is for no tenant."""
    principal = context.principal
    if tenant_id is None and (principal.is_platform_admin or principal.tenant_id is None):
        return None
    quoted_tenant_id = tenant_for(principal, tenant_id)
    headers = await tenant_headers(unit, [quoted_tenant_id], period)
    if quoted_tenant_id not in headers:
        raise not_found("tenant", quoted_tenant_id, ("tenantId",))
    return headers[quoted_tenant_id]


async def _header_without_tenant(unit: UnitOfWork, currency: str, period: Period) -> QuoteHeader:
    return QuoteHeader(period, currency, await taxes_of_country(unit, DEFAULT_COUNTRY, period.last_day))


def _attached(offer: AddonOffer, index: int, period: Period) -> AddonTerms:
    """Returns the add-on as if attached at the month's start, in the requested order."""
    return AddonTerms(
        id=f"{index:03}",
        code=offer.code,
        price_cents=offer.price_cents,
        attached_at=period.starts_at,
        attached_on=period.start,
        resource_kind=offer.resource_kind,
        quantity=offer.quantity,
    )


async def _require_kinds(usage: Mapping[str, Decimal]) -> None:
    known = await known_kinds(usage)
    for index, kind in enumerate(usage):
        if kind not in known:
            raise not_found("resource kind", kind, ("usage", str(index), "resourceKind"))
