"""Which URLs may be a webhook endpoint's: https, without credentials, at a public address."""

from urllib.parse import urlsplit

from app.billing import InputFault
from app.operations.webhooks.addresses import AddressRefused, Resolver, checked_addresses, is_loopback, resolve

MAX_URL_LENGTH = 2_000
_FIELD = ("url",)


async def url_faults(url: str, *, allow_loopback: bool, resolver: Resolver = resolve) -> list[InputFault]:
    """Returns what is wrong with the URL, which is resolved once for this. Where loopback addresses are allowed, in
    development, http is allowed with them.
    """
    fault = _form_fault(url)
    if fault is not None:
        return [InputFault(_FIELD, fault)]
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    try:
        addresses = await checked_addresses(resolver, host, port, allow_loopback=allow_loopback)
    except AddressRefused as refused:
        return [InputFault(_FIELD, str(refused))]
    if parts.scheme == "http" and not (allow_loopback and all(map(is_loopback, addresses))):
        return [InputFault(_FIELD, "must begin with https://")]
    return []


def _form_fault(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is not a URL"
    if len(url) > MAX_URL_LENGTH:
        return f"must be at most {MAX_URL_LENGTH} characters long"
    if parts.scheme not in {"https", "http"}:
        return "must begin with https://"
    if parts.username is not None or parts.password is not None:
        return "must not contain a user name or password"
    if not host or not url.isascii() or any(character.isspace() or character < "!" for character in url):
        return "must be a URL of ASCII characters with a host"
    return None if not parts.fragment else "must not have a fragment"
