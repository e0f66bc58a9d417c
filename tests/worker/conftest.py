"""Worker processes start from what jobs start from."""

from tests.jobs.conftest import given, queue, queue_settings

__all__ = ["given", "queue", "queue_settings"]
