"""Behind Debian's nginx: under a path, on another port, with the client's address; pages in Chromium."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from app.server.graphiql import load_graphiql
from app.settings import Settings
from tests.browser import chromium
from tests.browser.test_graphiql import answer, sign_in
from tests.proxy.nginx import executable, free_port, nginx
from tests.server.conftest import SECRET, small_application
from tests.server.serving import served
from tests.server.test_sockets import connected

pytestmark = pytest.mark.skipif(executable() is None, reason="nginx is not installed")
in_chromium = pytest.mark.skipif(
    chromium.executable() is None or not load_graphiql().assets, reason="Chromium or GraphiQL is not installed"
)
Refused = list[tuple[str, str]]


@asynccontextmanager
async def behind_nginx(
    location: str = "/", path: str | None = None, host: str = "$http_host", **environment: str
) -> AsyncIterator[tuple[str, Refused]]:
    """The URL of nginx, and the sign-ins refused behind it. `path` of the application replaces the location."""
    refused: Refused = []
    port = free_port()
    given = {
        "ENVIRONMENT": "production",  # where origins of this machine are not allowed for being so
        "DATABASE_URL": "postgresql://nowhere/a",
        "JWT_SECRET": SECRET,
        "LINK_SECRET": SECRET,
        **{name.upper(): text.format(url=f"http://127.0.0.1:{port}") for name, text in environment.items()},
    }
    settings = Settings.from_environment({f"ARCADIA_{name}": text for name, text in given.items()})
    application = small_application(settings, lambda address, reason: refused.append((address, reason)))
    async with (
        served(application) as upstream,
        nginx(port, upstream + (path or ""), location=location, host=host),
    ):
        yield f"http://127.0.0.1:{port}", refused


@in_chromium
@pytest.mark.parametrize("path", ["/", None], ids=["nginx takes the prefix off", "nginx passes the prefix on"])
@pytest.mark.parametrize("host", ["$http_host", "$host"])
async def test_graphiql_under_a_path(path: str | None, host: str, token: Callable[..., str]) -> None:
    async with (
        behind_nginx("/billing/", path, host, public_url="{url}/billing") as (url, _),
        chromium.opened_page() as page,
    ):
        await page.goto(f"{url}/billing/graphql?query=%7Bsubject%7D")
        await page.until("document.querySelector('.graphiql-query-editor .CodeMirror')")
        await sign_in(page, token())
        await answer(page, {"viewer": {"subject": "ada", "roles": ["PLATFORM_ADMIN"]}})
        await answer(page, {"count": 2}, "subscription { count(to: 3) }")
        await page.send("Page.reload")
        await page.until("document.getElementById('signed-in')?.textContent.startsWith('ada · ')")
        assert {each for each in page.requested if not each.startswith((f"{url}/billing/graphql", "data:"))} == set()
        assert page.complaints == []


@pytest.mark.parametrize("path", ["/", None])
async def test_links_and_addresses_under_a_path(path: str | None) -> None:
    async with (
        behind_nginx("/billing/", path, public_url="{url}/billing/") as (url, _),
        httpx.AsyncClient(base_url=url) as client,
    ):
        places = (await client.get("/billing/")).json()
        assert places["graphql"] == "/billing/graphql"
        assert [(await client.get(places[name])).status_code for name in ("graphql", "health", "ready")] == [
            401,
            200,
            200,
        ]
        page = await client.get("/billing/", headers={"accept": "text/html"})
        assert 'href="/billing/graphql"' in page.text
        assert (await client.get("/billingx/health")).status_code == 404
        assert (await client.get("/health")).status_code == 404  # nginx's own


async def test_sockets_behind_a_proxy_that_drops_the_port(token: Callable[..., str]) -> None:
    async with behind_nginx(host="$host", public_url="{url}") as (url, _), connected(url, origin=Origin(url)) as client:
        await client.initialise(token())
    async with behind_nginx(host="$host") as (url, _):
        with pytest.raises(InvalidStatus) as caught:
            async with connected(url, origin=Origin(url)):
                pass
        response: Any = caught.value.response
        assert response.status_code == 403
        assert b"ARCADIA_PUBLIC_URL" in response.body


@pytest.mark.parametrize(
    ("trusted", "forwarded", "address"),
    [
        ("", "203.0.113.9", "127.0.0.1"),
        ("127.0.0.1", "203.0.113.9", "127.0.0.3"),
        ("127.0.0.1", "<script>", "127.0.0.3"),
        ("127.0.0.1, 127.0.0.3", "203.0.113.9", "203.0.113.9"),
    ],
)
async def test_the_client_s_address_is_what_nginx_saw(trusted: str, forwarded: str, address: str) -> None:
    transport = httpx.AsyncHTTPTransport(local_address="127.0.0.3")
    async with (
        behind_nginx(trusted_proxies=trusted) as (url, refused),
        httpx.AsyncClient(base_url=url, transport=transport) as client,
    ):
        assert (await client.post("/graphql", headers={"x-forwarded-for": forwarded})).status_code == 401
        assert [seen for seen, _ in refused] == [address]
