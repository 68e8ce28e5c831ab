"""Which segments belong to which: by the message's guide, or by what is usual where there is none."""

from collections.abc import Callable, Iterator, Sequence

from transload.adapters.base.format import Records
from transload.adapters.edi.guides import Guide
from transload.mappings.drafting.shapes import Piece, Place, Qualifiers

QUALIFIERS: dict[str, Qualifiers] = {
    "edifact": Qualifiers(
        places={
            **dict.fromkeys(("DTM", "RFF", "QTY", "MOA", "PRI", "PCD", "CUX", "CNT"), (1, 1)),
            **dict.fromkeys(("NAD", "FTX", "CTA", "LOC", "IMD", "PIA", "GIN", "UNS", "MEA", "PAT", "TOD"), (1, None)),
            "COM": (1, 2),
        }
    ),
    "x12": Qualifiers(
        places=dict.fromkeys(("N1", "REF", "DTM", "PER", "N9", "AMT", "PID", "MEA", "CUR", "TXI", "G62"), (1, None))
    ),
}
"""Where the qualifier of a segment stands."""


def _tags(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LINE_X12 = _tags(
    "ACK AMT CTP CUR DTM G62 IT3 IT8 ISS LDT MAN MEA MSG N1 N2 N3 N4 N9 PAL PER PID PKG PO4 QTY REF SAC "
    "SCH SDQ SI SLN SN1 TAX TC2 TD1 TD4 TD5 TXI PRF"
)
_LINE_EDIFACT = _tags(
    "ALC ALI APR COM CTA CUX DOC DTM EQD FII FTX GIN GIR HAN IMD LOC MEA MOA NAD PAC PAI PAT PCD PCI PIA "
    "PRI QTY QVR RCS RFF RJL RTE STG TAX TDT TOD TMP"
)
HABITS: dict[str, dict[str, frozenset[str]]] = {
    "edifact": {
        "NAD": frozenset(("LOC", "FII", "RFF", "DOC", "CTA", "COM")),
        "RFF": frozenset(("DTM",)),
        "DOC": frozenset(("DTM",)),
        "CTA": frozenset(("COM",)),
        "TAX": frozenset(("MOA", "LOC")),
        "CUX": frozenset(("DTM", "PCD")),
        "PAT": frozenset(("DTM", "PCD", "MOA", "PAI", "FII")),
        "TDT": frozenset(("LOC", "DTM")),
        "LOC": frozenset(("DTM",)),
        "TOD": frozenset(("LOC",)),
        "PAC": frozenset(("MEA", "PCI", "EQD", "GIN")),
        "PCI": frozenset(("GIN", "RFF", "DTM")),
        "ALC": frozenset(("QTY", "PCD", "MOA", "RTE", "TAX")),
        "PRI": frozenset(("APR", "RNG")),
        "CPS": _LINE_EDIFACT | {"LIN"},
        "LIN": _LINE_EDIFACT,
    },
    "x12": {
        "N1": frozenset(("N2", "N3", "N4", "PER", "REF", "SI")),
        "N9": frozenset(("DTM", "MSG")),
        "SAC": frozenset(("CUR", "TXI")),
        "SLN": frozenset(("MSG", "SI", "PID")),
        "PO1": _LINE_X12,
        "IT1": _LINE_X12,
        "HL": _LINE_X12 | {"LIN"},
    },
}
"""What may belong to a segment, in the messages of trade."""
LINES = frozenset(("LIN", "PO1", "IT1"))


def pieces_of(body: Records, format_type: str, guide: Guide | None) -> list[Piece]:
    """The segments of a message as a tree."""
    pieces = [_piece(segment, body, guide) for segment in body.segments]
    if guide is not None:
        standings = guide.standings(body)
        if all(standing.rule for standing in standings):  # else a segment stands where the guide has none
            return _by_groups(pieces, [(standing.groups, standing.opens) for standing in standings])
    return _by_habit(pieces, HABITS[format_type])


def _piece(segment: Sequence[str], body: Records, guide: Guide | None) -> Piece:
    values: dict[Place, str] = {}
    rules = guide.segment(segment[0]) if guide is not None else None
    for number, text in enumerate(segment[1:], 1):
        part = rules.parts[number - 1] if rules is not None and number <= len(rules.parts) else None
        composite = part is not None and getattr(part.element, "parts", None) is not None
        if composite or (body.component and body.component in text):
            for component, value in enumerate(text.split(body.component), 1):
                values[number, component] = value
        else:
            values[number, None] = text
    return Piece(tag=segment[0], values=values)


def _by_groups(pieces: Sequence[Piece], standings: Sequence[tuple[tuple[str, ...], bool]]) -> list[Piece]:
    """The segment that opens a group holds the group's other segments."""
    found: list[Piece] = []
    stack: list[tuple[tuple[str, ...], Piece]] = []
    for piece, (groups, opens) in zip(pieces, standings, strict=True):
        around = groups[:-1] if opens else groups
        while stack and stack[-1][0] != around[: len(stack[-1][0])]:
            stack.pop()
        while stack and len(stack[-1][0]) > len(around):
            stack.pop()
        (stack[-1][1].inside if stack else found).append(piece)
        if opens:
            stack.append((groups, piece))
    return found


def _by_habit(pieces: Sequence[Piece], habits: dict[str, frozenset[str]]) -> list[Piece]:
    found: list[Piece] = []
    stack: list[Piece] = []
    for piece in pieces:
        while stack and piece.tag not in habits.get(stack[-1].tag, frozenset()):
            stack.pop()
        (stack[-1].inside if stack else found).append(piece)
        if piece.tag in habits:
            stack.append(piece)
    return found


def aligned(pieces: Sequence[Piece], is_composite: Callable[[str, int], bool]) -> None:
    """Make elements composite in all pieces of a tag where they are in one or are known to be, so that places agree."""
    composite: set[tuple[str, int]] = set()
    for piece in walk(pieces):
        for element, component in piece.values:
            if component is not None or is_composite(piece.tag, element):
                composite.add((piece.tag, element))
    for piece in walk(pieces):
        piece.values = {
            (element, 1 if component is None and (piece.tag, element) in composite else component): value
            for (element, component), value in piece.values.items()
        }


def walk(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """All pieces, in their order."""
    for piece in pieces:
        yield piece
        yield from walk(piece.inside)
