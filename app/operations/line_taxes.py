"""Which taxes the lines of an invoice have, by their service month: read from the invoice's inputs."""

from datetime import date
from uuid import UUID

from app.billing import CorrectionInputs, QuoteHeader, parse_document, parse_header, tax_key
from app.database import UnitOfWork

# The header, and one correction of each month that has any: its header says which taxes the month's lines have.
_HEADERS = """
(SELECT document, NULL::date AS late_month FROM tenant_invoice_inputs
 WHERE tenant_id = $1 AND invoice_id = $2 AND position = 0)
UNION ALL
(SELECT DISTINCT ON (late_month) document, late_month FROM tenant_invoice_inputs
 WHERE tenant_id = $1 AND invoice_id = $2 AND late_month IS NOT NULL ORDER BY late_month, position)
"""


async def taxes_by_month(unit: UnitOfWork, tenant_id: UUID, invoice_id: UUID) -> dict[date, tuple[str, ...]]:
    """The keys of the tax lines that tax the lines of each service month."""
    documents = await unit.connection.fetch(_HEADERS, tenant_id, invoice_id)
    headers = [parse_header(document) for document, late_month in documents if late_month is None]
    if not headers:
        raise ValueError(f"the inputs of invoice {invoice_id} have no header")
    own = headers[0]
    keys = {own.period.start: _keys(own)}
    for document, late_month in documents:
        if late_month is not None:
            correction = parse_document(document, own)
            if not isinstance(correction, CorrectionInputs):
                raise ValueError(f"the inputs of {late_month} on invoice {invoice_id} are no correction")
            keys[late_month] = _keys(correction.header)
    return keys


def _keys(header: QuoteHeader) -> tuple[str, ...]:
    return () if header.tax_exempt else tuple(tax_key(tax) for tax in header.taxes if tax.rate)
