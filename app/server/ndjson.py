"""A body of lines as it arrives: unpacked if need be, and cut into blocks of whole lines, in bounded memory."""

import zlib
from collections.abc import AsyncIterator, Iterator

from app.server.faults import Code, Fault

BLOCK_BYTES = 524_288
LONGEST_LINE_BYTES = 65_536
LARGEST_BODY_BYTES = 128 * 1024 * 1024
"""Unpacked."""

_GZIP = zlib.MAX_WBITS | 16


def too_large(what: str) -> Fault:
    return Fault(413, Code.PAYLOAD_TOO_LARGE, f"{what}. What stood before it may be recorded; resending is safe.")


async def blocks(chunks: AsyncIterator[bytes], *, gzipped: bool) -> AsyncIterator[bytes]:
    """The body in blocks of whole lines, of about BLOCK_BYTES each. Raises Fault (400, 413)."""
    rest = bytearray()
    total = 0
    async for part in _unpacked(chunks) if gzipped else chunks:
        total += len(part)
        if total > LARGEST_BODY_BYTES:
            raise too_large(f"The body is larger than {LARGEST_BODY_BYTES // 1024 // 1024} MB")
        rest += part
        if len(rest) < BLOCK_BYTES:
            continue
        end = rest.rfind(b"\n") + 1
        if len(rest) - end > LONGEST_LINE_BYTES:
            raise too_large(f"A line is longer than {LONGEST_LINE_BYTES // 1024} KB")
        if end:
            yield bytes(rest[:end])
            del rest[:end]
    if rest:
        yield bytes(rest)


async def _unpacked(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Never more than a block at once, however small it was packed."""
    members = _Members()
    async for chunk in chunks:
        try:
            for part in members.feed(chunk):
                yield part
        except zlib.error as error:
            raise Fault(400, Code.BAD_REQUEST, "The body is not gzip.") from error
    if not members.ended:
        raise Fault(400, Code.BAD_REQUEST, "The body broke off: its gzip has no end.")


class _Members:
    """The members of a gzip file, one after another (RFC 1952, section 2.2)."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_GZIP)
        self.ended = True

    def feed(self, packed: bytes) -> Iterator[bytes]:
        while packed:
            if self._member.eof:
                self._member = zlib.decompressobj(_GZIP)
            yield self._member.decompress(packed, BLOCK_BYTES)
            packed = self._member.unused_data if self._member.eof else self._member.unconsumed_tail
        self.ended = self._member.eof
