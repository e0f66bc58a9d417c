"""Reads a document as PDF, HTML or e-invoice, for a caller who may see it."""

import asyncio
from typing import NamedTuple
from uuid import UUID

from app.database import UnitOfWork
from app.database.scope import PLATFORM
from app.operations.calls.access import Action, authorise, not_found
from app.operations.calls.context import Context
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.documents.document_data import DocumentData
from app.operations.documents.e_invoice import e_invoice
from app.operations.documents.gathering import find_document, gather
from app.operations.documents.html import render_html
from app.operations.documents.links import DocumentFormat
from app.operations.documents.pdf import render_pdf

_KEPT = """
SELECT d.pdf, coalesce(i.number, n.number) AS number FROM issued_documents d
LEFT JOIN tenant_invoices i ON i.tenant_id = d.tenant_id AND i.id = d.invoice_id
LEFT JOIN credit_notes n ON n.tenant_id = d.tenant_id AND n.id = d.credit_note_id
WHERE d.tenant_id = $1 AND d.id = $2 AND d.pdf IS NOT NULL
"""


class DocumentFile(NamedTuple):
    """A document's bytes, and the name to save them under."""

    content: bytes
    name: str


async def read_document(context: Context, document_id: UUID, document_format: DocumentFormat) -> DocumentFile:
    """Returns the document. The PDF of an issued one is the kept one; that of a draft is rendered anew.

    Raises PERMISSION_DENIED; NOT_FOUND, also for another tenant's document; INVOICE_NOT_ISSUED for the e-invoice of a
    draft.
    """
    authorise(context, Action.READ_DOCUMENT)
    scope = context.principal.scope
    only = None if scope == PLATFORM else context.principal.tenant_id

    async def work(unit: UnitOfWork) -> DocumentData | DocumentFile:
        found = await find_document(unit, document_id, only)
        if found is None:
            raise not_found("document", document_id)
        tenant_id, kind = found
        if document_format is DocumentFormat.PDF:
            kept = await unit.connection.fetchrow(_KEPT, tenant_id, document_id)
            if kept is not None:
                return DocumentFile(kept["pdf"], _name(kept["number"], document_format))
        every_line = document_format is DocumentFormat.XML
        return await gather(unit, context, tenant_id, document_id, kind, every_line=every_line)

    read = await context.database.run_in_transaction(scope, work)
    if isinstance(read, DocumentFile):
        return read
    content = await asyncio.to_thread(_content, context, read, document_format)
    return DocumentFile(content, _name(read.number, document_format))


def _name(number: str | None, document_format: DocumentFormat) -> str:
    return f"{number or 'draft'}.{document_format}"


def _content(context: Context, document: DocumentData, document_format: DocumentFormat) -> bytes:
    match document_format:
        case DocumentFormat.PDF:
            return render_pdf(document, context.settings.supplier_logo)
        case DocumentFormat.HTML:
            return render_html(document, context.settings.supplier_logo)
        case DocumentFormat.XML:
            if document.draft:
                message = "a draft has no e-invoice; issue the invoice first"
                raise Refusal(ProblemCode.INVOICE_NOT_ISSUED, message)
            return e_invoice(document)
