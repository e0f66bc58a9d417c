"""Browser applications of other origins: preflights, CORS headers on every response, allowed origins."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.server.answers import code
from tests.server.conftest import SECRET, served_with

CONSOLE = "https://console.example.com"
HEADERS_OF_CLIENTS = (
    *("authorization", "content-type", "idempotency-key", "x-request-id"),
    *("traceparent", "tracestate", "baggage", "sentry-trace", "x-datadog-trace-id"),
    *("apollographql-client-name", "apollographql-client-version", "apollo-require-preflight"),
)


def preflight(origin: str, *headers: str, method: str = "POST") -> dict[str, str]:
    asked = {"access-control-request-headers": ", ".join(headers)} if headers else {}
    return {"origin": origin, "access-control-request-method": method, **asked}


def shared_with(response: httpx.Response) -> str | None:
    """The origin whose pages may read the answer."""
    allowed: str | None = response.headers.get("access-control-allow-origin")
    if allowed is not None:
        assert "origin" in response.headers["vary"].lower()
        assert "access-control-allow-credentials" not in response.headers
    return allowed


@pytest.mark.parametrize("path", ["/graphql", "/usage", "/health"])
async def test_a_preflight_allows_the_headers_of_clients_and_tracers(anonymous: httpx.AsyncClient, path: str) -> None:
    response = await anonymous.options(path, headers=preflight(CONSOLE, *HEADERS_OF_CLIENTS))
    assert (response.status_code, shared_with(response)) == (204, CONSOLE)
    allowed = response.headers["access-control-allow-headers"].lower().split(", ")
    assert set(HEADERS_OF_CLIENTS) <= set(allowed)
    assert response.headers["access-control-allow-methods"] == "GET, HEAD, POST"
    assert int(response.headers["access-control-max-age"]) == 600
    assert response.headers["x-content-type-options"] == "nosniff"


async def test_a_preflight_of_another_origin_says_which_setting_allows_it(anonymous: httpx.AsyncClient) -> None:
    response = await anonymous.options("/graphql", headers=preflight("https://evil.example.com", "authorization"))
    assert (response.status_code, code(response), shared_with(response)) == (403, "FORBIDDEN", None)
    assert "ARCADIA_ALLOWED_ORIGINS" in response.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (("POST", "/graphql", {"json": {"query": "{ subject }"}}), 401),
        (("POST", "/graphql", {"content": b"{", "headers": {"content-type": "text/plain"}}), 401),
        (("GET", "/nowhere", {}), 404),
        (("GET", "/health", {}), 200),
    ],
)
async def test_every_answer_may_be_read_by_an_allowed_origin(
    anonymous: httpx.AsyncClient, request_: tuple[str, str, dict[str, Any]], status: int
) -> None:
    method, path, options = request_
    headers = {**options.pop("headers", {}), "origin": CONSOLE}
    response = await anonymous.request(method, path, headers=headers, **options)
    assert (response.status_code, shared_with(response)) == (status, CONSOLE)
    assert {"x-request-id", "retry-after"} <= set(response.headers["access-control-expose-headers"].split(", "))


async def test_a_request_of_another_origin_is_answered_to_nobody_s_page(anonymous: httpx.AsyncClient) -> None:
    response = await anonymous.get("/health", headers={"origin": "https://evil.example.com"})
    assert (response.status_code, shared_with(response)) == (200, None)


async def test_a_process_at_capacity_answers_an_allowed_origin(token: Any) -> None:
    async with served_with(max_concurrent_requests="1", allowed_origins=CONSOLE) as client:
        headers = {"authorization": f"Bearer {token()}", "origin": CONSOLE}
        waiting = asyncio.create_task(
            client.post("/graphql", json={"query": "{ wait(seconds: 0.3) }"}, headers=headers)
        )
        await asyncio.sleep(0.1)
        refused = await client.post("/graphql", json={"query": "{ subject }"}, headers=headers)
        assert (refused.status_code, code(refused)) == (503, "SERVICE_UNAVAILABLE")
        assert shared_with(refused) == CONSOLE
        preflighted = await client.options("/graphql", headers=preflight(CONSOLE, "authorization"))
        assert (preflighted.status_code, shared_with(preflighted)) == (204, CONSOLE)
        assert (await waiting).status_code == httpx.codes.OK


LOOPBACK = ("http://localhost:5173", "http://127.0.0.1:3000", "http://[::1]:8080", "https://app.localhost:4200")


@pytest.mark.parametrize("origin", LOOPBACK)
async def test_loopback_origins_are_allowed_in_development(origin: str) -> None:
    async with served_with() as client:
        assert shared_with(await client.get("/health", headers={"origin": origin})) == origin


@pytest.mark.parametrize("origin", ["http://localhost.example.com", "http://128.0.0.1", "http://[::2]:80", "null"])
async def test_development_allows_no_other_origins(origin: str) -> None:
    async with served_with() as client:
        assert shared_with(await client.get("/health", headers={"origin": origin})) is None


@pytest.mark.parametrize("origin", LOOPBACK)
async def test_production_allows_no_loopback_origins(origin: str) -> None:
    async with served_with(environment="production", database_url="postgresql://db/a", link_secret=SECRET) as client:
        assert shared_with(await client.get("/health", headers={"origin": origin})) is None


async def test_a_wildcard_allows_the_names_below_it() -> None:
    async with served_with(allowed_origins="https://*.example.com, capacitor://localhost") as client:

        async def shared(origin: str) -> str | None:
            return shared_with(await client.get("/health", headers={"origin": origin}))

        for origin in ("https://a.example.com", "https://a.b.example.com", "capacitor://localhost"):
            assert await shared(origin) == origin
        for origin in (
            *("https://example.com", "http://a.example.com", "https://a.example.com:8443", "https://aexample.com"),
            *("https://a.example.com.evil.org", "https://evil.org/.example.com", "capacitor://localhost.evil.org"),
        ):
            assert await shared(origin) is None


@pytest.mark.parametrize("path", ["/health", "/ready", "/"])
async def test_head_is_answered_as_get_without_a_body(anonymous: httpx.AsyncClient, path: str) -> None:
    head, got = await anonymous.head(path), await anonymous.get(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == got.headers["content-length"]
    assert head.headers["content-type"] == got.headers["content-type"]


async def test_the_root_says_where_things_are(anonymous: httpx.AsyncClient) -> None:
    response = await anonymous.get("/")
    assert response.json() == {"graphql": "/graphql", "usage": "/usage", "health": "/health", "ready": "/ready"}
    page = await anonymous.get("/", headers={"accept": "text/html,*/*;q=0.8"})
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert '<a href="/graphql">' in page.text
