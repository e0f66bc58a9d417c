"""Fixtures for tests of faults: those of the tests of operations."""

from tests.jobs.conftest import given, queue, queue_settings

__all__ = ["given", "queue", "queue_settings"]
