"""The naive implementation with the ORM: tenant by tenant, row by row, one transaction per tenant."""

import asyncio
import os
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

import app.database
from app.database import PLATFORM
from app.settings import Settings
from app.tables.catalog import PlanPriceTiers, PlanResources, Plans, PlanVersions, ResourceKinds
from app.tables.deployments import CloudDeployments
from app.tables.ids import new_id
from app.tables.invoices import TenantInvoiceLines, TenantInvoices
from app.tables.subscriptions import SubscriptionActiveSpans, SubscriptionAddons, Subscriptions
from app.tables.tenants import TaxRates, Tenants
from app.tables.usage import UsageDailyTotals
from bench.rollup.data import Database
from bench.rollup.measurement import Figures, Peak, Stopwatch, watched

MAX_TENANTS = 400
"""The naive loop is slow: for larger sizes it bills only this many, and its speed is measured on these."""


def measure(database: Database, case: str, postgres_cpu: Callable[[], float]) -> Figures:
    peak = Peak(processes={os.getpid()})
    clock = Stopwatch(lambda: postgres_cpu() + sum(os.times()[:2]))
    with watched(peak):
        subscriptions = asyncio.run(_bill_all(database, clock))
    return clock.figures(case, database.size.subscriptions, peak, subscriptions)


async def _bill_all(database: Database, clock: Stopwatch) -> int:
    settings = Settings.from_environment({"ARCADIA_DATABASE_URL": database.url})
    async with app.database.Database(settings) as opened:
        async with opened.unit_of_work(PLATFORM):
            ids = await Tenants.select(Tenants.id).order_by(Tenants.id).limit(MAX_TENANTS)
        clock.start()
        done = 0
        for row in ids:
            async with opened.unit_of_work(PLATFORM):
                done += await _Month(database.month).bill(row["id"])
        clock.stop()
        return done


class _Month:
    def __init__(self, first: date) -> None:
        self.first = first
        self.next = (first + timedelta(days=31)).replace(day=1)
        self.days = (self.next - first).days

    async def bill(self, tenant_id: UUID) -> int:
        tenant = await Tenants.objects().get(Tenants.id == tenant_id)
        assert tenant is not None
        subscriptions = await Subscriptions.objects(Subscriptions.deployment_id).where(
            Subscriptions.tenant_id == tenant_id
        )
        lines: list[dict[str, Any]] = []
        for subscription in sorted(subscriptions, key=lambda one: str(one.deployment_id.slug)):
            lines += await self._lines(subscription, subscription.deployment_id)
        subtotal = sum(line["amount_cents"] for line in lines)
        rates = (
            await TaxRates.objects()
            .where((TaxRates.country == tenant.country) & (TaxRates.valid_from < self.next))
            .order_by(TaxRates.valid_from)
        )
        for tax in {rate.name: rate for rate in rates}.values():
            exact = tax.rate * subtotal
            label = f"{(tax.rate * 100).normalize():f}"
            lines.append(
                _line("TAX", f"tax:{tax.name}:{tax.rate.normalize():f}", f"{tax.name} {label}%", exact, _cents(exact))
            )
        total = sum(line["amount_cents"] for line in lines)
        invoice = TenantInvoices(
            id=new_id(),
            tenant_id=tenant_id,
            period_start=self.first,
            period_end=self.next,
            revision=1,
            status="DRAFT",
            currency=tenant.currency,
            subtotal_cents=subtotal,
            tax_cents=total - subtotal,
            total_cents=total,
            input_hash="0" * 64,
            created_at=datetime.now(UTC),
        )
        await invoice.save()
        for position, line in enumerate(lines, 1):
            kept: dict[str, Any] = {
                "id": new_id(),
                "tenant_id": tenant_id,
                "invoice_id": invoice.id,
                "period_start": self.first,
            }
            await TenantInvoiceLines(**kept, position=position, **line).save()
        return len(subscriptions)

    async def _lines(self, subscription: Subscriptions, deployment: CloudDeployments) -> list[dict[str, Any]]:
        version = await PlanVersions.objects().get(PlanVersions.id == subscription.plan_version_id)
        assert version is not None
        plan = await Plans.objects().get(Plans.id == version.plan_id)
        span = await SubscriptionActiveSpans.objects().get(SubscriptionActiveSpans.subscription_id == subscription.id)
        assert plan is not None
        assert span is not None
        days = (self.next - max(span.first_on, self.first)).days
        slug, named = deployment.slug, f"{plan.code}@{version.version}"
        ids = {"deployment_id": deployment.id, "subscription_id": subscription.id}
        base = version.base_price_cents
        cents = _cents(Decimal(base * days) / self.days)
        prorated = "" if days == self.days else f", {days} of {self.days} days"
        label = f"Plan: {plan.code} v{version.version}{prorated}"
        lines = [_line("PLAN_BASE", f"{slug}/base/{named}", label, Decimal(base), cents, **ids)]
        addons = (
            await SubscriptionAddons.objects()
            .where(SubscriptionAddons.subscription_id == subscription.id)
            .order_by(SubscriptionAddons.attached_at)
        )
        for addon in addons:
            cents = _cents(Decimal(addon.price_cents * days) / self.days)
            kept = ids | {"subscription_addon_id": addon.id, "resource_kind": addon.resource_kind}
            lines.append(
                _line(
                    "ADDON",
                    f"{slug}/addon/{addon.id}",
                    f"Addon: {addon.code}{prorated}",
                    Decimal(addon.price_cents),
                    cents,
                    **kept,
                )
            )
        usage = await self._usage(deployment.id)
        resources = await PlanResources.objects().where(PlanResources.plan_version_id == version.id)
        for resource in sorted(resources, key=lambda one: str(one.resource_kind)):
            if resource.resource_kind in usage:
                named_line = f"{slug}/overage/{resource.resource_kind}/{named}"
                rows = usage[resource.resource_kind]
                lines += await self._overage(resource, addons, rows, days=days, key=named_line, ids=ids)
        return lines

    async def _usage(self, deployment_id: UUID) -> dict[str, list[UsageDailyTotals]]:
        usage: dict[str, list[UsageDailyTotals]] = defaultdict(list)
        for row in await UsageDailyTotals.objects().where(
            (UsageDailyTotals.deployment_id == deployment_id)
            & (UsageDailyTotals.day >= self.first)
            & (UsageDailyTotals.day < self.next)
        ):
            usage[str(row.resource_kind)].append(row)
        return usage

    async def _overage(
        self,
        resource: PlanResources,
        addons: list[SubscriptionAddons],
        rows: list[UsageDailyTotals],
        *,
        days: int,
        key: str,
        ids: dict[str, Any],
    ) -> list[dict[str, Any]]:
        kind = await ResourceKinds.objects().get(ResourceKinds.code == resource.resource_kind)
        assert kind is not None
        level = kind.aggregation == "MAX"
        used = max(row.peak for row in rows) if level else sum((row.total for row in rows), Decimal(0))
        granted = [addon.quantity for addon in addons if addon.resource_kind == kind.code]
        included = Decimal(resource.included_quantity + sum(granted, Decimal(0)))
        over = used * self.days - included * (self.days if level else days)
        if over <= 0:
            return []
        tiers = (
            await PlanPriceTiers.objects()
            .where(PlanPriceTiers.plan_resource_id == resource.id)
            .order_by(PlanPriceTiers.position)
        )
        cents, above, price = Decimal(0), Decimal(0), Decimal(0)
        for tier in tiers:
            if over > above * self.days:
                price = tier.unit_price_cents
                up_to: Decimal | None = tier.up_to
                top = over if up_to is None else min(over, up_to * self.days)
                cents += (top - above * self.days) * price
                above = tier.up_to
        share = Decimal(days) / self.days if level else Decimal(1)
        label = f"{kind.code}: over {included} included"
        kept = ids | {"resource_kind": kind.code, "quantity": round(over / self.days, 12)}
        return [_line("OVERAGE", key, label, price, _cents(cents * share / self.days), **kept)]


def _line(kind: str, key: str, description: str, price: Decimal, cents: int, **kept: Any) -> dict[str, Any]:
    empty = {"deployment_id": None, "subscription_id": None, "subscription_addon_id": None, "resource_kind": None}
    values = {"kind": kind, "key": key, "description": description, "unit_price_cents": price, "amount_cents": cents}
    return {**empty, "quantity": Decimal(1), **values, **kept}


def _cents(exact: Decimal) -> int:
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))
