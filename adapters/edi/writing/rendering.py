"""The segments of a message, or of a header or trailer, as bytes: as usual, or as their layout says."""

from collections.abc import Sequence

from transload.adapters.base.format import ELEMENT
from transload.adapters.edi.envelope import Envelope
from transload.adapters.edi.layout import USUAL, Layout, apart
from transload.adapters.edi.segments import BLANKS
from transload.adapters.edi.writing.carrier import Carrier
from transload.adapters.edi.writing.domain import binary_of

_BIN, _BDS = b"BIN\x1d", b"BDS\x1d"


def layout_of(envelope: Envelope) -> Layout:
    """The layout of the envelope's message."""
    return envelope.layout.seen if envelope.layout is not None else USUAL


def gap_after(name: str, envelope: Envelope) -> str:
    """What follows the terminator of a segment, which is named as in `Layout`."""
    layout = layout_of(envelope)
    usual = envelope.newline if layout.newline is None else layout.newline
    return layout.gaps.get(name, usual)


def render(segments: Sequence[str], envelope: Envelope, carrier: Carrier) -> bytes | None:
    """A message from header to trailer as it is written; None where something in it cannot be carried."""
    layout = layout_of(envelope)
    raw = carrier.encode(segments)
    parts = None
    if envelope.standard == "x12" and (raw is None or _BIN in raw or _BDS in raw):
        parts = _with_binary(segments, carrier)
        if parts is None and raw is None:
            return None
    if raw is None and parts is None:
        return None
    if parts is None:
        assert raw is not None
        if layout.usual:
            return carrier.joined(raw, envelope.newline.encode("latin-1"))
        parts = carrier.parts(raw)
    names = [segments[0].split(ELEMENT, 1)[0], *map(str, range(2, len(segments)))]
    if len(segments) > 1:
        names.append(segments[-1].split(ELEMENT, 1)[0])
    return b"".join(
        _laid_out(name, segment, part, envelope, carrier)
        for name, segment, part in zip(names, segments, parts, strict=True)
    )


def render_service(segment: str, envelope: Envelope, carrier: Carrier, *, after: str | None = None) -> bytes:
    """A header or trailer of interchange or group; ``after`` follows its terminator, where it is not as usual.

    Raises `ValueError` where something in it cannot be carried.
    """
    raw = carrier.encode([segment])
    if raw is None:
        raise ValueError(f"{segment!r} cannot be carried")
    if envelope.layout is None:
        return carrier.joined(raw, (envelope.newline if after is None else after).encode("latin-1"))
    (part,) = carrier.parts(raw)
    return _laid_out(segment.split(ELEMENT, 1)[0], segment, part, envelope, carrier, after)


def _laid_out(
    name: str, segment: str, part: bytes, envelope: Envelope, carrier: Carrier, after: str | None = None
) -> bytes:
    layout = layout_of(envelope)
    spelled = layout.spellings.get(name)
    if spelled is not None and _says(spelled, segment, carrier, service=not name.isdigit()):
        part = spelled.encode(carrier.charset.codec)
    gap = gap_after(name, envelope) if after is None else after
    return part + carrier.terminator + gap.encode("latin-1")


def _says(spelled: str, segment: str, carrier: Carrier, *, service: bool) -> bool:
    """Whether ``spelled`` says the same as ``segment``: a service segment may say more, and blanks around it."""
    text = apart(spelled, carrier.separators)
    text = text.strip(BLANKS.decode()) if service else text.lstrip(BLANKS.decode())
    if text != segment and not (service and text.startswith(segment + ELEMENT)):
        return False
    try:
        spelled.encode(carrier.charset.codec)
    except UnicodeEncodeError:
        return False
    return True


def _with_binary(segments: Sequence[str], carrier: Carrier) -> list[bytes] | None:
    """A piece for each segment, where some hold binary data, which are written as they are; None where none does."""
    if not any(binary_of(segment) for segment in segments):
        return None
    parts = []
    for segment in segments:
        binary = binary_of(segment)
        head = segment[: len(segment) - len(binary[1])] if binary else segment
        raw = carrier.encode([head])
        if raw is None:
            return None
        try:
            data = binary[1].encode(carrier.charset.codec) if binary else b""
        except UnicodeEncodeError:
            return None
        if binary and len(data) != int(binary[0]):
            return None
        parts.append(carrier.parts(raw)[0] + data)
    return parts
