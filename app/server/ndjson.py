"""Splits an arriving body into blocks of whole lines, in bounded memory."""

from collections.abc import AsyncIterator, Iterator

from app.schema.codes import ErrorCode
from app.server.request_errors import RequestError

BLOCK_BYTES = 524_288
BLOCK_LINES = 2_500
MAX_LINES = 100_000
MAX_LINE_BYTES = 65_536
MAX_BODY_BYTES = 128 * 1024 * 1024
"""After decompression."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def too_large(limit: str) -> RequestError:
    """Returns a 413 error for a body of which a part was already read."""
    return RequestError(
        413,
        ErrorCode.PAYLOAD_TOO_LARGE,
        f"{limit}. Events before that point may have been recorded; sending them again is safe.",
    )


async def blocks(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yields the body in blocks of whole lines, of about BLOCK_BYTES and at most BLOCK_LINES each. Raises RequestError
    (413) before a block with a line over the limits is yielded.
    """
    incomplete_line = bytearray()
    size = lines = 0
    async for part in parts:
        size += len(part)
        lines += part.count(b"\n")
        if size > MAX_BODY_BYTES:
            raise too_large(f"The body is larger than {MAX_BODY_BYTES // 1024 // 1024} MB")
        if lines > MAX_LINES:
            raise too_large(f"The body has more than {MAX_LINES:,} lines")
        incomplete_line += part
        if len(incomplete_line) < BLOCK_BYTES:
            continue
        end = incomplete_line.rfind(b"\n") + 1
        if len(incomplete_line) - end > MAX_LINE_BYTES:
            raise too_large(f"A line is longer than {MAX_LINE_BYTES // 1024} KB")
        for block in cut(bytes(incomplete_line[:end]), BLOCK_LINES):
            yield block
        del incomplete_line[:end]
    if incomplete_line and lines + (not incomplete_line.endswith(b"\n")) > MAX_LINES:
        raise too_large(f"The body has more than {MAX_LINES:,} lines")
    for block in cut(bytes(incomplete_line), BLOCK_LINES):
        yield block


async def without_byte_order_mark(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yields the parts without the byte order mark with which some Windows programs begin UTF-8."""
    start = b""
    async for part in parts:
        start += part
        if len(start) >= len(_BYTE_ORDER_MARK):
            break
    yield start.removeprefix(_BYTE_ORDER_MARK)
    async for part in parts:
        yield part


def cut(text: bytes, lines: int) -> Iterator[bytes]:
    """Yields the text in pieces of `lines` lines; the last piece may have fewer."""
    start = 0
    while start < len(text):
        end = start
        for _ in range(lines):
            end = text.find(b"\n", end) + 1
            if not end:
                end = len(text)
                break
        yield text[start:end]
        start = end
