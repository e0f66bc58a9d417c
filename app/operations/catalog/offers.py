"""What is on offer: the published plan versions and the active add-ons. Looked up inside a transaction."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.operations.access import not_found
from app.operations.catalog.addons import find_addon
from app.operations.catalog.plans import find_plan
from app.operations.refusal import ProblemCode, Refusal
from app.tables.catalog import PlanVersions, PlanVersionStatus


@dataclass(frozen=True, slots=True)
class PlanOffer:
    """A published version of a plan."""

    plan_version_id: UUID
    plan: str
    version: int
    currency: str

    def require_currency(self, currency: str) -> None:
        """Raises VALIDATION_FAILED unless the plan is priced in what the tenant is billed in."""
        if self.currency != currency:
            raise Refusal(
                ProblemCode.VALIDATION_FAILED,
                f"plan {self.plan} is priced in {self.currency}; the tenant is billed in {currency}",
                ("planCode",),
            )


@dataclass(frozen=True, slots=True)
class AddonOffer:
    """An active add-on, as it stands."""

    addon_id: UUID
    code: str
    price_cents: int
    resource_kind: str | None
    quantity: Decimal


async def plan_on_offer(plan_code: str, version: int | None) -> PlanOffer:
    """The published version named, or the latest. Raises NOT_FOUND or PLAN_NOT_PUBLISHED."""
    plan_id = await find_plan(plan_code)
    row = await (_latest_published(plan_id) if version is None else _named(plan_id, version))
    if row is None and version is not None:
        raise not_found("plan version", f"{plan_code} version {version}", ("planVersion",))
    if row is None or row["status"] != PlanVersionStatus.PUBLISHED:
        which = plan_code if version is None else f"{plan_code} version {version}"
        path = ("planCode",) if version is None else ("planVersion",)
        raise Refusal(ProblemCode.PLAN_NOT_PUBLISHED, f"plan {which} is not on offer", path)
    return PlanOffer(row["id"], plan_code, row["version"], row["currency"])


_VERSION = (PlanVersions.id, PlanVersions.version, PlanVersions.currency, PlanVersions.status)


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


async def addon_on_offer(code: str, path: tuple[str, ...]) -> AddonOffer:
    """The active add-on. Raises NOT_FOUND or ADDON_INACTIVE."""
    row = await find_addon(code, path)
    if not row["active"]:
        raise Refusal(ProblemCode.ADDON_INACTIVE, f"add-on {code} is not on offer", path)
    return AddonOffer(row["id"], code, row["price_cents"], row["resource_kind"], row["quantity"])
