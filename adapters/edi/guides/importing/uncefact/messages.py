"""The segment table of a message: its segments and groups in their order.

Groups are drawn with lines at the right margin, one column for each that is open::

    0380       ---- Segment group 9  ------------------ C   10----------+
    0390   TDT Details of transport                     M   1           |
    0400       ---- Segment group 10 ------------------ C   10---------+|
    0410   LOC Place/location identification            M   1          ||
    0420   DTM Date/time/period                         C   5----------++

So each line says how deep it stands (the lines beside it) and how many groups end with it (the corners).
Both must agree with the groups that are open.  Where a drawing is broken, the list of groups in the message's
text (``Segment group 9:  TDT-SG10``) decides.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from transload.adapters.edi.guides.importing.uncefact.parts import Part
from transload.adapters.edi.guides.importing.uncefact.rows import MARK
from transload.canonical.findings import Finding, Severity

_HEAD = {
    "type": re.compile(r"(?i)\bMessage Type\s*:\s*([A-Z]{6})\b"),
    "version": re.compile(r"(?i)\bVersion\s*:\s*([A-Z0-9]{1,3})\b"),
    "release": re.compile(r"(?i)\bRelease\s*:\s*([A-Z0-9]{1,3})\b"),
    "agency": re.compile(r"(?i)\bContr\. Agency\s*:\s*([A-Z0-9]{1,3})\b"),
}
_LINES_OF_HEAD = 100
MESSAGE_FILE = re.compile(r"(?P<type>[A-Z]{6})_(?P<version>[A-Z])\.(?P<release>\d\d[A-Z0-9])")
_BOX = r"\s*(?P<box>[-+| ]*)"
_POSITION = rf" {{0,9}}(?:(?P<position>\d{{3,5}})\s*)?(?P<mark>{MARK})\s*"
_GROUP = re.compile(
    _POSITION + r"-{2,}\s*Segment group\s+(?P<number>\d{1,3})\s*-{2,}\s*(?P<status>[MC])\s+(?P<most>\d{1,9})" + _BOX,
    re.IGNORECASE,
)
_SEGMENT = re.compile(_POSITION + r"(?P<tag>[A-Z]{3})\b(?P<rest>.*)")
_COUNTS = re.compile(r".*?\s(?P<status>[MC])\s+(?P<most>\d{1,9})" + _BOX)
_LISTED = re.compile(r"(?i).*\bSegment group\s+(?P<number>\d{1,3})\s*:(?P<children>.*)")
_CHILDREN = re.compile(r"\s*-?\s*(?:[A-Z]{3}|SG\s?\d{1,3})(?:\s?-\s?(?:[A-Z]{3}|SG\s?\d{1,3}))*\s*-?\s*")
_CHILD = re.compile(r"SG\s?\d{1,3}|[A-Z]{3}")
_TRAILER = {"UNH": "UNT", "UIH": "UIT"}
_MOST_LINES = 4
_DEEPEST = 18
"""So many groups may lie in each other; the deepest of the UN's are seven."""


@dataclass(kw_only=True)
class Entry:
    """A segment's or group's place in a message: ``name`` is a tag or ``SG9``; a group has ``children``."""

    name: str
    status: str
    most: int
    line: int
    children: "list[Entry]" = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class UnMessage:
    """A message: its type, its version as UNH names it (``D``, ``96A``, ``UN``), and what stands in it."""

    part: Part
    type: str
    title: str
    version: str
    release: str
    agency: str
    entries: tuple[Entry, ...]

    @property
    def tags(self) -> dict[str, int]:
        """The tags of all segments, each with the line of its first place."""
        found: dict[str, int] = {}
        waiting = list(reversed(self.entries))
        while waiting:
            entry = waiting.pop()
            waiting += reversed(entry.children)
            if not entry.children:
                found.setdefault(entry.name, entry.line)
        return found

    @property
    def groups(self) -> int:
        """How many segment groups there are."""
        return sum(1 for _ in groups_of(self.entries))


def names_of(part: Part) -> dict[str, str] | None:
    """A message's type, version, release, agency and header (UNH, UIH), or None where a file describes no message.

    Its head names them, or else the file's name.  A table alone does not make a message: the UN's rules for
    designing messages hold one as an example.
    """
    begin = _first_row(part)
    if begin is None:
        return None
    by_name = MESSAGE_FILE.fullmatch(part.file)
    found: dict[str, str] = {"agency": "UN", **(by_name.groupdict() if by_name else {})}
    for key, pattern in _HEAD.items():
        written = next((m[1] for line in part.lines[:_LINES_OF_HEAD] if (m := pattern.search(line))), None)
        if written:
            found[key] = written.upper()
    return {**found, "header": begin[1]} if len(found) == len(_HEAD) else None


def read_message(part: Part, faults: list[Finding]) -> UnMessage | None:
    """The message that a file describes, or None with a finding when its table cannot be read."""
    names = names_of(part)
    rows = _rows(part, faults)
    entries = _built(part, rows, faults) if rows is not None else None
    if entries is None or names is None:
        return None
    del names["header"]
    return UnMessage(part=part, title=_title(part), entries=tuple(entries), **names)


def _first_row(part: Part) -> tuple[int, str] | None:
    """The index of the line in which the table begins, and the tag of the header there."""
    for index, line in enumerate(part.lines):
        row = _SEGMENT.fullmatch(line)
        if row and row["tag"] in _TRAILER and _COUNTS.fullmatch(row["rest"]):
            return index, row["tag"]
    return None


def _title(part: Part) -> str:
    """The message's name: the third of the texts that stand in the middle of the first page."""
    texts: list[str] = []
    fresh = True
    for line in part.lines[:_LINES_OF_HEAD]:
        if line.strip(" -"):
            texts.append(line.strip()) if fresh else texts.append(f"{texts.pop()} {line.strip()}")
        fresh = not line.strip(" -")
    return texts[2] if len(texts) > 2 and len(texts[2]) <= 80 else ""


@dataclass(frozen=True, kw_only=True)
class _Row:
    """A line of the table: how many groups are open beside it, and how many corners end or begin there."""

    name: str
    group: bool
    status: str
    most: int
    line: int
    beside: int
    corners: int


def _rows(part: Part, faults: list[Finding]) -> list[_Row] | None:
    """The lines of the table between the message's header and its trailer."""
    begin, header = _first_row(part) or (0, "UNH")
    found: list[_Row] = []
    waiting: tuple[str, int, str] | None = None  # a segment whose title goes on in the next line
    for number, line in enumerate(part.lines[begin + 1 :], start=begin + 2):
        group = _GROUP.fullmatch(line)
        segment = None if group else _SEGMENT.fullmatch(line)
        if waiting is not None and (group or not line.strip() or number - waiting[1] >= _MOST_LINES):
            break
        if group:
            found.append(_row(f"SG{int(group['number'])}", number, group, group=True))
        elif waiting is not None:
            waiting = (waiting[0], waiting[1], f"{waiting[2].rstrip(' |')} {line}")
        elif segment:
            waiting = (segment["tag"], number, segment["rest"])
        if waiting is not None and (counts := _COUNTS.fullmatch(waiting[2])):
            if waiting[0] == _TRAILER[header]:
                return found
            found.append(_row(waiting[0], waiting[1], counts, group=False))
            waiting = None
    if waiting is not None:
        hint = "look at the file: the UN writes position, tag, title, status and number of times in columns"
        faults.append(_fault(part, waiting[1], "this line of the segment table is not understood", hint))
    else:
        hint = "the file may be cut off: get it again"
        faults.append(_fault(part, None, f"the segment table does not end with {_TRAILER[header]}", hint))
    return None


def _row(name: str, line: int, found: re.Match[str], *, group: bool) -> _Row:
    box = found["box"]
    return _Row(
        name=name,
        group=group,
        status=found["status"].upper(),
        most=int(found["most"]),
        line=line,
        beside=box.count("|"),
        corners=box.count("+"),
    )


def _built(part: Part, rows: Sequence[_Row], faults: list[Finding]) -> list[Entry] | None:
    """The tree of the rows, by the drawing; by the list of groups where the drawing is broken."""
    listed = _listed(part)
    tree, broken = _by_drawing(rows)
    if tree is None:
        tree = _by_list(rows, listed)
        message = "the drawing of the segment groups does not add up"
        if tree is None:
            hint = "mend the lines of the groups in the file, and import it again"
            faults.append(_fault(part, broken, message, hint))
            return None
        message += "; the list of groups in the message's text was taken instead"
        faults.append(_fault(part, broken, message, None, Severity.WARNING))
    for group in groups_of(tree):
        names = [child.name for child in group.children]
        opener = group.children[0]
        if opener.children:
            hint = "look at the file: a group begins with the segment that opens it"
            faults.append(_fault(part, group.line, f"{group.name} begins with {opener.name}, a group", hint))
            return None
        if opener.most != 1:
            message = f"{opener.name} opens {group.name} and may stand {opener.most} times there; once is taken"
            faults.append(_fault(part, opener.line, message, None, Severity.WARNING))
            opener.most = 1
        if names != listed.get(group.name, names):
            message = (
                f"the table gives {group.name} the members {'-'.join(names)}, the text "
                f"{'-'.join(listed[group.name])}; the table was taken"
            )
            faults.append(_fault(part, group.line, message, None, Severity.REMARK))
    return tree


def _by_drawing(rows: Sequence[_Row]) -> tuple[list[Entry] | None, int | None]:
    """The tree that the lines at the margin draw, or the number of the line where they do not add up."""
    root: list[Entry] = []
    open_groups: list[list[Entry]] = [root]
    for row in rows:
        entry = _entry(row)
        open_groups[-1].append(entry)
        expected = len(open_groups) - 1
        if row.beside + (0 if row.group else row.corners) != expected or (row.group and row.corners != 1):
            return None, row.line
        if row.group:
            if expected == _DEEPEST:
                return None, row.line
            open_groups.append(entry.children)
        else:
            del open_groups[len(open_groups) - row.corners :]
    return (root, None) if len(open_groups) == 1 else (None, rows[-1].line)


def _by_list(rows: Sequence[_Row], listed: dict[str, list[str]]) -> list[Entry] | None:
    """The tree by the members that the text gives each group, or None where they do not fit the table."""
    waiting = list(reversed(rows))

    def take(deep: int) -> Entry | None:
        row = waiting.pop()
        entry = _entry(row)
        if row.group and (row.name not in listed or deep == _DEEPEST):
            return None
        for name in listed[row.name] if row.group else ():
            if not waiting or waiting[-1].name != name or (child := take(deep + 1)) is None:
                return None
            entry.children.append(child)
        return entry

    root: list[Entry] = []
    while waiting:
        entry = take(0)
        if entry is None:
            return None
        root.append(entry)
    return root


def _entry(row: _Row) -> Entry:
    return Entry(name=row.name, status=row.status, most=row.most, line=row.line)


def _listed(part: Part) -> dict[str, list[str]]:
    """The members of each group as the message's text lists them: ``Segment group 9:  TDT-SG10``."""
    found: dict[str, list[str]] = {}
    for index, line in enumerate(part.lines):
        begin = _LISTED.fullmatch(line)
        if not begin or not _CHILDREN.fullmatch(begin["children"]):
            continue
        text = begin["children"]
        for more in part.lines[index + 1 : index + 6]:
            if not _CHILDREN.fullmatch(more):
                break
            text += f"-{more}"
        found.setdefault(f"SG{int(begin['number'])}", [name.replace(" ", "") for name in _CHILD.findall(text)])
    return found


def groups_of(entries: Sequence[Entry]) -> Iterator[Entry]:
    """The groups, each before those inside it."""
    for entry in entries:
        if entry.children:
            yield entry
            yield from groups_of(entry.children)


def _fault(
    part: Part, line: int | None, message: str, hint: str | None, severity: Severity = Severity.ERROR
) -> Finding:
    code = {Severity.ERROR: "E-IMPORT", Severity.WARNING: "W-IMPORT", Severity.REMARK: "R-IMPORT"}[severity]
    return Finding(code=code, message=message, hint=hint, severity=severity, place=part.place(line))
