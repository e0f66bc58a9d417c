"""Links to documents that work without a token for five minutes, signed with ARCADIA_LINK_SECRET."""

import hmac
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from app.operations.calls.kept_secret import kept_secret
from app.settings import Settings

VALID_FOR = timedelta(minutes=5)
SECRET_FILE = "link-secret"  # noqa: S105 - its name, not its content
PATH = "/documents"


class DocumentFormat(StrEnum):
    """The format of a document, which is also its suffix."""

    PDF = "pdf"
    HTML = "html"
    XML = "xml"


class LinkInvalidError(Exception):
    """The link was altered, or signed with a secret that is not accepted."""


class LinkExpiredError(Exception):
    """The link was valid until an earlier time."""


class SignedLink(NamedTuple):
    """What a link is signed for. expires: in seconds since 1970."""

    document_id: UUID
    document_format: DocumentFormat
    tenant_id: UUID
    expires: int

    def signature(self, secret: str) -> str:
        """HMAC-SHA256 over the link's parts, in hexadecimal."""
        text = f"{self.document_id}.{self.document_format}\n{self.tenant_id}\n{self.expires}"
        return hmac.new(secret.encode(), text.encode(), sha256).hexdigest()


def document_url(settings: Settings, document_id: UUID, document_format: DocumentFormat) -> str:
    """The document's permanent URL, which requires a token. Without ARCADIA_PUBLIC_URL it is relative to the host."""
    return f"{settings.public_url or ''}{PATH}/{document_id}.{document_format}"


def signed_url(
    settings: Settings, document_id: UUID, document_format: DocumentFormat, tenant_id: UUID, now: datetime
) -> str:
    """The document's URL with a signature that is accepted for VALID_FOR."""
    link = SignedLink(document_id, document_format, tenant_id, int((now + VALID_FOR).timestamp()))
    query = urlencode(
        {"tenant": str(tenant_id), "expires": link.expires, "signature": link.signature(_secrets(settings)[0])}
    )
    return f"{document_url(settings, document_id, document_format)}?{query}"


def check_link(settings: Settings, link: SignedLink, signature: str, now: datetime) -> None:
    """Raises LinkInvalidError unless an accepted secret signed the link, and LinkExpiredError once it has expired."""
    accepted = [
        hmac.compare_digest(link.signature(secret).encode(), signature.encode()) for secret in _secrets(settings)
    ]
    if not any(accepted):
        raise LinkInvalidError
    if now.timestamp() >= link.expires:
        raise LinkExpiredError


def _secrets(settings: Settings) -> tuple[str, ...]:
    """The accepted secrets; the first signs."""
    current = settings.link_secret or kept_secret(settings.data_dir / SECRET_FILE)
    previous = settings.previous_link_secret
    return (current,) if previous is None else (current, previous)
