"""What a month should be invoiced for when earlier ones got usage late: told from the invoices that are known."""

from collections import Counter
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from app.billing import Line, LineKind, Period, Quote, QuoteHeader, tax_lines
from tests.simulation.model import TAXES, Subscription, Tenant, shown

Month = tuple[UUID, date]
Key = tuple[date, str]
"""The month that is charged for, and the overage's key in it."""

Terms = dict[str, Subscription]


@dataclass(eq=False)
class Known:
    """An invoice that was seen, as it is to stay; what it charges for usage, and the terms it was rated on."""

    id: UUID
    month: Month
    revision: int
    status: str
    number: str | None
    content: Any
    charges: Counter[Key] = field(default_factory=Counter)
    terms: Terms = field(default_factory=dict)


@dataclass
class Foretold:
    """A month as it is to be invoiced."""

    subtotal_cents: int
    tax_cents: int
    lines: list[tuple[object, ...]]
    charges: Counter[Key]

    @property
    def total_cents(self) -> int:
        return self.subtotal_cents + self.tax_cents

    @property
    def content(self) -> Any:
        return self.subtotal_cents, self.tax_cents, self.total_cents, self.lines


def foretell(tenant: Tenant, period: Period, others: Iterable[Known]) -> Foretold | None:
    """With the usage that is late for earlier months; `others`: the tenant's other live invoices. None where it cannot
    be rated.
    """
    quote = tenant.rate(period)
    if quote is None:
        return None
    lines = [line for line in quote.lines if line.kind is not LineKind.TAX]
    foretold = Foretold(quote.subtotal_cents, 0, shown(tuple(lines)), Counter())
    for line in lines:
        if line.kind is LineKind.OVERAGE:
            foretold.charges[period.start, line.key] += line.amount_cents
    others = list(others)
    billed = sum((known.charges for known in others), Counter[Key]())
    _take_off(foretold, quote, billed)
    if not _add_late(foretold, tenant, period, others, billed):
        return None
    if foretold.lines:
        header = QuoteHeader(period, tenant.currency, TAXES, tenant.tax_exempt)
        taxes = tax_lines(header, foretold.subtotal_cents)
        foretold.tax_cents = sum(line.amount_cents for line in taxes)
        foretold.lines += shown(tuple(taxes))
    return foretold


def _take_off(foretold: Foretold, quote: Quote, billed: Mapping[Key, int]) -> None:
    """What others have charged late for the month itself."""
    month = quote.period.start
    elsewhere = {key: cents for (of, key), cents in billed.items() if of == month and cents}
    for slug in sorted({_slug(key) for key in elsewhere}):
        now = [line.key for line in quote.lines if line.kind is LineKind.OVERAGE and _slug(line.key) == slug]
        keys = [*now, *sorted(key for key in elsewhere if _slug(key) == slug and key not in now)]
        _charge(foretold, month, [(key, -elsewhere[key]) for key in keys if key in elsewhere])


def _add_late(
    foretold: Foretold, tenant: Tenant, period: Period, others: Iterable[Known], billed: Mapping[Key, int]
) -> bool:
    """Whether all of it can be on an invoice of the tenant's currency."""
    final = {k.month[1]: k for k in others if k.status in {"ISSUED", "PAID"} and k.month[1] < period.start}
    for month, known in sorted(final.items()):
        now = _by_slug(tenant.overages(known.terms, Period(month, period.zone)))
        for slug in sorted(known.terms):
            owed = [(line.key, line.amount_cents - billed.get((month, line.key), 0)) for line in now.get(slug, [])]
            keys = {key for key, _ in owed}
            gone = sorted(key for of, key in billed if of == month and _slug(key) == slug and key not in keys)
            owed += [(key, -billed[month, key]) for key in gone]
            owed = [(key, cents) for key, cents in owed if cents]
            net = sum(cents for _, cents in owed)
            if not owed or (net < 0 and foretold.subtotal_cents + net <= 0):
                continue
            if tenant.currency != "AUD":
                return False
            _charge(foretold, month, owed)
    return True


def _charge(foretold: Foretold, month: date, owed: Iterable[tuple[str, int]]) -> None:
    for key, cents in owed:
        foretold.charges[month, key] += cents
        foretold.subtotal_cents += cents
        foretold.lines.append(late_line(_slug(key), key.split("/")[2], cents, month))


def late_line(slug: object, resource_kind: object, cents: object, month: date) -> tuple[object, ...]:
    return (slug, "OVERAGE", resource_kind, cents, f"late {month}")


def terms_of(tenant: Tenant, period: Period) -> Terms:
    """As they are now, of the deployments with a subscription in the month."""
    return {
        deployment.slug: deepcopy(subscription)
        for deployment in tenant.deployments
        if (subscription := deployment.subscription) is not None
        and subscription.first_day < period.end
        and (subscription.ended_on is None or subscription.ended_on >= period.start)
    }


def _by_slug(lines: Iterable[Line]) -> dict[str, list[Line]]:
    found: dict[str, list[Line]] = {}
    for line in lines:
        found.setdefault(_slug(line.key), []).append(line)
    return found


def _slug(key: str) -> str:
    return key.split("/", maxsplit=1)[0]
