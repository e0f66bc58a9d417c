"""What the pins start from."""

from tests.schema.conftest import given, queue

__all__ = ["given", "queue"]
