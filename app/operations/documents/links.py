"""The addresses of documents, and their signed links."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from app.operations.signed_links import check_signature, expiry, sign
from app.settings import Settings

PATH = "/documents"


class DocumentFormat(StrEnum):
    """The format of a document, which is also its suffix."""

    PDF = "pdf"
    HTML = "html"
    XML = "xml"


class SignedLink(NamedTuple):
    """What a link is signed for. expires: in seconds since 1970."""

    document_id: UUID
    document_format: DocumentFormat
    tenant_id: UUID
    expires: int

    @property
    def text(self) -> str:
        """What the signature covers."""
        return f"{self.document_id}.{self.document_format}\n{self.tenant_id}\n{self.expires}"


def document_url(settings: Settings, document_id: UUID, document_format: DocumentFormat) -> str:
    """The document's permanent URL, which requires a token. Without ARCADIA_PUBLIC_URL it is relative to the host."""
    return f"{settings.public_url or ''}{PATH}/{document_id}.{document_format}"


def signed_url(
    settings: Settings, document_id: UUID, document_format: DocumentFormat, tenant_id: UUID, now: datetime
) -> str:
    """The document's URL with a signature that is accepted for five minutes."""
    link = SignedLink(document_id, document_format, tenant_id, expiry(now))
    query = {"tenant": str(tenant_id), "expires": link.expires, "signature": sign(settings, link.text)}
    return f"{document_url(settings, document_id, document_format)}?{urlencode(query)}"


def check_link(settings: Settings, link: SignedLink, signature: str, now: datetime) -> None:
    """Raises LinkInvalidError or LinkExpiredError unless the link is accepted now."""
    check_signature(settings, link.text, signature, expires=link.expires, now=now)
