"""Serves the small API of tests/server, and the real API, for clients."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from app.database import Database
from app.operations.calls.principal import Role
from app.server.application import create_application, utc_now
from app.server.signing import sign_token
from app.settings import Settings
from tests.schema.conftest import given, queue
from tests.server.conftest import authenticator, base_url, edge_settings, token
from tests.server.serving import served

__all__ = ["authenticator", "base_url", "edge_settings", "given", "queue", "token"]


@pytest.fixture
async def api_url(settings: Settings, database: Database) -> AsyncIterator[str]:  # a clean database
    """The base URL of the real API."""
    async with served(create_application(settings)) as url:
        yield url


@pytest.fixture
def api_token(settings: Settings) -> str:
    """A platform admin's token."""
    return sign_token(settings, "ada", {Role.PLATFORM_ADMIN}, None, timedelta(hours=2), utc_now())
