"""A body of lines as it arrives, cut into blocks of whole lines, in bounded memory."""

from collections.abc import AsyncIterator, Iterator

from app.server.request_errors import Code, RequestError

BLOCK_BYTES = 524_288
BLOCK_LINES = 2_500
MAX_LINES = 100_000
MAX_LINE_BYTES = 65_536
MAX_BODY_BYTES = 128 * 1024 * 1024
"""Unpacked."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def too_large(limit: str) -> RequestError:
    """413, of a body that was read as far as this."""
    return RequestError(
        413, Code.PAYLOAD_TOO_LARGE, f"{limit}. What stood before it may be recorded; resending is safe."
    )


async def blocks(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The body in blocks of whole lines, of about BLOCK_BYTES and at most BLOCK_LINES each. Raises RequestError (413):
    lines are counted as they arrive, before any of their block is handed on.
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
    """The parts without the byte order mark that some programs of Windows begin UTF-8 with."""
    start = b""
    async for part in parts:
        start += part
        if len(start) >= len(_BYTE_ORDER_MARK):
            break
    yield start.removeprefix(_BYTE_ORDER_MARK)
    async for part in parts:
        yield part


def cut(text: bytes, lines: int) -> Iterator[bytes]:
    """The text in pieces of so many lines, the last of fewer."""
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
