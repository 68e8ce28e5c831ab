"""What is told of a file, an interchange and a group before their segments are shown."""

import codecs
from collections.abc import Callable, Iterator

from transload.adapters.base.content import Content
from transload.adapters.base.format import COMPONENT, REPETITION, Identity
from transload.adapters.edi.interchange import Group, Interchange
from transload.adapters.edi.qualifiers import MEANINGS
from transload.adapters.edi.separators import EDIFACT_LEVEL_B, Separators
from transload.adapters.edi.services import Service
from transload.runner.cli.screen import counted
from transload.runner.cli.xray.glyphs import Glyphs

SERVICE_TITLES = {
    "UNA": "service characters",
    "UNB": "interchange header",
    "UNG": "group header",
    "UNH": "message header",
    "UNT": "message trailer",
    "UNE": "group trailer",
    "UNZ": "interchange trailer",
    "ISA": "interchange header",
    "GS": "group header",
    "ST": "transaction set header",
    "SE": "transaction set trailer",
    "GE": "group trailer",
    "IEA": "interchange trailer",
    "TA1": "interchange acknowledgement",
    "STX": "transmission header",
    "BAT": "batch header",
    "MHD": "message header",
    "MTR": "message trailer",
    "EOB": "batch trailer",
    "END": "transmission trailer",
    "UNO": "object header",
    "UNP": "object trailer",
}
Show = Callable[[str], str]
"""Makes a text of the file visible."""

_BLOCK = 1 << 20
_MARKS = {b"\xef\xbb\xbf": "UTF-8", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
_NAMES = {"\n": "LF", "\r": "CR", "\t": "TAB", " ": "blank", "\x1c": "FS", "\x1d": "GS", "\x1e": "RS", "\x1f": "US"}
_ENDS = {"": "nothing", "\n": "LF", "\r\n": "CR LF", "\r": "CR"}


def of_file(content: Content) -> Iterator[str]:
    """Size, line ends, characters and byte order mark of a file, read in blocks."""
    crlf = lf = cr = 0
    ascii_only = utf8 = True
    decoder = codecs.getincrementaldecoder("utf-8")()
    before = b""
    for start in range(0, len(content), _BLOCK):
        block = content[start : start + _BLOCK]
        crlf += block.count(b"\r\n") + (before == b"\r" and block[:1] == b"\n")
        lf += block.count(b"\n")
        cr += block.count(b"\r")
        before = block[-1:]
        if not block.isascii():
            ascii_only = False
        if utf8 and not (ascii_only and block.isascii()):
            try:
                decoder.decode(block, final=start + _BLOCK >= len(content))
            except UnicodeDecodeError:
                utf8 = False
    yield f"{len(content):,} {'byte' if len(content) == 1 else 'bytes'}"
    yield _line_ends(crlf, lf - crlf, cr - crlf)
    if len(content):
        yield "all ASCII" if ascii_only else "not all ASCII, valid UTF-8" if utf8 else "not all ASCII, not UTF-8"
    mark = next((name for mark, name in _MARKS.items() if content[:3].startswith(mark)), None)
    yield f"begins with a byte order mark of {mark}" if mark else "no byte order mark"


def of_interchange(interchange: Interchange, glyphs: Glyphs) -> Iterator[tuple[str, str]]:
    """The envelope by name: parties, date, syntax, separators."""

    def show(text: str) -> str:
        return glyphs.text(plain(text, interchange.separators))

    yield "from", _party(interchange.sender, interchange.standard, show)
    yield "to", _party(interchange.receiver, interchange.standard, show)
    yield "reference", show(interchange.reference) or "none"
    header = interchange.header
    if header is not None:
        x12 = interchange.standard == "x12"
        said = [moment(*((header.element(9), header.element(10)) if x12 else _composite(header, 4)), show)]
        if interchange.standard != "tradacoms":
            said += [_test(header, x12=x12, show=show), _acknowledgement(header, x12=x12, show=show)]
        yield "prepared", ", ".join(said)
        named = header.element(12) if x12 else " version ".join(filter(None, _composite(header, 1)))
        yield "version" if x12 else "syntax", f"{show(named) or '?'}, read as {interchange.charset.title}"
        for name, element in () if x12 else (("application", 7), ("agreement", 10)):
            if header.element(element):
                yield name, show(header.element(element))
    yield "separators", _separators(interchange)


def of_group(group: Group, interchange: Interchange, glyphs: Glyphs) -> str:
    """A functional group in one line."""

    def show(text: str) -> str:
        return glyphs.text(plain(text, interchange.separators))

    header = group.header
    messages = counted(group.messages, "message")
    if interchange.standard == "tradacoms":
        return f"batch {group.number}: reference {show(header.element(1)) or '?'}, {messages}"
    if interchange.standard == "x12":
        kind, version, reference = header.element(1), header.element(8), header.element(6)
        sender, receiver, date = header.element(2), header.element(3), (header.element(4), header.element(5))
    else:
        kind, version, reference = header.element(1), header.element(7), header.element(5)
        sender, receiver, date = (
            header.element(2, 1),
            header.element(3, 1),
            (header.element(4, 1), header.element(4, 2)),
        )
    named = " ".join(filter(None, (kind, version)))
    return (
        f"group {group.number}: {show(named or '?')}, reference {show(reference or '?')},"
        f" from {show(sender or '?')} to {show(receiver or '?')}, {moment(*date, show)}, {messages}"
    )


def of_service(service: Service, interchange: Interchange, group: Group | None) -> str:
    """What a service segment is; a trailer with what was counted."""
    title = SERVICE_TITLES.get(service.tag, "")
    if group is not None and service is not group.header:
        return f"{title}: {counted(group.messages, 'message')}"
    if service is interchange.trailer:
        groups = interchange.groups
        what = counted(len(groups), "group") if groups else counted(len(interchange.frames), "message")
        return f"{title}: {what}"
    return title


def plain(text: str, separators: Separators) -> str:
    """A value of a service segment with the interchange's own separators in it."""
    return text.replace(COMPONENT, separators.component).replace(REPETITION, separators.repetition)


def named(character: str) -> str:
    """A character by its looks, or its name and code where it has none."""
    if character.isprintable() and character != " ":
        return character
    code = f"0x{ord(character):02X}"
    return f"{_NAMES[character]} ({code})" if character in _NAMES else code


def moment(date: str, time: str, show: Show) -> str:
    """Date and time of an envelope, ``2026-01-14 09:15``; as they stand where they are none."""
    if not (date.isascii() and date.isdigit() and len(date) in (6, 8) and (time.isdigit() or not time)):
        return f"date {show(f'{date} {time}'.strip()) or '?'}"
    if len(date) == 6:
        date = ("19" if date[:2] >= "70" else "20") + date
    clock = f" {time[:2]}:{time[2:4]}{':' + time[4:6] if len(time) >= 6 else ''}" if len(time) >= 4 else ""
    return f"{date[:4]}-{date[4:6]}-{date[6:]}{clock}"


def _composite(header: Service, element: int) -> tuple[str, str]:
    """The first two components of an element."""
    return header.element(element, 1), header.element(element, 2)


def _party(party: Identity | None, standard: str, show: Show) -> str:
    if party is None or not party.id:
        return "not known"
    if not party.qualifier:
        return show(party.id)
    meaning = MEANINGS.get(standard, {}).get(party.qualifier)
    return f"{show(party.id)} (qualifier {show(party.qualifier)}{': ' + meaning if meaning else ''})"


def _test(header: Service, *, x12: bool, show: Show) -> str:
    value = header.element(15 if x12 else 11)
    known = {"T": "TEST", "P": "production", "I": "information"} if x12 else {"1": "TEST", "": "no test"}
    return known.get(value) or f"test indicator {show(value)}"


def _acknowledgement(header: Service, *, x12: bool, show: Show) -> str:
    value = header.element(14 if x12 else 9)
    what = "TA1" if x12 else "acknowledgement"
    if value == "1":
        return f"{what} requested"
    return f"no {what} requested" if value in ("", "0") else f"{what} request {show(value)}"


def _separators(interchange: Interchange) -> str:
    marks = interchange.separators
    pairs = [
        ("tag", marks.tag),
        ("element", marks.element),
        ("component", marks.component),
        ("repetition", marks.repetition),
    ]
    pairs += [("release", marks.release), ("terminator", marks.terminator)]
    if interchange.una:
        pairs.insert(3, ("decimal mark", marks.decimal))
    shown = "  ".join(f"{name} {named(character)}" for name, character in pairs if character)
    after = interchange.newline
    then = f" then {_ENDS.get(after, 'blanks')}" if after else ""
    source = ""
    if interchange.standard == "edifact":
        source = "  (from UNA)" if interchange.una else "  (no UNA)"
        if marks is EDIFACT_LEVEL_B:
            source = "  (level B)"
    return f"{shown}{then}{source}"


def _line_ends(crlf: int, lf: int, cr: int) -> str:
    found = [f"{count:,} {name}" for count, name in ((crlf, "CR LF"), (lf, "LF"), (cr, "CR")) if count]
    if not found:
        return "no line ends"
    return f"line ends: {' and '.join(found)}" + (", mixed" if len(found) > 1 else "")
