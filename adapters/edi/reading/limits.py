"""How much is taken apart at all: what is larger is reported, and stays where it is."""

from dataclasses import dataclass

from transload.adapters.edi.faults import Reporter
from transload.adapters.edi.interchange import Frame, Interchange
from transload.canonical.findings import Finding
from transload.canonical.places import Place


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The most bytes that one ``message`` and one ``segment`` may have; binary data count for the message alone."""

    message: int = 32_000_000
    segment: int = 1_000_000


def over_limit(
    reporter: Reporter, interchange: Interchange, frame: Frame, size: int, most: int, what: str = "message"
) -> Finding:
    """The finding for a message that is too large, or has a ``what`` that is."""
    own = reporter.fresh()
    own.add(
        "E-LIMIT",
        f"a {what} of {size} bytes is larger than the {most} that are allowed; the message is not read",
        frame.start,
        hint=f"look for a missing segment terminator; if it is meant, raise largest_{what}: under format",
        ack={"0085": "18"} if interchange.standard == "edifact" else {},
        where=Place(interchange=interchange.number, group=frame.group, message=frame.number, tag=frame.header.tag),
    )
    return own.close()[0]
