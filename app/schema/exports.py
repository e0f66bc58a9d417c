"""The links to exports."""

from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID

import strawberry

from app.operations.exports import ExportedRecords, ExportFormat, ExportRequest, allowed_export, export_urls
from app.schema.context import Info
from app.schema.enums import describe
from app.schema.problems import refusals_as_errors

describe(
    ExportedRecords,
    "A kind of record that can be exported.",
    INVOICES="Issued invoices, found by the day of issue.",
    LINES="The lines of issued invoices, found by the invoice's day of issue.",
    PAYMENTS="Payments, found by the day on which they were received.",
    LEDGER="The ledger's postings, found by the day on which they were recorded. Platform admins only.",
)
describe(
    ExportFormat,
    "The format of an export.",
    CSV="CSV in UTF-8 with a row of names first. Texts like formulas begin with an apostrophe.",
    JSONL="A JSON object a line.",
)


@strawberry.type(
    description="The URLs of an export, which is read when it is opened. Relative to the API's host if "
    "ARCADIA_PUBLIC_URL is not set."
)
class ExportLink:
    """operations.exports.ExportUrls."""

    url: str = strawberry.field(description="A link to the export that works without a token for five minutes.")
    expires_at: datetime = strawberry.field(description="The time from which `url` is refused.")
    permanent_url: str = strawberry.field(description="The permanent URL of the export: requests need a bearer token.")


@strawberry.type
class ExportQueries:
    """Root queries for exports."""

    @strawberry.field(
        description="A link to an export of a period's records: of all tenants for a platform admin, else of the "
        "caller's own tenant."
    )
    async def export_link(
        self,
        info: Info,
        *,
        records: Annotated[ExportedRecords, strawberry.argument(description="What to export.")],
        from_day: Annotated[date, strawberry.argument(name="from", description="The first day of the period.")],
        to_day: Annotated[
            date, strawberry.argument(name="to", description="The day after the last day of the period.")
        ],
        export_format: Annotated[
            ExportFormat, strawberry.argument(name="format", description="The format of the export.")
        ] = ExportFormat.CSV,
        tenant_id: Annotated[
            UUID | None,
            strawberry.argument(description="The id of the only tenant to export. Default: all that the caller sees."),
        ] = strawberry.UNSET,
    ) -> ExportLink:
        operations = info.context.operations
        asked = ExportRequest(records, export_format, from_day, to_day, tenant_id or None)
        with refusals_as_errors():
            urls = export_urls(operations, await allowed_export(operations, asked))
        return ExportLink(
            url=urls.url, expires_at=datetime.fromtimestamp(urls.expires, UTC), permanent_url=urls.permanent_url
        )
