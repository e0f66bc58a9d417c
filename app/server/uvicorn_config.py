"""How uvicorn serves this API; the limits of the edge that only the server can hold."""

from typing import Any, Literal

import uvicorn

from app.server.http_protocol import BoundedHttpProtocol
from app.server.socket_protocol import BoundedSocketProtocol
from app.server.sockets import MAX_MESSAGE_BYTES

GRACEFUL_STOP_SECONDS = 30
"""What requests in hand get to finish after SIGTERM."""


def server_config(
    application: Any, host: str = "127.0.0.1", port: int = 0, *, lifespan: Literal["auto", "off"] = "auto"
) -> uvicorn.Config:
    """A uvicorn configuration; `uvicorn.Server(config).run()` serves it. Logging is left as it was set up."""
    return uvicorn.Config(
        application,
        host=host,
        port=port,
        http=BoundedHttpProtocol,
        ws=BoundedSocketProtocol,
        lifespan=lifespan,
        ws_max_size=MAX_MESSAGE_BYTES,
        ws_per_message_deflate=False,  # a small frame could unpack to far more than the limit, and deflate costs memory
        timeout_graceful_shutdown=GRACEFUL_STOP_SECONDS,
        server_header=False,
        proxy_headers=False,  # ARCADIA_TRUSTED_PROXIES decides, in proxies.py
        access_log=False,
        log_config=None,
    )
