"""Tokens for the small API of tests/server."""

from tests.server.conftest import edge_settings, token

__all__ = ["edge_settings", "token"]
