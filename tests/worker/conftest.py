"""Fixtures for tests of worker processes: those of the tests of jobs."""

from tests.jobs.conftest import given, queue, queue_settings

__all__ = ["given", "queue", "queue_settings"]
