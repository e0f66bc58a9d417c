"""Debian's nginx in front of a served application, on ports of its own."""

import asyncio
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

_CONFIGURATION = """
daemon off;
master_process off;
pid nginx.pid;
error_log stderr;
events {{}}
http {{
  access_log off;
  client_body_temp_path temp; proxy_temp_path temp; fastcgi_temp_path temp; uwsgi_temp_path temp; scgi_temp_path temp;
  map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
  server {{
    listen 127.0.0.1:{port};
    proxy_http_version 1.1;
    proxy_set_header Host {host};
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $connection_upgrade;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Proto $scheme;
    location {location} {{ proxy_pass {upstream}; }}
  }}
}}
"""


def executable() -> str | None:
    return shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def nginx(port: int, upstream: str, *, location: str = "/", host: str = "$http_host") -> AsyncIterator[None]:
    """Runs nginx, which forwards requests under `location` to `upstream`; a path in `upstream`
    replaces the location.
    """
    program = executable()
    assert program is not None
    with tempfile.TemporaryDirectory() as folder:
        text = _CONFIGURATION.format(port=port, host=host, location=location, upstream=upstream)
        (Path(folder) / "nginx.conf").write_text(text)
        process = await asyncio.create_subprocess_exec(
            program, "-p", folder, "-c", "nginx.conf", "-e", "stderr", stderr=asyncio.subprocess.DEVNULL
        )
        try:
            await _listening(port, process)
            yield
        finally:
            process.terminate()
            await process.wait()


async def _listening(port: int, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(10):
        while process.returncode is None:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return
    raise RuntimeError("nginx did not start")
