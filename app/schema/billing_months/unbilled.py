"""Ended months that are not completely billed, and the waiving of months."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import date
from typing import Annotated
from uuid import UUID

import strawberry
from graphql import GraphQLError

from app.operations import billing_months
from app.operations.billing_months import MAX_FIRST
from app.reads import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE, PageInfo, reference
from app.schema.arguments import Input
from app.schema.billing_months.types import BillingMonth
from app.schema.codes import ErrorCode
from app.schema.context import Info
from app.schema.nodes import Node
from app.schema.problems import Refused, refusals_as_errors, result_of
from app.schema.scalars import Cents
from app.schema.tenants import Tenant


@strawberry.type(description="An ended month of a tenant that is not billed in full.")
class UnbilledPeriod:
    """An unbilled month, as the older field returns it: made from operations.billing_months.UnbilledMonthRow."""

    tenant: Tenant = strawberry.field(description="The tenant that the month belongs to.")
    period_start: date = strawberry.field(description="The first day of the month.")
    reason: str = strawberry.field(description="The reason why the month is not billed in full, as a text.")


@strawberry.type(description="An ended month of a tenant that is not billed in full.")
class UnbilledMonth(Node):
    """An unbilled month, made from operations.billing_months.UnbilledMonthRow; its id is the billing month's."""

    tenant: Tenant = strawberry.field(description="The tenant that the month belongs to.")
    period_start: date = strawberry.field(description="The first day of the month.")
    reason: str = strawberry.field(description="The reason why the month is not billed in full, as a text.")
    difference_cents: Cents | None = strawberry.field(
        description="The net amount still to be billed, in the minor unit of the tenant's currency. Negative for a "
        "credit that a later invoice can take. Null if the month was never rated or changed since it was "
        "rated."
    )
    billing_month: BillingMonth = strawberry.field(description="The billing month with the current state and amounts.")

    @classmethod
    def of(cls, month: billing_months.UnbilledMonthRow) -> "UnbilledMonth":
        """Converts the operation's UnbilledMonthRow to the API's type, with references to its
        tenant and billing month.
        """
        return cls(
            id=month.billing_month_id,
            tenant=reference(Tenant, month.tenant_id),
            period_start=month.period_start,
            reason=month.reason,
            difference_cents=None if month.difference_cents is None else Cents(month.difference_cents),
            billing_month=reference(BillingMonth, month.billing_month_id),
        )


@strawberry.type(description="An unbilled month and its cursor.")
class UnbilledMonthEdge:
    """Relay's edge."""

    cursor: str = strawberry.field(
        description="The cursor of the month. Pass it as `after` or `before` to continue from this month."
    )
    node: UnbilledMonth = strawberry.field(description="The unbilled month.")


@strawberry.type(description="One page of unbilled months, sorted by month and tenant.")
class UnbilledMonthConnection:
    """Relay's connection."""

    edges: list[UnbilledMonthEdge] = strawberry.field(description="The unbilled months of the page with their cursors.")
    nodes: list[UnbilledMonth] = strawberry.field(description="The unbilled months of the page.")
    page_info: PageInfo = strawberry.field(
        description="Whether there are further pages, and the cursors of the page's ends."
    )

    @strawberry.field(
        description="The number of unbilled months on all pages; counted only if this field is requested."
    )
    async def total_count(self, info: Info) -> int:
        return await billing_months.count_unbilled_months(info.context.operations)


@strawberry.input(description="A tenant's month to waive: not to bill, permanently.")
class WaiveMonthInput:
    """Input of `waiveMonth`."""

    tenant_id: UUID = strawberry.field(description="The id of the tenant.")
    period_start: date = strawberry.field(description="The first day of the month.")
    reason: str = strawberry.field(description="The reason for waiving the month, which is stored with it.")


@strawberry.type(
    description="The result of waiving a month: the month is permanently not billed, even if its usage or terms "
    "change later."
)
class MonthWaived:
    """Payload of `waiveMonth`."""

    billing_month: BillingMonth = strawberry.field(description="The waived billing month.")


WaiveMonthResult = Annotated[MonthWaived | Refused, result_of("waiveMonth")]


@strawberry.type
class UnbilledMonthQueries:
    """Root queries for unbilled months."""

    @strawberry.field(
        description="The tenants' ended months that are not billed in full, sorted by month and tenant; empty if "
        "everything is billed. Platform admins only."
    )
    async def unbilled_months(
        self,
        info: Info,
        first: Annotated[
            int | None,
            strawberry.argument(
                description="The number of months from the start: 1 to 100. Default: 20 if `last` is not given either."
            ),
        ] = strawberry.UNSET,
        after: Annotated[
            str | None, strawberry.argument(description="Return only months after this cursor.")
        ] = strawberry.UNSET,
        last: Annotated[
            int | None, strawberry.argument(description="The number of months to return from the end: 1 to 100.")
        ] = strawberry.UNSET,
        before: Annotated[
            str | None, strawberry.argument(description="Return only months before this cursor.")
        ] = strawberry.UNSET,
    ) -> UnbilledMonthConnection:
        size, backwards = _page_size(first, last)
        earliest, latest = _place("after", after), _place("before", before)
        with refusals_as_errors():
            page = await billing_months.unbilled_months(
                info.context.operations, first=size, after=earliest, before=latest, backwards=backwards
            )
        nodes = [UnbilledMonth.of(month) for month in page.months]
        cursors = [_cursor(month) for month in page.months]
        return UnbilledMonthConnection(
            edges=[UnbilledMonthEdge(cursor=cursor, node=node) for cursor, node in zip(cursors, nodes, strict=True)],
            nodes=nodes,
            page_info=PageInfo(
                has_next_page=latest is not None if backwards else page.has_more,
                has_previous_page=page.has_more if backwards else earliest is not None,
                start_cursor=cursors[0] if cursors else None,
                end_cursor=cursors[-1] if cursors else None,
            ),
        )

    @strawberry.field(
        description="The same months as `unbilledMonths` as a plain list of at most `first`. Platform admins only."
    )
    async def unbilled_periods(
        self,
        info: Info,
        first: Annotated[
            int, strawberry.argument(description="The greatest number of months to return, 1 to 1,000.")
        ] = MAX_FIRST,
    ) -> list[UnbilledPeriod]:
        with refusals_as_errors():
            page = await billing_months.unbilled_months(info.context.operations, first=_size("first", first, MAX_FIRST))
        return [
            UnbilledPeriod(tenant=reference(Tenant, each.tenant_id), period_start=each.period_start, reason=each.reason)
            for each in page.months
        ]


@strawberry.type
class BillingMonthMutations:
    """Mutations for billing months."""

    @strawberry.mutation(
        description="Waive a month without a draft, issued or paid invoice: it is permanently not billed, and amounts "
        "that later invoices charged for it are credited. Platform admins only."
    )
    async def waive_month(self, info: Info, input_: Input[WaiveMonthInput]) -> WaiveMonthResult:
        month_id = await billing_months.waive_month(
            info.context.operations,
            tenant_id=input_.tenant_id,
            period_start=input_.period_start,
            reason=input_.reason,
        )
        return MonthWaived(billing_month=reference(BillingMonth, month_id))


def _page_size(first: int | None, last: int | None) -> tuple[int, bool]:
    """Returns how many months are requested, and whether they are counted from the end (`last`)."""
    sizes = {name: size for name, size in (("first", first), ("last", last)) if isinstance(size, int)}
    if len(sizes) > 1:
        raise _bad_input("provide first or last, not both")
    for name, size in sizes.items():
        return _size(name, size, MAX_PAGE_SIZE), name == "last"
    return DEFAULT_PAGE_SIZE, False


def _size(name: str, size: int, largest: int) -> int:
    if not 1 <= size <= largest:
        raise _bad_input(f"{name} must be from 1 to {largest}")
    return size


def _bad_input(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": ErrorCode.BAD_USER_INPUT})


def _cursor(month: billing_months.UnbilledMonthRow) -> str:
    return urlsafe_b64encode(f"{month.period_start} {month.tenant_id}".encode()).decode()


def _place(name: str, cursor: str | None) -> tuple[date, UUID] | None:
    if not isinstance(cursor, str):
        return None
    try:
        month, _, tenant_id = urlsafe_b64decode(cursor).decode().partition(" ")
        return date.fromisoformat(month), UUID(tenant_id)
    except ValueError as error:
        raise _bad_input(f"{name} is not a cursor of this connection") from error
