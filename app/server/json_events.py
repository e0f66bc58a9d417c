"""Converts a body of events in JSON (an array or a single event) to lines of NDJSON, in bounded memory.

An event is decoded as soon as enough text has arrived to contain the longest event allowed.
"""

import asyncio
import json
import re
from codecs import getincrementaldecoder
from collections.abc import AsyncIterator, Iterator

from app.schema.codes import ErrorCode
from app.server.ndjson import MAX_LINE_BYTES
from app.server.request_errors import RequestError

_STEP_EVENTS = 200
_scan = json.JSONDecoder(parse_float=str, parse_int=str).raw_decode
_blank = re.compile(r"[ \t\n\r]*").match
_START, _FIRST, _EVENT, _AFTER, _NOTHING = "[{", "event ]", "event", ",]", ""
"""What the parser expects next."""


async def as_lines(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yields a line for each event, without holding the whole body. Raises RequestError (400) if the body is not an
    array of JSON objects or one object.
    """
    decoder = getincrementaldecoder("utf-8")()
    events = _EventSplitter()
    async for part in parts:
        try:
            text = decoder.decode(part)
        except UnicodeDecodeError as error:
            raise _malformed("it is not UTF-8") from error
        for lines in events.feed(text):
            yield lines
            await asyncio.sleep(0)
    for lines in events.feed("", final=True):
        yield lines
        await asyncio.sleep(0)
    if decoder.getstate()[0]:
        raise _malformed("it is not UTF-8")


class _EventSplitter:
    """The events of a JSON text that arrives in pieces."""

    def __init__(self) -> None:
        self._text = ""
        self._at = 0
        self._expected = _START

    def feed(self, text: str, *, final: bool = False) -> Iterator[bytes]:
        self._text = self._text[self._at :] + text
        self._at = 0
        lines: list[str] = []
        while (line := self._next(final=final)) is not None:
            if line:
                lines.append(line)
            if len(lines) == _STEP_EVENTS:
                yield _joined(lines)
                lines = []
        if lines:
            yield _joined(lines)
        if final and self._expected:
            raise _malformed("it ends before the array or event is complete")

    def _next(self, *, final: bool) -> str | None:
        """Returns the text of the next event, or an empty text after reading a bracket or comma; None if more text must
        arrive first.
        """
        self._at = start = _blank(self._text, self._at).end()  # type: ignore[union-attr] # it matches nothing too
        if start == len(self._text):
            return None
        character = self._text[start]
        if self._expected is _START and character == "{":
            return self._event(_NOTHING, final=final)
        if self._expected in (_FIRST, _EVENT) and character not in ",]":
            return self._event(_AFTER, final=final)
        if character not in self._expected or character.isalpha():
            raise _malformed(f"{character!r} is unexpected there")
        self._at, self._expected = start + 1, {"[": _FIRST, ",": _EVENT, "]": _NOTHING}[character]
        return ""

    def _event(self, expected_next: str, *, final: bool) -> str | None:
        if not final and len(self._text) - self._at <= MAX_LINE_BYTES:
            return None
        start = self._at
        try:
            _, self._at = _scan(self._text, start)
        except (ValueError, RecursionError) as error:
            raise _malformed(f"an event is malformed or longer than {MAX_LINE_BYTES // 1024} KB") from error
        self._expected = expected_next
        return self._text[start : self._at].replace("\n", " ")  # line breaks in JSON are only between its parts


def _joined(lines: list[str]) -> bytes:
    return "\n".join([*lines, ""]).encode()


def _malformed(reason: str) -> RequestError:
    message = (
        f"The body is neither a JSON array of events nor one event: {reason}. Events before that point may have been"
        " recorded; sending them again is safe."
    )
    return RequestError(400, ErrorCode.BAD_REQUEST, message)
