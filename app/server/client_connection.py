"""Work that is for one client, and stops when the client has disconnected."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def while_connected(work: Coroutine[Any, Any, None], receive: Any) -> bool:
    """Runs the work of a request whose body was received; returns whether it was completed. It is cancelled, and
    waited for, once the client disconnects.
    """
    working, gone = asyncio.create_task(work), asyncio.create_task(_disconnected(receive))
    try:
        await asyncio.wait((working, gone), return_when=asyncio.FIRST_COMPLETED)
        ended = working.done()
    finally:
        for task in (working, gone):
            task.cancel()  # does nothing to a task that is done
        await asyncio.wait((working, gone))
    if not working.cancelled():
        working.result()
    return ended


async def _disconnected(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
