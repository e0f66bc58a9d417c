"""Serves GraphiQL with its own assets: no CDN, no inline script, nothing stored beyond the tab."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from app.schema.codes import ErrorCode
from app.server.request_errors import RequestError

_PACKAGED = Path(__file__).with_name("graphiql_assets")
FOLDER = _PACKAGED if _PACKAGED.exists() else Path(__file__).parents[2] / "graphiql"
"""In the wheel, where setup.py copies the assets, or in a checkout."""

ASSETS_PATH = "/graphql/assets"

ASSETS = {
    "explorer.css": "node_modules/@graphiql/plugin-explorer/dist/style.css",
    "explorer.js": "node_modules/@graphiql/plugin-explorer/dist/index.umd.js",
    "graphiql.css": "node_modules/graphiql/graphiql.min.css",
    "graphiql.js": "node_modules/graphiql/graphiql.min.js",
    "graphql-ws.js": "node_modules/graphql-ws/umd/graphql-ws.min.js",
    "page.css": "page.css",
    "page.js": "page.js",
    "react-dom.js": "node_modules/react-dom/umd/react-dom.production.min.js",
    "react.js": "node_modules/react/umd/react.production.min.js",
}
"""The name of each asset in its address, and its file. Nothing else in the folder is served."""

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript"}


@dataclass(frozen=True, slots=True)
class _Asset:
    media_type: str
    plain: bytes
    zipped: bytes


@dataclass(frozen=True, slots=True)
class GraphiQL:
    """GraphiQL's page and its assets, read once. `version` changes whenever any asset does."""

    html: str
    version: str
    assets: Mapping[str, _Asset]

    def under(self, prefix: str) -> "GraphiQL":
        """Returns GraphiQL's page for a proxy that serves it under a path, such as /billing."""
        return replace(self, html=self.html.replace("{base}", prefix))

    def page(self) -> ASGIResponse:
        return ASGIResponse(
            body=self.html,
            media_type="text/html",
            headers={"content-security-policy": CONTENT_SECURITY_POLICY},
        )

    def asset(self, version: str, name: str, request: Request[Any, Any, Any]) -> ASGIResponse:
        """Returns an asset at its versioned address. Its content there never changes, so it may be cached
        for a year.
        """
        asset = self.assets.get(name)
        if asset is None or version != self.version:
            raise RequestError(404, ErrorCode.NOT_FOUND, "Not found: no resource has this address.")
        etag = f'"{self.version}"'
        headers = {"cache-control": "public, max-age=31536000, immutable", "etag": etag, "vary": "accept-encoding"}
        if request.headers.get("if-none-match") == etag:
            return ASGIResponse(status_code=304, headers=headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            return ASGIResponse(
                body=asset.zipped, media_type=asset.media_type, headers={**headers, "content-encoding": "gzip"}
            )
        return ASGIResponse(body=asset.plain, media_type=asset.media_type, headers=headers)


@cache
def load_graphiql(folder: Path = FOLDER) -> GraphiQL:
    """Returns GraphiQL's page from its folder; if GraphiQL is not installed, a page that says how to install it.

    A process reads and compresses a folder once, which takes 0.4 s.
    """
    try:
        contents = {name: (folder / file).read_bytes() for name, file in ASSETS.items()}
        html = (folder / "page.html").read_text(encoding="utf-8")
    except FileNotFoundError:
        return GraphiQL(html=_missing(folder), version="", assets={})
    version = sha256(b"".join(sha256(content).digest() for content in contents.values())).hexdigest()[:16]
    assets = {
        name: _Asset(_MEDIA_TYPES[Path(name).suffix], content, gzip.compress(content, mtime=0))
        for name, content in contents.items()
    }
    return GraphiQL(html.replace("{assets}", f"{ASSETS_PATH}/{version}"), version, assets)


def asset_handler(graphiql: GraphiQL) -> HTTPRouteHandler:
    @get(f"{ASSETS_PATH}/{{version:str}}/{{name:str}}", sync_to_thread=False, name="graphiql-assets")
    def asset(version: FromPath[str], name: FromPath[str], request: Request[Any, Any, Any]) -> ASGIResponse:
        return graphiql.asset(version, name, request)

    return asset


def _missing(folder: Path) -> str:
    try:
        return (folder / "missing.html").read_text(encoding="utf-8")
    except FileNotFoundError:
        return "<!doctype html><title>GraphiQL</title><p>GraphiQL is not part of this installation.</p>"
