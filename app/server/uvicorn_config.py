"""The configuration of uvicorn, with the limits that only the server can enforce."""

from typing import Any, Literal

import uvicorn

from app.server.http_protocol import BoundedHttpProtocol
from app.server.socket_protocol import BoundedSocketProtocol
from app.server.sockets import MAX_MESSAGE_BYTES

GRACEFUL_STOP_SECONDS = 30
"""How long running requests may take to finish after SIGTERM."""


def server_config(
    application: Any, host: str = "127.0.0.1", port: int = 0, *, lifespan: Literal["auto", "off"] = "auto"
) -> uvicorn.Config:
    """Returns a uvicorn configuration; `uvicorn.Server(config).run()` serves it. Logging is not changed."""
    return uvicorn.Config(
        application,
        host=host,
        port=port,
        http=BoundedHttpProtocol,
        ws=BoundedSocketProtocol,
        lifespan=lifespan,
        ws_max_size=MAX_MESSAGE_BYTES,
        ws_per_message_deflate=False,  # a small frame could decompress to far more than the limit
        timeout_graceful_shutdown=GRACEFUL_STOP_SECONDS,
        server_header=False,
        proxy_headers=False,  # proxies.py handles them by ARCADIA_TRUSTED_PROXIES
        access_log=False,
        log_config=None,
    )
