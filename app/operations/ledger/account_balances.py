"""Balances of the ledger's accounts at the end of a day, summed from its postings. A debit balance is above 0."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from app.billing import Account, LineKind
from app.billing.period import ONE_DAY
from app.database import UnitOfWork
from app.operations.calls import validation
from app.operations.calls.access import Action, authorise, not_found
from app.operations.calls.context import Context
from app.operations.calls.transaction import transact

_TRIAL_BALANCE = """
SELECT e.currency, p.account, coalesce(sum(p.amount_cents) FILTER (WHERE p.amount_cents > 0), 0)::bigint AS debits,
       coalesce(-sum(p.amount_cents) FILTER (WHERE p.amount_cents < 0), 0)::bigint AS credits
FROM journal_entries e JOIN journal_postings p ON p.tenant_id = e.tenant_id AND p.entry_id = e.id
WHERE e.recorded_on < $1
GROUP BY 1, 2 ORDER BY e.currency COLLATE "C", p.account COLLATE "C"
"""
_BALANCES = """
SELECT e.currency, p.account, p.line_kind, p.resource_kind, p.tax, sum(p.amount_cents)::bigint AS balance_cents
FROM journal_entries e JOIN journal_postings p ON p.tenant_id = e.tenant_id AND p.entry_id = e.id
WHERE e.recorded_on < $1{of_tenant}
GROUP BY 1, 2, 3, 4, 5
ORDER BY e.currency COLLATE "C", p.account COLLATE "C", p.line_kind COLLATE "C",
         p.resource_kind COLLATE "C" NULLS FIRST, p.tax COLLATE "C"
"""
_OF_ALL = _BALANCES.format(of_tenant="")
_OF_TENANT = _BALANCES.format(of_tenant=" AND e.tenant_id = $2 AND p.tenant_id = $2")
_TENANT = "SELECT FROM tenants WHERE id = $1"


class TrialBalanceTotals(NamedTuple):
    """Everything posted to an account in one currency. Over all accounts of a currency, debits equal credits."""

    currency: str
    account: Account
    debit_cents: int
    credit_cents: int

    @property
    def balance_cents(self) -> int:
        return self.debit_cents - self.credit_cents


class BalanceOfAccount(NamedTuple):
    """The balance of one account, divided as revenue and tax are. line_kind and resource_kind: of REVENUE; tax: the
    key of the tax line, of TAX_PAYABLE.
    """

    currency: str
    account: Account
    line_kind: LineKind | None
    resource_kind: str | None
    tax: str | None
    balance_cents: int


async def trial_balance(context: Context, *, at: date | None = None) -> list[TrialBalanceTotals]:
    """What was posted to each account up to the end of the day, by currency; default: today.

    Raises PERMISSION_DENIED, VALIDATION_FAILED.
    """
    end = _end(context, at)
    rows = await transact(context, lambda unit: _fetch(unit, _TRIAL_BALANCE, end))
    return [TrialBalanceTotals(currency, Account(account), *sums) for currency, account, *sums in rows]


async def account_balances(
    context: Context, *, at: date | None = None, tenant_id: UUID | None = None
) -> list[BalanceOfAccount]:
    """The balances at the end of the day, by currency and account; of one tenant's entries if it is named, otherwise
    the sums over all tenants. Default: today. An account whose postings add up to 0 is listed too.

    Raises PERMISSION_DENIED, VALIDATION_FAILED, NOT_FOUND.
    """
    end = _end(context, at)

    async def work(unit: UnitOfWork) -> Sequence[Any]:
        if tenant_id is None:
            return await _fetch(unit, _OF_ALL, end)
        if not await _fetch(unit, _TENANT, tenant_id):
            raise not_found("tenant", tenant_id, ("tenantId",))
        return await _fetch(unit, _OF_TENANT, end, tenant_id)

    return [
        BalanceOfAccount(
            row["currency"],
            Account(row["account"]),
            LineKind(row["line_kind"]) if row["line_kind"] else None,
            row["resource_kind"],
            row["tax"],
            row["balance_cents"],
        )
        for row in await transact(context, work)
    ]


def _end(context: Context, at: date | None) -> date:
    authorise(context, Action.SEE_LEDGER)
    validation.refuse(validation.day("at", at))
    return (at or context.today()) + ONE_DAY


async def _fetch(unit: UnitOfWork, statement: str, *arguments: object) -> Sequence[Any]:
    rows: Sequence[Any] = await unit.connection.fetch(statement, *arguments)
    return rows
