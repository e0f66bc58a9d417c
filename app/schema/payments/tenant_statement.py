"""A tenant's statement of account, and aged receivables."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, cast
from uuid import UUID

import strawberry

from app.operations import payments
from app.operations.calls.refusal import Refusal
from app.operations.payments import AgedAmounts
from app.reads import PythonFieldInfo, Rows, reference
from app.schema.context import Info, RequestContext
from app.schema.lazy_types import LazyTenant
from app.schema.problems import as_error, refusals_as_errors
from app.schema.scalars import Cents
from app.tables.ledger import JournalEntryKind


@strawberry.type(
    description="One event on a statement. Amounts are in the minor unit of the tenant's currency; above 0 the tenant "
    "owes more."
)
class StatementEntry:
    """operations.payments.AccountMovement."""

    recorded_on: date = strawberry.field(description="The day on which the event was recorded.")
    kind: JournalEntryKind = strawberry.field(description="The kind of event.")
    description: str = strawberry.field(
        description="A line with the number or reference of the document that the event made or changed."
    )
    document_id: UUID = strawberry.field(
        description="The id of the invoice, credit note, payment, refund, write-off or recovery that the event made or "
        "changed."
    )
    amount_cents: Cents = strawberry.field(
        description="The change of what the tenant owes; 0 if credit was applied to an invoice, or if money came for "
        "what had been written off."
    )
    balance_cents: Cents = strawberry.field(description="What the tenant owed after the event.")


@strawberry.type(
    name="Statement",
    description="A tenant's statement of account. A balance is what the tenant owes: the balances of its invoices less "
    "its credit balance; negative if it has more credit. Amounts are in the minor unit of `currency`.",
)
class TenantStatement:
    """operations.payments.AccountStatement."""

    from_day: date = strawberry.field(name="from", description="The first day of the period.")
    to_day: date = strawberry.field(name="to", description="The day after the last day of the period.")
    currency: str = strawberry.field(description="The ISO 4217 code of the currency of the amounts.")
    opening_balance_cents: Cents = strawberry.field(description="What the tenant owed at the start of the period.")
    closing_balance_cents: Cents = strawberry.field(
        description="What the tenant owed at the end of the period: the opening balance and the amounts of all entries."
    )
    entries: list[StatementEntry] = strawberry.field(description="The events of the period, in their order.")


async def statement(
    rows: Rows,
    info: PythonFieldInfo[RequestContext],
    from_day: Annotated[date, strawberry.argument(name="from", description="The first day of the period.")],
    to_day: Annotated[
        date,
        strawberry.argument(name="to", description="The day after the last day of the period, at most 366 days later."),
    ],
) -> list[TenantStatement]:
    """The field `Tenant.statement`."""
    tenant_ids = [row["id"] for row in rows]
    try:
        found = await payments.statements(info.request.operations, tenant_ids, from_day=from_day, to_day=to_day)
    except Refusal as refused:
        raise as_error(refused) from refused
    answers: Sequence[object] = [
        TenantStatement(
            from_day=one.from_day,
            to_day=one.to_day,
            currency=row["currency"],
            opening_balance_cents=Cents(one.opening_balance_cents),
            closing_balance_cents=Cents(one.closing_balance_cents),
            entries=cast("list[StatementEntry]", list(one.entries)),
        )
        for row, one in ((row, found[row["id"]]) for row in rows)
    ]
    return cast("list[TenantStatement]", answers)


@strawberry.type(
    description="Balances of invoices of one currency, by the number of days that they are past due. Amounts are in "
    "the minor unit of `currency`."
)
class AgedReceivablesRow:
    """operations.payments.AgedAmounts."""

    tenant: LazyTenant | None = strawberry.field(
        description="The tenant whose invoices these are; null in a total over all tenants."
    )
    currency: str = strawberry.field(description="The ISO 4217 code of the currency of the amounts.")
    current_cents: Cents = strawberry.field(description="The balances that are not past due.")
    days_1_to_30_cents: Cents = strawberry.field(
        name="days1To30Cents", description="The balances that are 1 to 30 days past due."
    )
    days_31_to_60_cents: Cents = strawberry.field(
        name="days31To60Cents", description="The balances that are 31 to 60 days past due."
    )
    days_61_to_90_cents: Cents = strawberry.field(
        name="days61To90Cents", description="The balances that are 61 to 90 days past due."
    )
    over_90_days_cents: Cents = strawberry.field(
        name="over90DaysCents", description="The balances that are more than 90 days past due."
    )
    total_cents: Cents = strawberry.field(description="The sum of the balances.")

    @classmethod
    def of(cls, amounts: AgedAmounts) -> "AgedReceivablesRow":
        """The operation's value, with its tenant to be read."""
        from app.schema.tenants import Tenant  # Tenant has a field of this module

        return cls(
            tenant=None if amounts.tenant_id is None else reference(Tenant, amounts.tenant_id),
            currency=amounts.currency,
            current_cents=Cents(amounts.current_cents),
            days_1_to_30_cents=Cents(amounts.days_1_to_30_cents),
            days_31_to_60_cents=Cents(amounts.days_31_to_60_cents),
            days_61_to_90_cents=Cents(amounts.days_61_to_90_cents),
            over_90_days_cents=Cents(amounts.over_90_days_cents),
            total_cents=Cents(amounts.total_cents),
        )


@strawberry.type(description="The balances of all tenants' invoices as they were at the end of a day.")
class AgedReceivables:
    """operations.payments.ReceivablesByAge."""

    at: date = strawberry.field(description="The day at whose end the balances stood like this.")
    totals: list[AgedReceivablesRow] = strawberry.field(
        description="The totals over all tenants, one row for each currency."
    )
    tenants: list[AgedReceivablesRow] = strawberry.field(
        description="The tenants that had a balance, sorted by code; at most `first` of them."
    )


@strawberry.type
class AgedReceivablesQueries:
    """Aged receivables at the root."""

    @strawberry.field(
        description="The balances of invoices at the end of a day, by tenant and by days past due. Platform admins "
        "only."
    )
    async def aged_receivables(
        self,
        info: Info,
        at: Annotated[
            date | None,
            strawberry.argument(description="The day, not in the future. Default: today."),
        ] = strawberry.UNSET,
        first: Annotated[
            int, strawberry.argument(description="The greatest number of tenants to return, 1 to 1,000.")
        ] = payments.MAX_FIRST,
        after_tenant_code: Annotated[
            str, strawberry.argument(description="Return only tenants whose code sorts after this text.")
        ] = "",
    ) -> AgedReceivables:
        with refusals_as_errors():
            aged = await payments.aged_receivables(
                info.context.operations, at=at or None, first=first, after_code=after_tenant_code
            )
        return AgedReceivables(
            at=aged.at,
            totals=[AgedReceivablesRow.of(one) for one in aged.totals],
            tenants=[AgedReceivablesRow.of(one) for one in aged.tenants],
        )
