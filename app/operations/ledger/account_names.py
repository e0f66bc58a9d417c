"""Account names that people and accounting programs read, such as Assets:Receivable:Acme:AUD.

Its parts are what beancount and hledger both accept: letters, digits and hyphens, the first a capital or a digit.
Different accounts have different names.
"""

import re
from hashlib import sha256
from typing import NamedTuple

from app.billing import Account, LineKind

TENANT_ACCOUNTS = (Account.ACCOUNTS_RECEIVABLE, Account.CUSTOMER_CREDIT, Account.BAD_DEBT)
"""Kept per tenant and currency; the others are the platform's, per currency."""

_ROOTS = {
    Account.ACCOUNTS_RECEIVABLE: "Assets:Receivable",
    Account.CUSTOMER_CREDIT: "Liabilities:CustomerCredit",
    Account.BAD_DEBT: "Expenses:BadDebt",
    Account.TAX_PAYABLE: "Liabilities:TaxPayable",
    Account.CASH_CLEARING: "Assets:CashClearing",
    Account.REVENUE: "Income:Revenue",
}
# What becomes a part without loss: words between single separators.
_TENANT_CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_RESOURCE_KIND = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")
_TAX_NAME = re.compile(r"[A-Z0-9][A-Za-z0-9]*( [A-Za-z0-9]+)*")


class LedgerAccount(NamedTuple):
    """One account of the export. tenant_code: null on the platform's. The last three divide revenue and tax."""

    account: Account
    currency: str
    tenant_code: str | None = None
    line_kind: LineKind | None = None
    resource_kind: str | None = None
    tax: str | None = None

    @property
    def name(self) -> str:
        """Such as Income:Revenue:Overage:Droplet-hours:AUD or Liabilities:TaxPayable:GST:10-Percent:AUD."""
        parts = [_ROOTS[self.account]]
        if self.tenant_code is not None:
            parts.append(_part(self.tenant_code, _TENANT_CODE))
        if self.line_kind is not None:
            parts.append("".join(word.capitalize() for word in self.line_kind.split("_")))
        if self.resource_kind is not None:
            parts.append(_part(self.resource_kind, _RESOURCE_KIND))
        if self.tax is not None:
            name, _, rate = self.tax.removeprefix("tax:").rpartition(":")
            parts += [_part(name, _TAX_NAME), _percent(rate)]
        return ":".join((*parts, self.currency))


def _part(text: str, lossless: re.Pattern[str]) -> str:
    """A part of a name. A text that does not come through as it is gets 8 digits of its SHA-256 behind it."""
    words = re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-") or "X"
    part = words[0].upper() + words[1:]
    return part if lossless.fullmatch(text) else f"{part}-{sha256(text.encode()).hexdigest()[:8]}"


def _percent(rate: str) -> str:
    """A rate as a part of a name: 0.1 is 10-Percent, 0.075 is 7-5-Percent."""
    whole, _, fraction = rate.partition(".")
    digits = fraction.ljust(2, "0")
    percent, rest = str(int(whole + digits[:2])), digits[2:].rstrip("0")
    return f"{percent}-{rest}-Percent" if rest else f"{percent}-Percent"
