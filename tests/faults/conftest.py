"""Faults start from what operations start from."""

from tests.jobs.conftest import given, queue

__all__ = ["given", "queue"]
