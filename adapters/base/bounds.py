"""Limits on what a payload may grow to when it is unpacked: a small file can hold gigabytes of zeros."""

from pydantic import Field

from transload.adapters.base.settings import Settings
from transload.canonical.errors import Reject
from transload.canonical.findings import Finding
from transload.canonical.places import Place

MIB = 1024 * 1024
FLOOR = 10 * MIB
"""Bytes below which the ratio does not count: short texts that repeat themselves may shrink to almost nothing."""
CHUNK = 256 * 1024
"""Bytes unpacked at a time."""


class Bounds(Settings):
    """What may be unpacked from one payload."""

    largest: int = Field(
        default=256 * MIB, ge=1, description="Bytes that a payload may have unpacked, all entries together"
    )
    ratio: int = Field(
        default=200,
        ge=1,
        description="How many times larger than packed it may be unpacked; counts beyond 10 MiB, deflate ends at 1032",
    )


class Meter:
    """Counts what comes out of one payload of ``packed`` bytes, and refuses it when it is too much."""

    def __init__(self, bounds: Bounds, packed: int, what: str) -> None:
        self._bounds = bounds
        self._packed = packed
        self._what = what
        self._most = min(bounds.largest, max(FLOOR, bounds.ratio * packed))
        self._found = 0

    @property
    def left(self) -> int:
        """How many bytes more are worth unpacking: one more than are allowed, at most `CHUNK`."""
        return min(CHUNK, self._most - self._found + 1)

    def add(self, size: int) -> None:
        """Count ``size`` bytes more.  Raises `Reject` with E-BOMB when they are too many."""
        self._found += size
        if self._found <= self._most:
            return
        if self._most == self._bounds.largest:
            message = f"{self._what} grows beyond the {self._most} bytes that are allowed when it is unpacked"
            hint = "raise 'largest' of the filter if such payloads are meant; else the partner has sent a bomb"
        else:
            message = (
                f"{self._what} grows beyond {self._bounds.ratio} times its {self._packed} bytes when it is unpacked"
            )
            hint = "raise 'ratio' of the filter if such payloads are meant; else the partner has sent a bomb"
        raise refused("E-BOMB", message, hint)


def refused(code: str, message: str, hint: str, *, byte: int | None = None, value: str | None = None) -> Reject:
    """A `Reject` with one finding; ``byte`` is an offset in the payload that the filter was given."""
    place = None if byte is None else Place(byte=byte)
    return Reject(message, findings=[Finding(code=code, message=message, hint=hint, place=place, value=value)])
