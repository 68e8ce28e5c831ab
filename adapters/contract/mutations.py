"""Payloads with faults put into them, always the same ones: what a partner's disk, line or program does to bytes."""

from collections.abc import Iterator
from random import Random

_STRANGE = (
    b"\x00",
    b"\xff",
    b"\r\n",
    b"'",
    b'"',
    b"<",
    b"{",
    b"*",
    b"?",
    b"\xef\xbb\xbf",
    b"\x1d",
    b" " * 50,
    b"0" * 50,
)


def mutated(payload: bytes, count: int, *, seed: int) -> Iterator[bytes]:
    """``count`` payloads with one to four faults each: cut off, changed, inserted, removed, doubled, swapped."""
    random = Random(seed)  # noqa: S311 - the same faults each time, no secret
    for _ in range(count):
        data = bytearray(payload)
        for _ in range(random.randint(1, 4)):
            at = random.randrange(len(data) + 1)
            end = min(len(data), at + random.choice((1, 2, 10, 100)))
            match random.randrange(6):
                case 0:
                    del data[at:]
                case 1:
                    data[at:end] = random.randbytes(end - at)
                case 2:
                    data[at:at] = random.choice(_STRANGE)
                case 3:
                    del data[at:end]
                case 4:
                    data[at:at] = data[at:end]
                case _:
                    data[at:end] = data[at:end][::-1]
        yield bytes(data)


def hostile(payload: bytes, size: int) -> Iterator[tuple[str, bytes]]:
    """Payloads of about ``size`` bytes that are meant to cost much more than that; each with what it is."""
    yield "its own bytes again and again", payload * (size // max(len(payload), 1) + 1)
    middle = payload[: len(payload) // 2]
    for sign in sorted({*payload[:200]} | {0, 0xFF, *b"\"'<[{(*+~\n "}):
        run = bytes([sign]) * (size // 8)
        yield f"a run of {bytes([sign])!r}", run
        yield f"a run of {bytes([sign])!r} in its middle", middle + run + payload[len(middle) :]
    for opening in (b"<a>", b"[", b'{"a":', b"<!--", b"<![CDATA[", b'"'):
        yield f"{opening!r} opened and never closed", middle + opening * (size // 8 // len(opening))


def cut_off(payload: bytes, most: int) -> Iterator[tuple[int, bytes]]:
    """``payload`` ended too early, at each byte or at ``most`` of them, the first and the last; each with where."""
    for at in _spread(len(payload), most):
        yield at, payload[:at]


def changed(payload: bytes, most: int, *, seed: int) -> Iterator[tuple[int, bytes]]:
    """``payload`` with another byte at one place, at each or at ``most`` of them; each with where."""
    random = Random(seed)  # noqa: S311 - the same faults each time, no secret
    for at in _spread(len(payload), most):
        other = payload[at] ^ (1 << random.randrange(8) if random.random() < 0.5 else random.randint(1, 255))
        yield at, payload[:at] + bytes([other]) + payload[at + 1 :]


def _spread(size: int, most: int) -> list[int]:
    """At most ``most`` of the offsets below ``size``, evenly spread, the first and the last among them."""
    if size <= most:
        return list(range(size))
    return sorted({round(index * (size - 1) / max(1, most - 1)) for index in range(most)})
