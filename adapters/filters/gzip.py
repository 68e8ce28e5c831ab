"""gzip (RFC 1952): one or more members behind each other, as ``cat a.gz b.gz`` makes them."""

import gzip
import zlib
from collections.abc import Callable, Iterator, Mapping

from pydantic import Field

from transload.adapters.base import Finding
from transload.adapters.base.bounds import Bounds, Meter, refused
from transload.adapters.base.filter import Filter, Payload, one

_MAGIC = b"\x1f\x8b"
_GZIP = 16 + zlib.MAX_WBITS


class GzipOptions(Bounds):
    """Compression with gzip."""

    optional: bool = Field(
        default=False, description="Take what is not compressed as it is, where a partner sends both"
    )
    level: int = Field(default=6, ge=0, le=9, description="Written: 0 (none) to 9 (slowest, smallest)")


class GzipFilter(Filter[GzipOptions]):
    """Decompresses what arrives, all its members; compresses what leaves, with no name and no time in it."""

    Options = GzipOptions
    content_type = "application/gzip"

    def unwrap(self, payload: Payload, remark: Callable[[Finding], None]) -> Iterator[Payload]:
        """The one payload inside; ``.gz`` is taken from its name.  Raises `Reject`: E-GZIP, E-BOMB."""
        content = payload.content
        if not content.startswith(_MAGIC):
            if not self.options.optional:
                hint = "remove the filter, or set 'optional' where the partner compresses only some"
                raise refused("E-GZIP", f"{payload.name} is not gzip", hint, byte=0, value=_begin(content))
            yield payload
            return
        stem = payload.name[:-3] if payload.name.lower().endswith(".gz") else payload.name
        yield one(payload, self._decompressed(content, payload.name), name=stem or payload.name)

    def wrap(self, content: bytes, filled: Mapping[str, str]) -> bytes:
        """One member."""
        return gzip.compress(content, self.options.level, mtime=0)

    def _decompressed(self, content: bytes, name: str) -> bytes:
        meter = Meter(self.options, len(content), name)
        pieces: list[bytes] = []
        start = 0
        while start < len(content):
            if content[start : start + 2] != _MAGIC:
                if not content[start:].strip(b"\0"):  # tape blocks are filled up with zeros
                    break
                hint = "it was damaged on the way, or something else was appended; ask the partner to send it again"
                message = f"{name} has bytes behind its last gzip member"
                raise refused("E-GZIP", message, hint, byte=start, value=_begin(content[start : start + 8]))
            start = _member(content, start, meter, pieces, name)
        return b"".join(pieces)


def _member(content: bytes, start: int, meter: Meter, pieces: list[bytes], name: str) -> int:
    """Decompress the member at ``start``; gives where it ends.  `zlib` checks its CRC and its length."""
    member = zlib.decompressobj(_GZIP)
    rest = memoryview(content)[start:]
    fed = 0
    waiting: bytes | memoryview = b""
    while not member.eof:
        if not waiting:
            waiting = rest[fed : fed + _FEED]
            fed += len(waiting)
        if not waiting:
            hint = "it was cut off on the way; ask the partner to send it again"
            raise refused("E-GZIP", f"{name} ends inside a gzip member", hint, byte=len(content))
        try:
            piece = member.decompress(waiting, meter.left)
        except zlib.error as error:
            hint = "it was damaged on the way; ask the partner to send it again"
            said = str(error).rpartition(": ")[2]
            at = start + fed - len(waiting)
            raise refused("E-GZIP", f"{name} is damaged gzip: {said}", hint, byte=at) from error
        waiting = member.unconsumed_tail
        meter.add(len(piece))
        pieces.append(piece)
    return start + fed - len(member.unused_data) - len(waiting)


_FEED = 64 * 1024


def _begin(content: bytes) -> str:
    return content[:8].hex(" ")
