"""Parsers for the settings about browsers, proxies and identity providers."""

import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from urllib.parse import SplitResult, urlsplit

Network = IPv4Network | IPv6Network

_DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[a-z0-9._-]+|\[[0-9a-f:.]+\]")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")
_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)*")
_WILDCARD_HOST = re.compile(r"\*(\.[a-z0-9_-]+){2,}")


def parse_origins(text: str) -> tuple[str, ...]:
    """Parses origins into the form that browsers send: lower case, without the default port or a trailing slash; each
    once.
    """
    return tuple(dict.fromkeys(_origin(part.strip()) for part in text.split(",") if part.strip()))


def parse_networks(text: str) -> tuple[Network, ...]:
    networks = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        try:
            networks.append(ip_network(part))
        except ValueError:
            raise ValueError(
                f"has {part}, which is neither an address such as 10.0.0.5 nor a network such as 10.0.0.0/8"
            ) from None
    return tuple(networks)


def parse_role_names(text: str) -> tuple[tuple[str, str], ...]:
    """Parses pairs of the identity provider's role name and ours."""
    pairs = [tuple(name.strip() for name in part.split("=")) for part in text.split(",") if part.strip()]
    if not all(len(pair) == 2 and all(pair) for pair in pairs):
        raise ValueError("must be pairs such as billing-admins=platform_admin, separated by commas")
    if len({provider_name for provider_name, _ in pairs}) < len(pairs):
        raise ValueError("has one name twice: each name maps to one role")
    return tuple((provider_name, role_name) for provider_name, role_name in pairs)


def parse_public_url(text: str) -> str:
    """Parses a URL of scheme, host, optional port and path, and removes a trailing slash."""
    parts = _split(text)
    if parts.scheme not in _DEFAULT_PORTS or parts.query or parts.fragment:
        raise ValueError("must be a URL such as https://example.com/billing, without a query")
    path = parts.path.rstrip("/")
    if not _PREFIX.fullmatch(path) or {".", ".."} & set(path.split("/")):
        raise ValueError(f"has the path {path}: use letters, digits and . _ ~ - between slashes")
    return _authority(text, parts) + path


def _origin(text: str) -> str:
    if text == "*":
        raise ValueError("has *, which would allow every origin: list the origins that may call the API")
    if text.lower() == "null":
        raise ValueError("has null, which files and sandboxed pages of every site send: serve the page from an origin")
    parts = _split(text)
    if not parts.scheme or "://" not in text:
        raise ValueError(f"has {text}, which lacks its scheme: write it as https://console.example.com")
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ValueError(f"has {text}: an origin has no path and no query")
    return _authority(text, parts, wildcard=True)


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise ValueError(f"has {text}, whose port or address is malformed") from None
    return parts


def _authority(text: str, parts: SplitResult, *, wildcard: bool = False) -> str:
    """Returns a URL's scheme://host:port in its normal form."""
    scheme = parts.scheme.lower()
    host, port = parts.netloc.lower(), parts.port
    if "@" in host:
        raise ValueError(f"has {text}: no user or password belongs there")
    if not _SCHEME.fullmatch(scheme):
        raise ValueError(f"has {text}, whose scheme is malformed")
    if not text.isascii():
        raise ValueError(f"has {text}: write the host in ASCII, as browsers do (xn--…)")
    if port is not None:
        host = host.rpartition(":")[0]
    host = host.removesuffix(":")
    if wildcard and "*" in host:
        if not _WILDCARD_HOST.fullmatch(host):
            raise ValueError(
                f"has {text}: a wildcard is allowed only for the subdomains of a domain, as in https://*.example.com"
            )
    elif not _HOST.fullmatch(host) and (host or scheme in _DEFAULT_PORTS):  # an origin of scheme app:// has no host
        raise ValueError(f"has {text}, whose host is malformed or missing")
    port_text = "" if port is None or port == _DEFAULT_PORTS.get(scheme) else f":{port}"
    return f"{scheme}://{host}{port_text}"
