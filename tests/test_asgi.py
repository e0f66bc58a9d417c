"""The application as an ASGI server imports it."""

import asyncio
import os
import socket
import sys

import httpx

from app.database import Database
from app.settings import Settings
from tests.conftest import SECRET


async def test_a_server_finds_the_application_by_name(database: Database, settings: Settings) -> None:
    assert database.settings.database_url is not None
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        command = [sys.executable, "-m", "uvicorn", "app.asgi:application", "--fd", str(listening.fileno())]
        server = await asyncio.create_subprocess_exec(
            *command,
            env={
                **os.environ,
                "ARCADIA_DATABASE_URL": database.settings.database_url,
                "ARCADIA_DATA_DIR": str(settings.data_dir),
                "ARCADIA_JWT_SECRET": SECRET,
            },
            pass_fds=[listening.fileno()],
        )
        listening.listen()
        try:
            async with httpx.AsyncClient(base_url=address, timeout=60) as client:  # waits in the socket's own queue
                assert (await client.get("/ready")).json()["status"] == "ready"
        finally:
            server.terminate()
            await server.wait()
