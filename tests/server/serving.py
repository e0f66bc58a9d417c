"""An application served by uvicorn on a port of its own, in this process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

from app.server.uvicorn_config import server_config


@asynccontextmanager
async def served(application: Any) -> AsyncIterator[str]:
    """The base URL, such as http://127.0.0.1:41234."""
    server = uvicorn.Server(server_config(application, "127.0.0.1", 0))
    running = asyncio.create_task(server.serve())
    while not server.started:
        if running.done():
            await running
            raise RuntimeError("the server did not start")
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await running
