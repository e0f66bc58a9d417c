"""Exports records of a period in flat memory, from one snapshot."""

from collections.abc import AsyncIterator
from datetime import date
from uuid import UUID

from app.billing import InputFault
from app.operations.calls import validation
from app.operations.calls.access import Action, authorise
from app.operations.calls.context import Context
from app.operations.exports.export_statements import STATEMENTS, ExportedRecords
from app.operations.exports.record_text import ExportFormat, head_of, row_text

ROWS_PER_FETCH = 1_000


async def export_records(
    context: Context,
    *,
    records: ExportedRecords,
    export_format: ExportFormat,
    first_day: date,
    end: date,
    tenant_id: UUID | None = None,
) -> AsyncIterator[str]:
    """Yields the text of the records from first_day until before end, some rows at a time; only one tenant's if named.

    A lost connection is not tried again, as a part may be written: raises DatabaseUnavailable. Raises
    PERMISSION_DENIED, and VALIDATION_FAILED for a period without a day.
    """
    authorise(context, Action.EXPORT_RECORDS)
    faults = [*validation.day("from", first_day), *validation.day("to", end)]
    if not faults and end <= first_day:
        faults.append(InputFault(("to",), "must be after the first day of the period"))
    validation.refuse(faults)
    async with context.database.unit_of_work(context.principal.scope) as unit:
        statement = await unit.connection.prepare(STATEMENTS[records])
        columns = [attribute.name for attribute in statement.get_attributes()]
        yield head_of(export_format, columns)
        cursor = await statement.cursor(first_day, end, tenant_id)
        while rows := await cursor.fetch(ROWS_PER_FETCH):
            yield "".join(row_text(export_format, columns, row) for row in rows)
