"""Serves the real API over a clean database, and provides clients for it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx

from app.operations.calls.principal import Role
from app.server.application import create_application
from app.server.signing import sign_token
from app.settings import Settings
from tests.clock import Clock
from tests.server.answers import without_cost
from tests.server.serving import served


@dataclass(frozen=True)
class ServedApi:
    """The served API. `client` is a platform admin unless another caller is named."""

    url: str
    settings: Settings
    clock: Clock

    def client(
        self, role: Role = Role.PLATFORM_ADMIN, tenant_id: UUID | None = None, subject: str = "ada", **headers: str
    ) -> httpx.AsyncClient:
        token = sign_token(self.settings, subject, {role}, tenant_id, timedelta(days=3), self.clock())
        given = {"authorization": f"Bearer {token}", **{name.replace("_", "-"): text for name, text in headers.items()}}
        return httpx.AsyncClient(base_url=self.url, headers=given, timeout=30)


@asynccontextmanager
async def serve_api(settings: Settings, clock: Clock) -> AsyncIterator[ServedApi]:
    async with served(create_application(settings, clock)) as url:
        yield ServedApi(url, settings, clock)


async def ask(client: httpx.AsyncClient, query: str, key: str | None = None, **variables: Any) -> dict[str, Any]:
    """Returns the decoded response without its cost, whose `resetAt` is the time of day, so that equal responses
    compare as equal.
    """
    headers = {} if key is None else {"idempotency-key": key}
    response = await client.post("/graphql", json={"query": query, "variables": variables}, headers=headers)
    return without_cost(response.json())
