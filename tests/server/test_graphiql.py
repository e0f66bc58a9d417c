"""The GraphiQL page and its assets, as a browser's requests get them; tests/browser looks at it with a browser."""

import re
from pathlib import Path

import httpx
import pytest

from app.server.graphiql import ASSETS, CONTENT_SECURITY_POLICY, FOLDER, load_graphiql

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
installed = pytest.mark.skipif(not load_graphiql().assets, reason="GraphiQL's assets are not installed")


async def addresses(anonymous: httpx.AsyncClient) -> list[str]:
    page = await anonymous.get("/graphql", headers={"accept": BROWSER})
    return re.findall(r'(?:src|href)="(/[^"]+)"', page.text)


async def test_a_browser_gets_the_page(anonymous: httpx.AsyncClient) -> None:
    page = await anonymous.get("/graphql", headers={"accept": BROWSER})
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert not re.search(r"<script(?![^>]*src=)|<style|\son\w+=|https?://", page.text)


async def test_a_client_of_the_api_gets_no_page(anonymous: httpx.AsyncClient) -> None:
    for accept in ("*/*", "application/json", "application/json, text/html;q=0.5"):
        response = await anonymous.get("/graphql", headers={"accept": accept})
        assert response.status_code == 401


@installed
async def test_every_asset_of_the_page_is_served_for_a_year(anonymous: httpx.AsyncClient) -> None:
    named = await addresses(anonymous)
    assert sorted(address.rpartition("/")[2] for address in named) == sorted(ASSETS)
    for address in named:
        asset = await anonymous.get(address, headers={"accept-encoding": "identity"})
        assert asset.content == (FOLDER / ASSETS[address.rpartition("/")[2]]).read_bytes()
        assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert asset.headers["x-content-type-options"] == "nosniff"
        kind = "text/css" if address.endswith(".css") else "text/javascript"
        assert asset.headers["content-type"] == f"{kind}; charset=utf-8"
        assert "content-encoding" not in asset.headers


@installed
async def test_assets_are_sent_compressed(anonymous: httpx.AsyncClient) -> None:
    address = next(address for address in await addresses(anonymous) if address.endswith("graphiql.js"))
    zipped = await anonymous.get(address, headers={"accept-encoding": "gzip"})
    assert zipped.headers["content-encoding"] == "gzip"
    assert zipped.headers["vary"] == "accept-encoding"
    assert int(zipped.headers["content-length"]) < len(zipped.content) / 3
    assert zipped.content == (FOLDER / ASSETS["graphiql.js"]).read_bytes()
    fresh = await anonymous.get(address, headers={"if-none-match": zipped.headers["etag"]})
    assert (fresh.status_code, fresh.content) == (304, b"")


@pytest.mark.parametrize(
    "address", ["/graphql/assets/old/page.js", "/graphql/assets/{v}/package.json", "/graphql/assets/{v}/..%2fpage.html"]
)
async def test_nothing_else_is_served(anonymous: httpx.AsyncClient, address: str) -> None:
    response = await anonymous.get(address.replace("{v}", load_graphiql().version or "x"))
    assert response.status_code == 404
    assert response.headers["cache-control"] == "no-store"


def test_without_its_assets_the_page_says_how_to_install_them(tmp_path: Path) -> None:
    (tmp_path / "missing.html").write_bytes((FOLDER / "missing.html").read_bytes())
    graphiql = load_graphiql(tmp_path)
    assert "make graphiql" in graphiql.html
    assert graphiql.assets == {}


def test_an_installation_without_the_folder_has_a_page_too(tmp_path: Path) -> None:
    assert "not part of this installation" in load_graphiql(tmp_path / "nowhere").html
