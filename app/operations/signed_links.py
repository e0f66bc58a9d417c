"""Signatures of links that work without a token for five minutes, made with ARCADIA_LINK_SECRET."""

import hmac
from datetime import datetime, timedelta
from hashlib import sha256

from app.operations.calls.kept_secret import kept_secret
from app.settings import Settings

VALID_FOR = timedelta(minutes=5)
SECRET_FILE = "link-secret"  # noqa: S105 - its name, not its content


LINK_SUBJECT = "signed link"
"""The subject of whoever opens a signed link."""


class LinkInvalidError(Exception):
    """The link was altered, or signed with a secret that is not accepted."""


class LinkExpiredError(Exception):
    """The link was valid until an earlier time."""


def expiry(now: datetime) -> int:
    """Returns when a link made now expires, in seconds since 1970."""
    return int((now + VALID_FOR).timestamp())


def sign(settings: Settings, text: str) -> str:
    """Returns the signature of everything that a link is bound to, in hexadecimal."""
    return _signature(_secrets(settings)[0], text)


def check_signature(settings: Settings, text: str, signature: str, *, expires: int, now: datetime) -> None:
    """Raises LinkInvalidError unless an accepted secret signed the text, and LinkExpiredError once it has expired."""
    accepted = [
        hmac.compare_digest(_signature(secret, text).encode(), signature.encode()) for secret in _secrets(settings)
    ]
    if not any(accepted):
        raise LinkInvalidError
    if now.timestamp() >= expires:
        raise LinkExpiredError


def _signature(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), text.encode(), sha256).hexdigest()


def _secrets(settings: Settings) -> tuple[str, ...]:
    """The accepted secrets; the first signs."""
    current = settings.link_secret or kept_secret(settings.data_dir / SECRET_FILE)
    previous = settings.previous_link_secret
    return (current,) if previous is None else (current, previous)
