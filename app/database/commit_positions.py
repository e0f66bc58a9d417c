"""The WAL positions of commits: a replica that has reached a position has its changes.

A position is PostgreSQL's pg_lsn: an integer here, and text such as 0/16B3748 for callers.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

UNKNOWN = (1 << 64) - 1
"""Larger than every position, so that only the primary serves the reads."""

_TEXT = re.compile(r"([0-9A-F]{1,8})/([0-9A-F]{1,8})", re.IGNORECASE)


def parse_position(text: str) -> int:
    """Parses a WAL position such as 0/16B3748. Raises ValueError for any other text."""
    match = _TEXT.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a position such as 0/16B3748")
    return int(match[1], 16) << 32 | int(match[2], 16)


def position_text(position: int) -> str:
    return f"{position >> 32:X}/{position & 0xFFFFFFFF:X}"


class LastCommitPosition:
    """The WAL position after the last commit of one request; None until the request has committed."""

    def __init__(self) -> None:
        self.position: int | None = None


CURRENT: ContextVar[LastCommitPosition | None] = ContextVar("written", default=None)
"""Where units of work record their commits. The object is shared with the tasks that a request starts."""


@contextmanager
def noting_writes(written: LastCommitPosition) -> Iterator[None]:
    """During the block, also in its tasks, units of work record the WAL positions of their commits in `written`."""
    token = CURRENT.set(written)
    try:
        yield
    finally:
        CURRENT.reset(token)
