"""How far PostgreSQL's log had come when changes were committed: a replica that has come as far has them.

A position is PostgreSQL's pg_lsn, as an integer here and as text such as 0/16B3748 to callers.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

UNKNOWN = (1 << 64) - 1
"""Beyond every position: only the primary has what was written."""

_TEXT = re.compile(r"([0-9A-F]{1,8})/([0-9A-F]{1,8})", re.IGNORECASE)


def parse_position(text: str) -> int:
    """Raises ValueError for what is no position."""
    match = _TEXT.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a position such as 0/16B3748")
    return int(match[1], 16) << 32 | int(match[2], 16)


def position_text(position: int) -> str:
    return f"{position >> 32:X}/{position & 0xFFFFFFFF:X}"


class LastCommitPosition:
    """The position behind the last commit of one request, None while there is none."""

    def __init__(self) -> None:
        self.position: int | None = None


CURRENT: ContextVar[LastCommitPosition | None] = ContextVar("written", default=None)
"""Where units of work note their commits. The object is shared with the tasks that a request starts."""


@contextmanager
def noting_writes(written: LastCommitPosition) -> Iterator[None]:
    """The units of work within it, those of its tasks too, note there how far the log had come."""
    token = CURRENT.set(written)
    try:
        yield
    finally:
        CURRENT.reset(token)
