"""Exports records of a period in flat memory, from one snapshot."""

from collections.abc import AsyncGenerator

from app.operations.calls.context import Context
from app.operations.exports.export_request import ExportRequest, allowed_export
from app.operations.exports.export_statements import statement_of
from app.operations.exports.record_text import head_of, row_text

ROWS_PER_FETCH = 200
"""Few enough that making their text holds other requests up for some milliseconds only."""
STATEMENT_SECONDS = 600
"""How long PostgreSQL may take to find the first rows, and each part of the others: a million rows are sorted."""
_GRACE_SECONDS = 5


async def export_records(context: Context, asked: ExportRequest) -> AsyncGenerator[str, None]:
    """Yields the text of the records, some rows at a time.

    Closing the iterator ends the query. A lost connection is not tried again, as a part may be written: raises
    DatabaseUnavailable. Raises the refusals of allowed_export before the first text.
    """
    allowed = await allowed_export(context, asked)
    limit = max(STATEMENT_SECONDS, context.settings.statement_timeout)
    async with context.database.unit_of_work(context.principal.scope) as unit:
        await unit.connection.execute(f"SET LOCAL statement_timeout = '{limit}s'")
        text = statement_of(allowed.records, for_platform=context.principal.is_platform_admin)
        statement = await unit.connection.prepare(text)
        columns = [attribute.name for attribute in statement.get_attributes()]
        yield head_of(allowed.export_format, columns)
        waits = limit + _GRACE_SECONDS
        cursor = await statement.cursor(allowed.first_day, allowed.end, allowed.tenant_id, timeout=waits)
        while rows := await cursor.fetch(ROWS_PER_FETCH, timeout=waits):
            yield "".join(row_text(allowed.export_format, columns, row) for row in rows)
