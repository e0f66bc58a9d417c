"""The sockets that `arcadia serve` listens on, bound before anything else is started."""

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from app.cli.command_refused import CommandRefusedError


@contextmanager
def bound(host: str, port: int) -> Iterator[list[socket.socket]]:
    """Yields a socket for each address of the host, bound but not yet listening; port 0 chooses a free port.

    Raises CommandRefusedError. Closes the sockets at the end.
    """
    opened: list[socket.socket] = []
    try:
        for family, address in _addresses(host, port):
            chosen = opened[0].getsockname()[1] if opened else port
            opened.append(_bind(family, host, (address, chosen)))
        yield opened
    finally:
        for each in opened:
            each.close()


def listen(sockets: list[socket.socket], host: str, backlog: int = 2048) -> None:
    """Starts listening. Raises CommandRefusedError if another process has begun to listen there meanwhile."""
    for each in sockets:
        with _refusal_message(host, each.getsockname()[1]):
            each.listen(backlog)


def url_of(host: str, port: int, path: str) -> str:
    return f"http://{_address(host, port)}{path}"


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _addresses(host: str, port: int) -> list[tuple[int, str]]:
    try:
        address_infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not a host name"
        raise CommandRefusedError(f"--host {host} cannot be resolved: {reason}.") from error
    return list(dict.fromkeys((int(family), str(address[0])) for family, _, _, _, address in address_infos))


def _bind(family: int, host: str, address: tuple[str, int]) -> socket.socket:
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Connections inherit it. asyncio sets it only on sockets that it created itself, and without it the body of a
        # response waits 40 ms for the client to acknowledge the headers.
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if family == socket.AF_INET6:
            with suppress(OSError):  # so that :: leaves 0.0.0.0 to other sockets, as asyncio's own servers do
                opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        with _refusal_message(host, address[1]):
            opened.bind(address)
    except BaseException:
        opened.close()
        raise
    return opened


@contextmanager
def _refusal_message(host: str, port: int) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        match error.errno:
            case errno.EADDRINUSE:
                message = (
                    f"{_address(host, port)} is in use: stop the program that listens there, or choose another --port."
                )
            case errno.EADDRNOTAVAIL:
                message = f"--host {host} is not an address of this machine."
            case _:
                message = f"{_address(host, port)} cannot be listened on: {error.strerror}."
        raise CommandRefusedError(message) from error
