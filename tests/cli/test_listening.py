"""The sockets that `arcadia serve` listens on."""

import socket

from app.cli.listening import bound, listen

HOST = "127.0.0.1"


def test_answers_do_not_wait_for_acknowledgements() -> None:
    with bound(HOST, 0) as sockets:
        listen(sockets, HOST)
        with socket.create_connection(sockets[0].getsockname()):
            accepted, _ = sockets[0].accept()
            with accepted:
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
