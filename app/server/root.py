"""The root page, with links for people and programs."""

from typing import Any

import msgspec
from litestar import Request, route
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse

from app.server.health import METHODS
from app.server.negotiation import wants_page
from app.server.service import PATH

ENTRY_POINTS = {"graphql": PATH, "usage": "/usage", "health": "/health", "ready": "/ready"}

_PAGE = """<!doctype html>
<html lang="en">
  <head><meta charset="utf-8"><title>ArcadiaCloud billing</title></head>
  <body>
    <h1>ArcadiaCloud billing</h1>
    <ul>
      <li><a href="{base}/graphql">GraphiQL</a>: try queries and mutations; programs POST to the same address</li>
      <li><code>POST {base}/usage</code>: metered events, one JSON object a line</li>
      <li><a href="{base}/health">Health</a> of the process, <a href="{base}/ready">readiness</a> to serve requests</li>
    </ul>
  </body>
</html>
"""


def root_handler(prefix: str) -> HTTPRouteHandler:
    """Returns the handler of the root page. `prefix`: the path under which a proxy serves the API, such as /billing."""
    places = msgspec.json.encode({name: prefix + path for name, path in ENTRY_POINTS.items()})
    page = _PAGE.replace("{base}", prefix)

    @route("/", http_method=METHODS, sync_to_thread=False, name="root")
    def root(request: Request[Any, Any, Any]) -> ASGIResponse:
        if wants_page(request.headers.get("accept", "")):
            return ASGIResponse(body=page, media_type="text/html")
        return ASGIResponse(body=places, media_type="application/json; charset=utf-8")

    return root
