"""The secrets of webhook endpoints: made here, shown once, and stored encrypted, because signing needs them again."""

import base64
import secrets
from datetime import UTC, datetime
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from standardwebhooks import Webhook

from app.operations.calls.refusal import ProblemCode, Refusal
from app.settings import Settings

_PREFIX = "whsec_"
_SECRET_BYTES = 32
_DEVELOPMENT_KEY = "the key of development, which protects nothing"


class SecretUnreadable(Exception):
    """A stored secret cannot be decrypted with ARCADIA_WEBHOOK_KEY: the key was replaced and not kept as the second."""


def new_secret() -> str:
    return _PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def encrypt(settings: Settings, secret: str) -> str:
    """Returns the secret as it is stored. Raises CONFLICT in production if there is no key."""
    return _cipher(settings).encrypt(secret.encode()).decode()


def decrypt(settings: Settings, stored: str) -> str:
    """Returns a stored secret. Raises SecretUnreadable."""
    try:
        return _cipher(settings).decrypt(stored.encode()).decode()
    except InvalidToken as error:
        raise SecretUnreadable("ARCADIA_WEBHOOK_KEY is not the key with which the secret was encrypted") from error


def signature_of(signing_secrets: list[str], message_id: str, timestamp: datetime, body: bytes) -> str:
    """Returns the value of webhook-signature: a signature by each of the secrets, the current one first."""
    instant = timestamp.astimezone(UTC)  # sign() takes any other zone for UTC
    return " ".join(Webhook(secret).sign(message_id, instant, body.decode()) for secret in signing_secrets)


def _cipher(settings: Settings) -> MultiFernet:
    keys = settings.webhook_key
    if not keys and settings.production:
        raise Refusal(ProblemCode.CONFLICT, "webhooks need a key: an operator must set ARCADIA_WEBHOOK_KEY")
    digests = (sha256(key.encode()).digest() for key in keys or (_DEVELOPMENT_KEY,))
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
