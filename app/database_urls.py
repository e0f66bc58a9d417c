"""Parses PostgreSQL URLs with libpq, because two drivers must interpret them in the same way: psycopg, which uses
libpq, and asyncpg, which has its own parser and treats unknown parameters as settings of the server.
"""

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import psycopg
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict

UNREADABLE = (
    "cannot be read: percent-encode the special characters in its user and password"
    " (/ as %2F, @ as %40, : as %3A, % as %25, a space as %20)"
)
_SCHEMES = ("postgresql://", "postgres://")
_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")

_ASYNCPG_PARAMETERS = (
    *("sslmode", "sslcert", "sslkey", "sslrootcert", "sslcrl", "sslpassword", "sslnegotiation"),
    *("ssl_min_protocol_version", "ssl_max_protocol_version", "target_session_attrs"),
    *("passfile", "service", "krbsrvname", "gsslib"),
)
_SOCKET_OPTIONS = {
    "keepalives_idle": "TCP_KEEPIDLE",
    "keepalives_interval": "TCP_KEEPINTVL",
    "keepalives_count": "TCP_KEEPCNT",
    "tcp_user_timeout": "TCP_USER_TIMEOUT",
}
_SOCKET_PARAMETERS = ("keepalives", *_SOCKET_OPTIONS)
_SUPPORTED_PARAMETERS = (
    "host",
    "port",
    "user",
    "password",
    "dbname",
    "connect_timeout",
    "application_name",
    "options",
    *_SOCKET_PARAMETERS,
)
_WITHOUT_EFFECT = {
    "channel_binding": {"disable", "prefer"},
    "client_encoding": {"utf8", "utf-8", "unicode", "auto"},
    "fallback_application_name": None,
    "gssencmode": {"disable", "prefer"},
    "load_balance_hosts": {"disable"},
    "sslcompression": {"0"},
    "sslsni": {"1"},
}
"""Parameters that asyncpg does not know, and the values (None: any) for which that makes no difference."""


@dataclass(frozen=True, slots=True)
class Server:
    """The parts of a URL. Without hosts, the driver's default applies: a local socket. `parameters` are those that both
    drivers use, `keepalives` those of the TCP socket; times are in seconds, `tcp_user_timeout` in milliseconds.
    """

    hosts: tuple[tuple[str, int], ...]
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    database: str | None = None
    connect_timeout: int | None = None
    application_name: str | None = None
    options: str | None = None
    keepalives: Mapping[str, int] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def place(self) -> str:
        """Host, port and database, without user and password: for messages."""
        hosts = [host if host.startswith("/") else f"{_bracketed(host)}:{port}" for host, port in self.hosts]
        return f"{','.join(hosts) or 'the local socket'}/{self.database or ''}"

    @property
    def session(self) -> dict[str, str]:
        """The settings to send in the start-up packet, as asyncpg's `server_settings`."""
        parameters = {"application_name": self.application_name, "options": self.options}
        return {name: value for name, value in parameters.items() if value is not None}

    @property
    def asyncpg_dsn(self) -> str:
        """Returns a URL that means the same to asyncpg as this one to libpq: all its parts are
        parameters of the query.
        """
        parameters: dict[str, Any] = {"user": self.user, "password": self.password, "dbname": self.database}
        if self.hosts:
            parameters["host"] = ",".join(_bracketed(host) for host, _ in self.hosts)
            parameters["port"] = ",".join(str(port) for _, port in self.hosts)
        parameters |= self.parameters
        query = urlencode({name: value for name, value in parameters.items() if value is not None}, quote_via=quote)
        return f"postgresql://?{query}"


def parse(url: str) -> Server:
    """Parses a URL. Raises ValueError, whose message completes "ARCADIA_DATABASE_URL …" and contains no part of a
    password.
    """
    if not url.startswith(_SCHEMES):
        raise ValueError("must be a URL that starts with postgresql:// or postgres://")
    url_parameters = _read(url)
    _require_supported(url_parameters)
    if url_parameters.get("sslmode", "prefer") not in _SSL_MODES:
        raise ValueError(f"has an unknown sslmode: use one of {', '.join(_SSL_MODES)}")
    if url_parameters.get("sslrootcert") == "system":
        raise ValueError("has sslrootcert=system, which is not supported: name the file of the certificates")
    return Server(
        _hosts(url_parameters),
        user=url_parameters.get("user"),
        password=url_parameters.get("password"),
        database=url_parameters.get("dbname"),
        connect_timeout=_number(url_parameters, "connect_timeout") or None,
        application_name=url_parameters.get("application_name"),
        options=url_parameters.get("options"),
        keepalives={name: _number(url_parameters, name) for name in _SOCKET_PARAMETERS if name in url_parameters},
        parameters={name: url_parameters[name] for name in _ASYNCPG_PARAMETERS if name in url_parameters},
    )


def postgresql_url(text: str) -> str:
    """The parser of a setting: returns the URL unchanged if it is valid. Raises ValueError as `parse` does."""
    parse(text)
    return text


def keep_alive(connected: socket.socket, keepalives: Mapping[str, int]) -> None:
    """Sets the keepalives of a TCP socket, as libpq does; 0 keeps the system's value."""
    if connected.family == socket.AF_UNIX or keepalives.get("keepalives") == 0:
        return
    if keepalives:
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, option in _SOCKET_OPTIONS.items():
        if keepalives.get(name) and hasattr(socket, option):
            connected.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), keepalives[name])


def _read(url: str) -> dict[str, str]:
    """Parses with libpq. A / or @ in a password ends the authority part for libpq; then another @ follows, by which
    this is detected.
    """
    authority, _, behind = url.partition("://")[2].partition("/")
    if "@" in behind.partition("?")[0]:
        raise ValueError(UNREADABLE)
    try:
        read: dict[str, str] = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    except psycopg.Error:
        _require_known_parameters(behind.partition("?")[2])
        raise ValueError(UNREADABLE) from None
    if "@" in read.get("host", "") or authority.count("@") > 1:
        raise ValueError(UNREADABLE)
    return read


def _require_known_parameters(query: str) -> None:
    """Raises ValueError for the first unknown parameter, unless the query may contain a part of a password."""
    if "@" in query:
        return
    known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()} | {"ssl"}
    for name_and_value in query.split("&"):
        name = name_and_value.partition("=")[0]
        if name.isidentifier() and name not in known:
            raise ValueError(
                f"has {name}, which is not a connection parameter: pass a setting of the server as"
                f" options=-c%20{name}%3D…"
            )


def _require_supported(url_parameters: Mapping[str, str]) -> None:
    for name, value in url_parameters.items():
        if name in _SUPPORTED_PARAMETERS or name in _ASYNCPG_PARAMETERS:
            continue
        if name not in _WITHOUT_EFFECT:
            parameter_text = f"{name}={value}" if name == "replication" else name
            raise ValueError(f"has {parameter_text}, which is not supported: omit it")
        values = _WITHOUT_EFFECT[name]
        if values is not None and value.lower() not in values:
            raise ValueError(f"has {name}={value}, which is not supported: omit it")


def _hosts(url_parameters: Mapping[str, str]) -> tuple[tuple[str, int], ...]:
    hosts = url_parameters["host"].split(",") if url_parameters.get("host") else []
    ports = [_port(port) for port in url_parameters.get("port", "").split(",")]
    if len(ports) == 1:
        ports *= max(1, len(hosts))
    if hosts and len(ports) != len(hosts):
        raise ValueError(f"has {len(ports)} ports for {len(hosts)} hosts")
    return tuple(zip(hosts, ports, strict=False))


def _port(text: str) -> int:
    port = int(text) if text.isascii() and text.isdigit() else 0 if text else 5432
    if not 0 < port <= 65535:
        raise ValueError("has a port that is not a number from 1 to 65535")
    return port


def _number(url_parameters: Mapping[str, str], name: str) -> int:
    text = url_parameters.get(name, "0")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ValueError(f"has a {name} that is not a whole number")
    return int(text)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("/") else host
