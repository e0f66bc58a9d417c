"""The links to an invoice's or credit note's document."""

from collections.abc import Mapping
from typing import Any

from app.operations.documents.links import DocumentFormat, document_url, signed_url
from app.reads import PythonFieldInfo, Rows
from app.schema.context import RequestContext

Info = PythonFieldInfo[RequestContext]


def pdf_urls(rows: Rows, info: Info) -> list[str]:
    """The signed links to the PDFs."""
    return [_signed(row, info, DocumentFormat.PDF) for row in rows]


def html_urls(rows: Rows, info: Info) -> list[str]:
    """The signed links to the HTML pages."""
    return [_signed(row, info, DocumentFormat.HTML) for row in rows]


def e_invoice_urls(rows: Rows, info: Info) -> list[str | None]:
    """The signed links to the e-invoices, which drafts do not have."""
    return [None if row["number"] is None else _signed(row, info, DocumentFormat.XML) for row in rows]


def document_urls(rows: Rows, info: Info) -> list[str]:
    """The permanent URLs of the PDFs."""
    settings = info.request.operations.settings
    return [document_url(settings, row["id"], DocumentFormat.PDF) for row in rows]


def _signed(row: Mapping[str, Any], info: Info, document_format: DocumentFormat) -> str:
    operations = info.request.operations
    return signed_url(operations.settings, row["id"], document_format, row["tenant_id"], operations.clock())


PDF = (
    "A link to the document as PDF that works without a token for five minutes. Relative to the API's host if "
    "ARCADIA_PUBLIC_URL is not set."
)
HTML = "A link to the document as an HTML page, with what is paid and due now; as `pdfUrl`."
E_INVOICE = "A link to the e-invoice (UBL 2.1, Peppol PINT A-NZ); as `pdfUrl`. Null for a draft."
DOCUMENT = (
    "The permanent URL of the PDF: requests need a bearer token. `.html` and `.xml` in place of `.pdf` are the "
    "other formats."
)
SHA256 = (
    "The SHA-256 of the PDF's bytes, in hexadecimal, which never change; null for a draft, and until the PDF of "
    "an issued document with many lines or of an issue run is rendered, usually within seconds."
)
