"""Serves the small API through the real server code, with tokens for it."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from app.operations.calls.principal import Role
from app.server.auth import Authenticator
from app.server.graphiql import load_graphiql
from app.server.keys import Keys
from app.server.routes import assemble
from app.server.service import GraphQLService
from app.server.signing import sign_token
from app.settings import Settings
from tests.server.serving import served
from tests.server.small_api import HAPPENINGS, SmallExecutor, SmallRequest

SECRET = "a secret of tests, thirty-two bytes or more"
TENANT = UUID("01890000-0000-7000-8000-000000000001")


def utc_now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="session")
def edge_settings() -> Settings:
    return Settings(jwt_secret=SECRET, allowed_origins=("https://console.example.com",))


@pytest.fixture(scope="session")
def authenticator(edge_settings: Settings) -> Authenticator:
    return Authenticator(
        Keys(SECRET, None), issuer=edge_settings.jwt_issuer, audience=edge_settings.jwt_audience, clock=utc_now
    )


async def always_ready() -> None:
    return


def small_application(settings: Settings, sign_in_refused: Callable[[str, str], None] = lambda *_: None) -> Any:
    """The small API behind the edge that these settings make."""
    authenticator = Authenticator.from_settings(settings, utc_now)
    service = GraphQLService(
        SmallExecutor(), authenticator, SmallRequest, time_limit=0.5, sign_in_refused=sign_in_refused
    )
    return assemble(service, ready=always_ready, graphiql=load_graphiql(), settings=settings)


@asynccontextmanager
async def served_with(**environment: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the small API, served with these settings and the secret of the tests; without a token."""
    given = {f"ARCADIA_{name.upper()}": text for name, text in environment.items()}
    settings = Settings.from_environment({"ARCADIA_JWT_SECRET": SECRET, **given})
    async with served(small_application(settings)) as url, httpx.AsyncClient(base_url=url) as client:
        yield client


@pytest.fixture(scope="session")
async def base_url(edge_settings: Settings) -> AsyncIterator[str]:
    async with served(small_application(edge_settings)) as url:
        yield url


@pytest.fixture
def token(edge_settings: Settings) -> Callable[..., str]:
    """Makes a token that ends in `seconds`."""

    def make(role: Role = Role.PLATFORM_ADMIN, seconds: float = 600) -> str:
        now = utc_now()
        tenant_id = None if role is Role.PLATFORM_ADMIN else TENANT
        return sign_token(edge_settings, "ada", {role}, tenant_id, timedelta(seconds=seconds), now)

    return make


@pytest.fixture
async def anonymous(base_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=base_url) as client:
        yield client


@pytest.fixture
async def client(base_url: str, token: Callable[..., str]) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"authorization": f"Bearer {token()}", "accept": "application/graphql-response+json"}
    async with httpx.AsyncClient(base_url=base_url, headers=headers) as client:
        yield client


@pytest.fixture(autouse=True)
def _nothing_goes_wrong() -> Iterator[None]:
    HAPPENINGS.failure = None
    yield
    HAPPENINGS.failure = None
    HAPPENINGS.feeds.clear()
