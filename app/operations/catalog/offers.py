"""Finds published plan versions and active add-ons. Must be called in a transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from app.billing import Proration
from app.operations.calls.access import not_found
from app.operations.calls.principal import Principal
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.catalog.addons import find_addon
from app.operations.catalog.plans import find_plan
from app.tables.catalog import PlanVersions, PlanVersionStatus


@dataclass(frozen=True, slots=True)
class PlanOffer:
    """A published version of a plan."""

    plan_version_id: UUID
    plan: str
    version: int
    currency: str
    base_price_cents: int
    proration: Proration

    def require_currency(self, currency: str) -> None:
        """Raises CURRENCY_MISMATCH unless the plan is priced in the currency that the tenant is billed in."""
        if self.currency != currency:
            message = f"plan {self.plan} is priced in {self.currency}; the tenant is billed in {currency}"
            raise Refusal(ProblemCode.CURRENCY_MISMATCH, message, ("planCode",))


@dataclass(frozen=True, slots=True)
class AddonOffer:
    """An active add-on with its current terms."""

    addon_id: UUID
    code: str
    currency: str
    price_cents: int
    resource_kind: str | None
    quantity: Decimal


async def plan_on_offer(principal: Principal, plan_code: str, version: int | None) -> PlanOffer:
    """Returns the given published version, or the latest. Raises NOT_FOUND (also for a draft, unless the principal is a
    platform admin) or PLAN_NOT_PUBLISHED (also for an archived plan).
    """
    plan_id = (plan := await find_plan(plan_code))["id"]
    if plan["archived_at"] is not None:
        raise Refusal(
            ProblemCode.PLAN_NOT_PUBLISHED, f"plan {plan_code} is archived; choose another plan", ("planCode",)
        )
    row = await (_latest_published(plan_id) if version is None else _named(plan_id, version))
    hidden = row is not None and row["status"] == PlanVersionStatus.DRAFT and not principal.is_platform_admin
    if version is not None and (row is None or hidden):
        raise not_found("plan version", f"{plan_code} version {version}", ("planVersion",))
    if row is None or row["status"] != PlanVersionStatus.PUBLISHED:
        version_name = plan_code if version is None else f"{plan_code} version {version}"
        path = ("planCode",) if version is None else ("planVersion",)
        raise Refusal(
            ProblemCode.PLAN_NOT_PUBLISHED, f"plan {version_name} is not published; choose a published version", path
        )
    price, proration = row["base_price_cents"], Proration(row["proration"])
    return PlanOffer(row["id"], plan_code, row["version"], row["currency"], price, proration)


_VERSION = (
    PlanVersions.id,
    PlanVersions.version,
    PlanVersions.status,
    PlanVersions.currency,
    PlanVersions.base_price_cents,
    PlanVersions.proration,
)


async def _named(plan_id: UUID, version: int) -> dict[str, Any] | None:
    return (
        await PlanVersions.select(*_VERSION)
        .where((PlanVersions.plan_id == plan_id) & (PlanVersions.version == version))
        .first()
    )


async def _latest_published(plan_id: UUID) -> dict[str, Any] | None:
    return (
        await PlanVersions.select(*_VERSION)
        .where((PlanVersions.plan_id == plan_id) & (PlanVersions.status == PlanVersionStatus.PUBLISHED))
        .order_by(PlanVersions.version, ascending=False)
        .first()
    )


class AddonSelection(NamedTuple):
    """An add-on selected by its code; additional: attach it once more if it is already attached."""

    code: str
    additional: bool = False


async def addons_on_offer(selections: Sequence[AddonSelection], currency: str) -> list[AddonOffer]:
    """Returns the active add-ons for a new subscription, in the requested order.

    Raises NOT_FOUND, ADDON_INACTIVE, CURRENCY_MISMATCH; ALREADY_ATTACHED for a repeated code without `additional`.
    """
    offers: list[AddonOffer] = []
    for index, selection in enumerate(selections):
        path = ("addons", str(index), "code")
        if not selection.additional and any(earlier.code == selection.code for earlier in offers):
            raise already_attached(selection.code, path)
        offers.append(await addon_on_offer(selection.code, currency, path))
    return offers


def already_attached(code: str, path: tuple[str, ...]) -> Refusal:
    message = f"add-on {code} is already attached; set additional to true to attach and bill it once more"
    return Refusal(ProblemCode.ALREADY_ATTACHED, message, path)


async def addon_on_offer(code: str, currency: str, path: tuple[str, ...]) -> AddonOffer:
    """Returns the active add-on with that currency. Raises NOT_FOUND, ADDON_INACTIVE, CURRENCY_MISMATCH."""
    row = await find_addon(code, path)
    if not row["active"]:
        raise Refusal(ProblemCode.ADDON_INACTIVE, f"add-on {code} is inactive; choose an active add-on", path)
    if row["currency"] != currency:
        message = f"add-on {code} is priced in {row['currency']}; the subscription is billed in {currency}"
        raise Refusal(ProblemCode.CURRENCY_MISMATCH, message, path)
    return AddonOffer(row["id"], code, currency, row["price_cents"], row["resource_kind"], row["quantity"])
