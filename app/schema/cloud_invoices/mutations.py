"""Mutations for the provider's bills: import, match again, withdraw."""

from decimal import Decimal
from io import BytesIO
from typing import Annotated
from uuid import UUID

import strawberry

from app.operations import costs
from app.operations.costs import BillField, ColumnOfField
from app.reads import reference
from app.schema.arguments import Input, optional
from app.schema.cloud_invoices.types import CloudInvoice
from app.schema.context import Info
from app.schema.problems import Refused, result_of
from app.schema.scalars import Cents


@strawberry.input(description="Assigns a column of a bill's CSV file to a field.")
class CloudInvoiceColumnInput:
    """A column of a bill's file; becomes operations.costs.ColumnOfField."""

    field: BillField = strawberry.field(description="The field that the column holds.")
    column: str = strawberry.field(
        description="The column's name in the first row of the file; upper and lower case are treated alike."
    )


@strawberry.input(description="A provider's bill to import.")
class ImportCloudInvoiceInput:
    """Input of `importCloudInvoice`."""

    provider: str = strawberry.field(
        description="The name of the provider. The columns of digitalocean's CSV are known; for other providers "
        "`columns` is required."
    )
    external_id: str = strawberry.field(
        description="The provider's id of the bill. A bill that was imported and not withdrawn is refused."
    )
    csv: str = strawberry.field(
        description="The text of the bill's CSV file. For a file too large for a request, use POST /cloud-invoices or "
        "`arcadia costs import`."
    )
    currency: str = strawberry.field(
        default="USD",
        description="The ISO 4217 code of the currency of the amounts. In digitalocean's files, the name of the "
        "amount column depends on it.",
    )
    exchange_rate: Decimal | None = optional(
        description="The exchange rate: units of the reporting currency for one unit of the bill's currency. Required "
        "if the two currencies differ."
    )
    columns: list[CloudInvoiceColumnInput] = strawberry.field(
        default_factory=list,
        description="The columns of the file. Not needed for providers whose columns are known; for others "
        "DESCRIPTION, START, END and AMOUNT are required.",
    )


@strawberry.input(description="A provider's bill whose rows to match again.")
class RematchCloudInvoiceInput:
    """Input of `rematchCloudInvoice`."""

    cloud_invoice_id: UUID = strawberry.field(description="The id of the bill.")


@strawberry.input(description="A provider's bill to withdraw.")
class WithdrawCloudInvoiceInput:
    """Input of `withdrawCloudInvoice`."""

    cloud_invoice_id: UUID = strawberry.field(description="The id of the bill.")
    reason: str = strawberry.field(description="The reason for the withdrawal, at most 200 characters.")


@strawberry.type(
    description="The result of importing a provider's bill. Amounts are in the minor unit of the bill's currency."
)
class CloudInvoiceImported:
    """Payload of `importCloudInvoice`."""

    cloud_invoice: CloudInvoice = strawberry.field(description="The imported bill.")
    allocated_cents: Cents = strawberry.field(description="The sum of the rows that are allocated to deployments.")
    unallocated_cents: Cents = strawberry.field(
        description="The sum of the rows that are not allocated to a deployment."
    )
    ignored_columns: list[str] = strawberry.field(description="The names of the file's columns that were ignored.")


@strawberry.type(
    description="The result of matching a bill again. Amounts are in the minor unit of the bill's currency."
)
class CloudInvoiceRematched:
    """Payload of `rematchCloudInvoice`."""

    cloud_invoice: CloudInvoice = strawberry.field(description="The bill after the matching.")
    changed_lines: int = strawberry.field(description="The number of rows whose match changed.")
    allocated_cents: Cents = strawberry.field(description="The sum of the rows that are allocated to deployments.")
    unallocated_cents: Cents = strawberry.field(
        description="The sum of the rows that are not allocated to a deployment."
    )


@strawberry.type(description="The result of withdrawing a bill: it no longer counts as cost and may be imported again.")
class CloudInvoiceWithdrawn:
    """Payload of `withdrawCloudInvoice`."""

    cloud_invoice: CloudInvoice = strawberry.field(description="The withdrawn bill, which keeps its rows.")


ImportCloudInvoiceResult = Annotated[CloudInvoiceImported | Refused, result_of("importCloudInvoice")]
RematchCloudInvoiceResult = Annotated[CloudInvoiceRematched | Refused, result_of("rematchCloudInvoice")]
WithdrawCloudInvoiceResult = Annotated[CloudInvoiceWithdrawn | Refused, result_of("withdrawCloudInvoice")]


@strawberry.type
class CloudInvoiceMutations:
    """Mutations for the provider's bills."""

    @strawberry.mutation(
        description="Import a provider's bill and match its rows to registered resources. A malformed file is refused "
        "as a whole, with the row and column at fault. Platform admins only."
    )
    async def import_cloud_invoice(
        self, info: Info, input_: Input[ImportCloudInvoiceInput]
    ) -> ImportCloudInvoiceResult:
        imported = await costs.import_cloud_invoice(
            info.context.operations,
            provider=input_.provider,
            external_id=input_.external_id,
            file=BytesIO(input_.csv.encode("utf-8", "surrogatepass")),
            currency=input_.currency,
            exchange_rate=input_.exchange_rate,
            columns=[ColumnOfField(each.field, each.column) for each in input_.columns],
        )
        return CloudInvoiceImported(
            cloud_invoice=reference(CloudInvoice, imported.cloud_invoice_id),
            allocated_cents=Cents(imported.allocated_cents),
            unallocated_cents=Cents(imported.unallocated_cents),
            ignored_columns=list(imported.ignored_columns),
        )

    @strawberry.mutation(
        description="Match the rows of a provider's bill again, using the resources as they are registered now. "
        "Amounts do not change. Platform admins only."
    )
    async def rematch_cloud_invoice(
        self, info: Info, input_: Input[RematchCloudInvoiceInput]
    ) -> RematchCloudInvoiceResult:
        rematched = await costs.rematch_cloud_invoice(info.context.operations, cloud_invoice_id=input_.cloud_invoice_id)
        return CloudInvoiceRematched(
            cloud_invoice=reference(CloudInvoice, rematched.cloud_invoice_id),
            changed_lines=rematched.changed_lines,
            allocated_cents=Cents(rematched.allocated_cents),
            unallocated_cents=Cents(rematched.unallocated_cents),
        )

    @strawberry.mutation(
        description="Withdraw a provider's bill permanently: it no longer counts as cost, its rows stay visible, and "
        "the bill may be imported again. Platform admins only."
    )
    async def withdraw_cloud_invoice(
        self, info: Info, input_: Input[WithdrawCloudInvoiceInput]
    ) -> WithdrawCloudInvoiceResult:
        withdrawn = await costs.withdraw_cloud_invoice(
            info.context.operations, cloud_invoice_id=input_.cloud_invoice_id, reason=input_.reason
        )
        return CloudInvoiceWithdrawn(cloud_invoice=reference(CloudInvoice, withdrawn))
