"""The small API of tests/server, for clients."""

from tests.server.conftest import authenticator, base_url, edge_settings, token

__all__ = ["authenticator", "base_url", "edge_settings", "token"]
