"""Fixtures for the pins."""

from tests.schema.conftest import given, queue

__all__ = ["given", "queue"]
