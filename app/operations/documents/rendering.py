"""Renders the PDFs of issued documents, and keeps their bytes with their SHA-256."""

import asyncio
import logging
from hashlib import sha256
from uuid import UUID

from app.database import UnitOfWork
from app.operations.calls.access import Action, authorise
from app.operations.calls.context import Context
from app.operations.calls.transaction import transact
from app.operations.documents.document_data import DocumentKind
from app.operations.documents.gathering import gather
from app.operations.documents.pdf import render_pdf
from app.operations.finance.push_recording import push_document

SHORT_LINES = 100
"""A longer document is rendered by the job: locks are held while one is issued, and numbers wait for them."""

MAX_DOCUMENTS = 10_000
"""In one call, so that its job ends in time; the job comes again every few minutes."""

_NO_ID = UUID(int=0)
_LINES = """
SELECT (SELECT count(*) FROM tenant_invoice_lines WHERE tenant_id = $1 AND invoice_id = $2)
     + (SELECT count(*) FROM credit_note_lines WHERE tenant_id = $1 AND credit_note_id = $2)
"""
_NEXT = """
SELECT d.id, d.tenant_id, d.invoice_id FROM issued_documents d
WHERE d.id > $1 AND d.pdf_sha256 IS NULL ORDER BY d.id LIMIT 1
"""
_LOCK = """
SELECT FROM issued_documents WHERE tenant_id = $1 AND id = $2 AND pdf_sha256 IS NULL FOR UPDATE SKIP LOCKED
"""
_KEEP = "UPDATE issued_documents SET pdf = $3, pdf_sha256 = $4 WHERE tenant_id = $1 AND id = $2 AND pdf IS NULL"

logger = logging.getLogger(__name__)


async def render_short_document(
    unit: UnitOfWork, context: Context, tenant_id: UUID, document_id: UUID, kind: DocumentKind
) -> None:
    """Renders the document that the transaction issues, unless it is long: then the job does."""
    if await unit.connection.fetchval(_LINES, tenant_id, document_id) <= SHORT_LINES:
        await _render(unit, context, tenant_id, document_id, kind)


async def render_documents(context: Context) -> int:
    """Renders issued documents that have no PDF yet, one in a transaction and MAX_DOCUMENTS at most; returns their
    number.

    Several calls at once share them. A document that cannot be rendered is logged, and the others are rendered.
    """
    authorise(context, Action.RENDER_DOCUMENTS)
    rendered, last = 0, _NO_ID

    async def work(unit: UnitOfWork) -> bool | None:
        """Renders the next document; None if there is none, False if another call renders it."""
        nonlocal last
        row = await unit.connection.fetchrow(_NEXT, last)
        if row is None:
            return None
        last = row["id"]
        if await unit.connection.fetchrow(_LOCK, row["tenant_id"], last) is None:
            return False
        kind = DocumentKind.CREDIT_NOTE if row["invoice_id"] is None else DocumentKind.INVOICE
        await _render(unit, context, row["tenant_id"], last, kind)
        await push_document(unit, row["tenant_id"], last, row["invoice_id"], context.clock())
        return True

    while rendered < MAX_DOCUMENTS:
        before = last
        try:
            done = await transact(context, work)
        except Exception:
            if last == before:
                raise  # no document's fault
            logger.exception("Document %s cannot be rendered.", last)
            continue
        if done is None:
            break
        rendered += done
    return rendered


async def _render(unit: UnitOfWork, context: Context, tenant_id: UUID, document_id: UUID, kind: DocumentKind) -> None:
    document = await gather(unit, context, tenant_id, document_id, kind)
    pdf = await asyncio.to_thread(render_pdf, document, context.settings.supplier_logo)
    await unit.connection.execute(_KEEP, tenant_id, document_id, pdf, sha256(pdf).hexdigest())
