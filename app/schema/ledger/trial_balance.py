"""Balances of the ledger's accounts at a day."""

from datetime import date
from itertools import groupby
from typing import Annotated
from uuid import UUID

import strawberry

from app.billing import Account, LineKind
from app.operations import ledger
from app.schema.context import Info
from app.schema.problems import refusals_as_errors
from app.schema.scalars import Cents

At = Annotated[
    date | None,
    strawberry.argument(description="The day at whose end the balances are. Default: today in the billing time zone."),
]


@strawberry.type(description="What was posted to one account, in the minor unit of the currency.")
class TrialBalanceRow:
    """operations.ledger.TrialBalanceTotals."""

    account: Account = strawberry.field(description="The account, over all tenants.")
    debit_cents: Cents = strawberry.field(description="The sum of all debits.")
    credit_cents: Cents = strawberry.field(description="The sum of all credits, as an amount above 0.")
    balance_cents: Cents = strawberry.field(
        description="Debits less credits: above 0 a debit balance, below 0 a credit balance."
    )


@strawberry.type(description="The accounts of one currency. Debits equal credits, so the balances add up to 0.")
class TrialBalance:
    """The rows of operations.ledger.trial_balance in one currency."""

    currency: str = strawberry.field(description="The ISO 4217 code of the currency.")
    rows: list[TrialBalanceRow] = strawberry.field(description="The accounts that have postings, by name.")
    debit_cents: Cents = strawberry.field(description="The sum of the debits of all accounts.")
    credit_cents: Cents = strawberry.field(
        description="The sum of the credits of all accounts, as an amount above 0. It equals the debits."
    )


@strawberry.type(
    description="The balance of one account, with revenue divided by line kind and resource kind, and tax by tax line."
)
class AccountBalance:
    """operations.ledger.BalanceOfAccount."""

    account: Account = strawberry.field(description="The account.")
    currency: str = strawberry.field(description="The ISO 4217 code of the currency.")
    line_kind: LineKind | None = strawberry.field(
        description="The kind of invoice line that the revenue is from; null if not REVENUE."
    )
    resource_kind: str | None = strawberry.field(
        description="The code of the resource kind that the revenue is from; null if there is none or not REVENUE."
    )
    tax: str | None = strawberry.field(
        description="The tax with its rate, such as tax:GST:0.1; null if the account is not TAX_PAYABLE."
    )
    balance_cents: Cents = strawberry.field(
        description="The balance in the currency's minor unit: above 0 a debit balance, below 0 a credit balance."
    )


@strawberry.type
class LedgerBalanceQueries:
    """Balances at the root."""

    @strawberry.field(
        description="Everything posted to each account until the end of a day, by currency. Platform admins only."
    )
    async def trial_balance(self, info: Info, *, at: At = strawberry.UNSET) -> list[TrialBalance]:
        with refusals_as_errors():
            rows = await ledger.trial_balance(info.context.operations, at=at or None)
        return [_of_currency(currency, list(group)) for currency, group in groupby(rows, lambda row: row.currency)]

    @strawberry.field(
        description="The balances of the accounts at the end of a day, by currency and account: the sums over all "
        "tenants, or what one tenant's entries have posted. Platform admins only."
    )
    async def account_balances(
        self,
        info: Info,
        *,
        at: At = strawberry.UNSET,
        tenant_id: Annotated[
            UUID | None,
            strawberry.argument(description="The id of the only tenant to sum up. Default: all tenants."),
        ] = strawberry.UNSET,
    ) -> list[AccountBalance]:
        with refusals_as_errors():
            balances = await ledger.account_balances(
                info.context.operations, at=at or None, tenant_id=tenant_id or None
            )
        return [
            AccountBalance(
                account=one.account,
                currency=one.currency,
                line_kind=one.line_kind,
                resource_kind=one.resource_kind,
                tax=one.tax,
                balance_cents=Cents(one.balance_cents),
            )
            for one in balances
        ]


def _of_currency(currency: str, rows: list[ledger.TrialBalanceTotals]) -> TrialBalance:
    return TrialBalance(
        currency=currency,
        rows=[
            TrialBalanceRow(
                account=row.account,
                debit_cents=Cents(row.debit_cents),
                credit_cents=Cents(row.credit_cents),
                balance_cents=Cents(row.balance_cents),
            )
            for row in rows
        ],
        debit_cents=Cents(sum(row.debit_cents for row in rows)),
        credit_cents=Cents(sum(row.credit_cents for row in rows)),
    )
