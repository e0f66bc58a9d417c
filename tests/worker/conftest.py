"""Worker processes start from what jobs start from."""

from tests.jobs.conftest import given, queue

__all__ = ["given", "queue"]
