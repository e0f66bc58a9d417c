"""Runs pytest against Debian's PostgreSQL 15: a cluster of its own on a port of its own, password sign-in, TLS only.

python -m tests.debian_postgresql tests/database tests/tables
"""

import os
import secrets
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.postgres import EXTERNAL

PROGRAMS = Path("/usr/lib/postgresql/15/bin")
USER = "postgres"
HOST = "127.0.0.1"
SETTINGS = """
ssl = on
ssl_cert_file = 'server.crt'
ssl_key_file = 'server.key'
fsync = off
max_connections = 200
"""
RULES = """
local all all trust
hostssl all all 127.0.0.1/32 scram-sha-256
"""


def main(arguments: list[str]) -> int:
    """Pytest's exit code."""
    with cluster() as url:
        return subprocess.run(
            [sys.executable, "-m", "pytest", *arguments], env=os.environ | {EXTERNAL: url}, check=False
        ).returncode


@contextmanager
def cluster() -> Iterator[str]:
    """The URL of its superuser, with a certificate that the client verifies."""
    password, port = secrets.token_urlsafe(24), _free_port()
    with TemporaryDirectory(prefix="arcadia-postgresql15-") as folder:
        data, word = Path(folder) / "data", Path(folder) / "password"
        word.write_text(password)
        _give(Path(folder), word)
        _run(
            "initdb",
            f"--pgdata={data}",
            f"--username={USER}",
            f"--pwfile={word}",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--auth=scram-sha-256",
        )
        _certify(data)
        (data / "pg_hba.conf").write_text(RULES)
        with (data / "postgresql.conf").open("a") as configuration:
            configuration.write(f"{SETTINGS}\nport = {port}\nlisten_addresses = '{HOST}'\n")
            configuration.write(f"unix_socket_directories = '{data}'\n")
        _run("pg_ctl", "start", "--wait", f"--pgdata={data}", f"--log={data / 'log'}")
        try:
            secure = f"sslmode=verify-full&sslrootcert={data / 'server.crt'}"
            Path(folder).chmod(0o755)
            yield f"postgresql://{USER}:{password}@{HOST}:{port}/postgres?{secure}"
        finally:
            _run("pg_ctl", "stop", "--mode=immediate", f"--pgdata={data}")


def _certify(data: Path) -> None:
    """Creates a self-signed certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    (data / "server.crt").write_bytes(certificate.public_bytes(Encoding.PEM))
    private = data / "server.key"
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    private.chmod(0o600)
    _give(data / "server.crt", private)


def _run(program: str, *arguments: str) -> None:
    """Runs a program as Debian's user `postgres`, because PostgreSQL refuses to run as root."""
    become = ["runuser", "--user", USER, "--"] if os.geteuid() == 0 else []
    subprocess.run([*become, str(PROGRAMS / program), *arguments], check=True, stdout=subprocess.DEVNULL, cwd="/")


def _give(*paths: Path) -> None:
    if os.geteuid() == 0:
        for path in paths:
            shutil.chown(path, USER)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
