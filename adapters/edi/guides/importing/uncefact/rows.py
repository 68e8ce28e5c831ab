"""What the directory files have in common: specifications between rules, and rows of parts in columns.

A specification begins with its code and title.  A row has a position, a mark of change (``* + # | X -``),
a code, a title that may run over several lines, a status, from 1997 on a number of times, and an element's
form; the components of a composite stand below it without positions::

    020 *  C082 PARTY IDENTIFICATION DETAILS               C    1
           3039  Party identifier                          M      an..35
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from transload.adapters.edi.guides.importing.uncefact.parts import Part
from transload.canonical.findings import Finding

MARK = r"(?:[-+*#|X]{1,3}(?=\s))?"
_RULE = re.compile(r"\s*-{20,}")
_ROW = re.compile(rf" {{0,2}}(?P<position>\d{{3}})\s+(?P<mark>{MARK})\s*(?P<code>[A-Z]?\d{{3,4}})\s+(?P<rest>\S.*)")
_COMPONENT = re.compile(rf"\s+(?P<mark>{MARK})\s*(?P<code>\d{{4}})\s+(?P<rest>\S.*)")
_TAIL = re.compile(
    r"(?P<title>.*?)(?P<gap>\s+)(?P<status>[MC])(?:\s+(?P<times>\d{1,5}))?"
    r"(?:\s+(?P<form>(?:an|a|n)\s?(?:\.\.)?\s?[1-9]\d{0,4}))?(?:\s+\d{1,2}(?:,\d{1,2})*)?"
)
_TEXT = re.compile(rf"\s*{MARK}\s*(?:Function|Desc|Notes?|Dependency notes?)\s*:", re.IGNORECASE)
_MOST_LINES = 4
_DELETION = re.compile(r"\(-\)\s+for a deletion")
_CAPITALS = re.compile(r"[^a-z]*[A-Z][^a-z]*")


@dataclass(frozen=True, kw_only=True)
class Specification:
    """The lines between two rules, without empty ones before and after; ``line`` is the first one's number."""

    part: Part
    line: int
    lines: tuple[str, ...]


@dataclass(kw_only=True)
class Row:
    """A part of a segment or composite; ``position`` is 10, 20, ..., 0 for a component below its composite."""

    position: int
    code: str
    title: str
    status: str
    times: int
    form: str | None
    line: int
    components: "list[Row]" = field(default_factory=list)


def specifications(part: Part) -> Iterator[Specification]:
    """What stands between the rules of a file; also what stands before the first."""
    lines: list[str] = []
    begin = 1
    for number, line in enumerate((*part.lines, "-" * 30), start=1):
        if not _RULE.fullmatch(line):
            lines.append(line)
            continue
        while lines and not lines[0].strip():
            del lines[0]
            begin += 1
        while lines and not lines[-1].strip():
            del lines[-1]
        if lines:
            yield Specification(part=part, line=begin, lines=tuple(lines))
        lines, begin = [], number + 1


def head(specification: Specification, code: str) -> tuple[str, str] | None:
    """The code (by the pattern ``code``) and title that a specification begins with, or None."""
    found = re.fullmatch(rf"\s*{MARK}\s*(?P<code>{code})\s+(?P<title>\S.*)", specification.lines[0])
    if not found:
        return None
    words = [found["title"]]
    for line in specification.lines[1:_MOST_LINES]:
        if not line.strip():
            break
        words.append(line)
    return found["code"], title_of(words)


def title_of(words: list[str]) -> str:
    """A title in one line; one in capitals is written as a sentence begins, usage indicators are left out."""
    text = " ".join(" ".join(words).split())
    text = re.sub(r"\s*\[[BIC]\]", "", text)
    return text.capitalize() if _CAPITALS.fullmatch(text) else text


def deletes(part: Part) -> bool:
    """Whether a minus sign in this file marks what is deleted; in others it is only marked for deletion."""
    return any(_DELETION.search(line) for line in part.lines[:40])


def rows(specification: Specification, faults: list[Finding]) -> tuple[list[Row], str]:
    """The parts of a segment or composite with the components below them, and the text of its notes."""
    found: list[Row] = []
    notes: list[str] = []
    in_text = True  # the title and the description come first
    last: Row | None = None  # the row that this line may go on with its title: until 1997 behind the status
    open_row: tuple[re.Match[str], int, list[str]] | None = None
    for number, line in enumerate((*specification.lines, ""), start=specification.line):
        row = _ROW.fullmatch(line)
        if open_row is not None and (row or not line.strip() or len(open_row[2]) >= _MOST_LINES):
            faults.append(_not_understood(specification.part, open_row[1], open_row[2][0]))
            open_row = None
        if row:
            in_text = False
        elif _TEXT.match(line):
            in_text = True
        if in_text:
            notes.append(line)
            continue
        if open_row is not None:
            open_row[2].append(line)
        elif begin := row or (_COMPONENT.fullmatch(line) if found else None):
            open_row = (begin, number, [begin["rest"]])
        else:
            if line.strip() and last is not None:
                last.title = title_of([last.title, line])
            elif line.strip():
                faults.append(_not_understood(specification.part, number, line))
            last = last if line.strip() else None
            continue
        if last := _completed(*open_row):
            (found[-1].components if last.position == 0 else found).append(last)
            open_row = None
    return found, " ".join(" ".join(notes).split())


def _completed(begin: re.Match[str], line: int, words: list[str]) -> Row | None:
    """The row, when its status stands in the words read so far."""
    tail = _TAIL.fullmatch(" ".join(word.strip() if place else word for place, word in enumerate(words)))
    if not tail:
        return None
    composite = begin["code"][0].isalpha()
    if not (tail["form"] or (composite and (tail["times"] or len(tail["gap"]) > 1))):
        return None  # a title's last word in this line is no status: simple elements have a form
    return Row(
        position=int(begin["position"]) if begin.re is _ROW else 0,
        code=begin["code"],
        title=title_of([tail["title"]]),
        status=tail["status"],
        times=int(tail["times"] or 1),
        form="".join(tail["form"].split()) if tail["form"] else None,
        line=line,
    )


def _not_understood(part: Part, line: int, text: str) -> Finding:
    return Finding(
        code="E-IMPORT",
        message="this line of a directory file is not understood",
        value=text.strip()[:80],
        hint="look at the file: the UN writes position, code, title, status and form in columns",
        place=part.place(line),
    )
