"""Debian's PgBouncer in transaction mode, before the tests' PostgreSQL."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, quote, unquote, urlsplit

from tests.database.owners import PASSWORD

PROGRAM = Path("/usr/sbin/pgbouncer")
USER = "postgres"

_CONFIGURATION = """
[databases]
* = host={host} port={port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen_port}
unix_socket_dir =
auth_type = plain
auth_file = {folder}/users
pool_mode = transaction
default_pool_size = 4
server_tls_sslmode = {tls}
{more}
"""


@contextmanager
def pooling(server_url: str, logins: list[str], more: str = "") -> Iterator[int]:
    """PgBouncer's port. The logins have the password of tests; `more`: lines of its configuration."""
    with TemporaryDirectory(prefix="arcadia-pgbouncer-") as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
        probe.close()
        parts = urlsplit(server_url)
        host = parts.hostname or unquote(parse_qs(parts.query)["host"][0])
        configuration, users = Path(folder) / "pgbouncer.ini", Path(folder) / "users"
        configuration.write_text(
            _CONFIGURATION.format(
                host=host,
                port=parts.port or 5432,
                listen_port=port,
                folder=folder,
                tls="require" if "sslmode" in parts.query else "disable",
                more=more,
            )
        )
        users.write_text("".join(f'"{login}" "{PASSWORD}"\n' for login in logins))
        become = []
        if os.geteuid() == 0:
            user = Path(host).owner() if host.startswith("/") else USER  # the user who owns the server's socket
            become = ["runuser", "--user", user, "--"]
            for path in (Path(folder), configuration, users):
                shutil.chown(path, user)
        process = subprocess.Popen(
            [*become, str(PROGRAM), "--quiet", str(configuration)], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        try:
            _wait(port)
            yield port
        finally:
            process.terminate()
            process.wait(10)


def pooled_url(login: str, port: int, database: str) -> str:
    return f"postgresql://{login}:{quote(PASSWORD, safe='')}@127.0.0.1:{port}/{database}"


def _wait(port: int) -> None:
    for _ in range(200):
        try:
            with socket.create_connection(("127.0.0.1", port), 1):
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("PgBouncer does not start")
