"""A body that was packed with gzip (RFC 9110, section 8.4), unpacked within bounds."""

import zlib

from app.server.faults import Code, Fault

MOST_MEMBERS = 100
"""Of a gzip file: an empty one is 20 bytes and as much work as any."""

_GZIP = zlib.MAX_WBITS | 16


def is_gzip(content_encoding: str) -> bool:
    """Whether a body is packed. Raises Fault (415) for other packings, with the header that names ours (RFC 7694)."""
    encoding = content_encoding.strip().lower()
    if encoding in {"", "identity"}:
        return False
    if encoding in {"gzip", "x-gzip"}:
        return True
    told = f"A body may be packed with gzip, not with {encoding[:100]}."
    raise Fault(415, Code.UNSUPPORTED_MEDIA_TYPE, told, headers={"accept-encoding": "gzip, identity"})


def unpacked(packed: bytes, most: int) -> bytes:
    """The content of a gzip file. Raises Fault (400; 413 beyond `most` bytes or MOST_MEMBERS)."""
    content = b""
    for _ in range(MOST_MEMBERS):
        member = zlib.decompressobj(_GZIP)
        try:
            content += member.decompress(packed, most + 1 - len(content))
        except zlib.error as error:
            raise Fault(400, Code.BAD_REQUEST, "The body is not gzip, though Content-Encoding says so.") from error
        if len(content) > most:
            raise Fault(413, Code.PAYLOAD_TOO_LARGE, f"The request is larger than {most // 1024} KB unpacked.")
        if not member.eof:
            raise Fault(400, Code.BAD_REQUEST, "The body broke off: its gzip has no end.")
        packed = member.unused_data
        if not packed:
            return content
    raise Fault(413, Code.PAYLOAD_TOO_LARGE, f"The body has more than {MOST_MEMBERS} members of gzip.")
