"""Decompresses bodies in gzip (RFC 1952) or zstd (RFC 8878), in small steps and within limits."""

import asyncio
import sys
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Protocol

from app.schema.codes import ErrorCode
from app.server.request_errors import RequestError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

STEP_BYTES = 65_536
"""Decompressed in one step, before the event loop runs other tasks."""
MAX_PACKED_BYTES = 32 * 1024 * 1024
MAX_RATIO = 250
"""The maximum ratio of decompressed to sent bytes. NDJSON usage compresses 20 to 100 times."""
RATIO_FREE_BYTES = 524_288
"""Decompressed regardless of the ratio."""
MAX_MEMBERS = 1_000
"""gzip members or zstd frames, each of which takes time even if it is empty."""

_GZIP = zlib.MAX_WBITS | 16
_ZSTD: Mapping[int, int] = {zstd.DecompressionParameter.window_log_max: 23}  # 8 MB, as RFC 9659 allows in HTTP


class _Unpacker(Protocol):
    """Decompresses the members (gzip) or frames (zstd) of a body one after another."""

    ended: bool
    members: int

    def steps(self, packed: bytes) -> Iterator[bytes]: ...


class _Gzip:
    def __init__(self) -> None:
        self._member = zlib.decompressobj(_GZIP)
        self.members = 1
        self.ended = True

    def steps(self, packed: bytes) -> Iterator[bytes]:
        while packed:
            if self._member.eof:
                self._member = zlib.decompressobj(_GZIP)
                self.members += 1
            yield self._member.decompress(packed, STEP_BYTES)
            packed = self._member.unused_data if self._member.eof else self._member.unconsumed_tail
        self.ended = self._member.eof


class _Zstd:
    def __init__(self) -> None:
        self._frame = zstd.ZstdDecompressor(options=_ZSTD)
        self.members = 1
        self.ended = True

    def steps(self, packed: bytes) -> Iterator[bytes]:
        while packed:
            if self._frame.eof:
                self._frame = zstd.ZstdDecompressor(options=_ZSTD)
                self.members += 1
            yield self._frame.decompress(packed, STEP_BYTES)
            while not (self._frame.eof or self._frame.needs_input):
                yield self._frame.decompress(b"", STEP_BYTES)
            packed = self._frame.unused_data if self._frame.eof else b""
        self.ended = self._frame.eof


UNPACKERS: Mapping[str, Callable[[], _Unpacker]] = MappingProxyType({"gzip": _Gzip, "x-gzip": _Gzip, "zstd": _Zstd})
"""The decompressor for each Content-Encoding."""


def encoding_of(content_encoding: str) -> str | None:
    """Returns the Content-Encoding of a request (a key of UNPACKERS), or None for a body without an encoding. Raises
    RequestError (415) for other encodings, with the header that lists the supported ones (RFC 7694).
    """
    encoding = content_encoding.strip().lower()
    if encoding in UNPACKERS:
        return encoding
    if encoding in {"", "identity"}:
        return None
    message = f"The content encoding {encoding[:100]} is not supported: use gzip or zstd."
    raise RequestError(
        415, ErrorCode.UNSUPPORTED_MEDIA_TYPE, message, headers={"accept-encoding": "gzip, zstd, identity"}
    )


async def unpacked(chunks: AsyncIterator[bytes], encoding: str) -> AsyncIterator[bytes]:
    """Yields the decompressed body in parts of at most STEP_BYTES. Raises RequestError (400, 413)."""
    unpacker = UNPACKERS[encoding]()
    packed = size = 0
    async for chunk in chunks:
        packed += len(chunk)
        if packed > MAX_PACKED_BYTES:
            raise _too_large(f"The compressed body is larger than {MAX_PACKED_BYTES // 1024 // 1024} MB.")
        try:
            for part in unpacker.steps(chunk):
                size += len(part)
                _check(unpacker.members, packed, size)
                yield part
                await asyncio.sleep(0)
        except (zlib.error, zstd.ZstdError) as error:
            raise RequestError(400, ErrorCode.BAD_REQUEST, f"The body is not valid {encoding}.") from error
    if not unpacker.ended:
        raise RequestError(400, ErrorCode.BAD_REQUEST, f"The body is incomplete: its {encoding} data end too early.")


def _check(members: int, packed: int, size: int) -> None:
    if members > MAX_MEMBERS:
        raise _too_large(f"The body has more than {MAX_MEMBERS:,} compressed parts.")
    if size > max(RATIO_FREE_BYTES, MAX_RATIO * packed):
        raise _too_large(f"The body decompresses to more than {MAX_RATIO} times its size.")


def _too_large(message: str) -> RequestError:
    return RequestError(413, ErrorCode.PAYLOAD_TOO_LARGE, message)
