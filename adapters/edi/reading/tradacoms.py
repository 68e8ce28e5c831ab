"""The beginning of a TRADACOMS transmission: STX, and what it says about the rest (ANA, later GS1 UK).

TRADACOMS is the British retail's older sister of EDIFACT: the same element, component and release characters,
``=`` after the tag, and messages that belong together in a file (header, details, trailer).
"""

from transload.adapters.base.content import Content
from transload.adapters.edi.charsets import UNDECLARED, Charset
from transload.adapters.edi.faults import Reporter
from transload.adapters.edi.interchange import Beginning, Dialect, Interchange
from transload.adapters.edi.reading.framing import frame
from transload.adapters.edi.separators import TRADACOMS_DEFAULT
from transload.adapters.edi.services import Service, read_service
from transload.canonical.places import Place

TRADACOMS_DIALECT = Dialect(
    standard="tradacoms",
    headers=("STX", "BAT", "MHD"),
    trailers=("END", "EOB", "MTR"),
    references=(5, 1, 1),
    paired=frozenset(),  # its trailers hold counts alone
    counts_messages=True,
    acks={},
)
_REQUIRED = (
    (1, "the syntax rules"),
    (2, "the sender"),
    (3, "the receiver"),
    (4, "date and time"),
    (5, "the sender's reference"),
)


def read(
    content: Content, pos: int, number: int, reporter: Reporter, charset: Charset | None = None
) -> Interchange | None:
    """Frame the transmission at ``pos``, None where none begins; ``charset`` is the undeclared one unless given."""
    if not content.startswith(b"STX=", pos):
        return None
    found = charset or UNDECLARED
    header = read_service(content, pos, TRADACOMS_DEFAULT, found)
    _check_header(header, number, reporter)
    base = Beginning(
        standard="tradacoms",
        number=number,
        start=pos,
        separators=TRADACOMS_DEFAULT,
        charset=found,
        header=header,
    )
    return frame(content, TRADACOMS_DIALECT, base, reporter, header.end)


def _check_header(header: Service, number: int, reporter: Reporter) -> None:
    missing = [(element, what) for element, what in _REQUIRED if not header.element(element).strip("\x1f ")]
    if missing:
        reporter.add(
            "E-ENVELOPE",
            f"STX does not give {', '.join(what for _, what in missing)}",
            header.start,
            where=Place(interchange=number, tag="STX", element=missing[0][0]),
        )
    rules = header.element(1, 1)
    if rules and rules not in ("ANA", "ANAA"):
        reporter.add(
            "E-ENVELOPE",
            f"STX names syntax rules {rules!r}, TRADACOMS has ANA and ANAA",
            header.start,
            value=rules,
            where=Place(interchange=number, tag="STX", element=1, component=1),
        )
