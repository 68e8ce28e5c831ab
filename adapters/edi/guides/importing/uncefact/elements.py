"""The data elements (EDED, TRED) and their code lists (UNCL, UNSL).

An element: code, title, and its form after ``Repr:``.  In a code list the codes follow, a column for the
code and one for its name, below the name the description::

    +    11    Federal label approval
                  A pre-approved document relating to ...
"""

import re
from collections import Counter
from dataclasses import dataclass

from transload.adapters.edi.guides.importing.uncefact.parts import Part
from transload.adapters.edi.guides.importing.uncefact.rows import MARK, Specification, deletes, head, specifications
from transload.canonical.findings import Finding

_FORM = re.compile(r"(?P<kind>an|a|n)\s?(?P<range>\.\.)?\s?(?P<most>[1-9]\d{0,4})\b")
_REPRESENTATION = re.compile(rf"\s*{MARK}\s*Repr\s*:(?P<form>.*)")
_NOTE = re.compile(rf"\s*{MARK}\s*Notes?\s*:(?P<text>.*)")
_ELSEWHERE = re.compile(r"(?i)\b(?:use|used|provided by|association defined)\b")
"""Words of a note that sends its reader to other codes: *Use UN/ECE Recommendation 20*, *association defined code*."""
_ALWAYS_OPEN = ("1131",)
"""1131 names a code list of whatever agency 3055 names; the directories say so from D.98B on, and mean it before."""
_CODE = re.compile(r"(?P<mark>[-+*#|X]{0,3}) {1,9}(?P<code>[A-Z0-9]{1,17}) +(?P<name>\S.*)")
_INDENT = re.compile(r"[-+*#|X]{0,3} +")
_FARTHEST = 9
"""A code begins before this column; names and descriptions do not."""


@dataclass(frozen=True, kw_only=True)
class UnElement:
    """A data element with its form as the UN writes it, ``an..35``.

    An ``open`` one may hold codes that no list of the directory has.
    """

    code: str
    title: str
    form: str
    line: int
    open: bool


def read_elements(part: Part, faults: list[Finding]) -> dict[str, UnElement]:
    """The elements of a data element directory or of a code list, by code."""
    found = {}
    for specification in specifications(part):
        if (named := head(specification, r"\d{4}")) is None:
            continue
        form = next((m["form"] for line in specification.lines if (m := _REPRESENTATION.fullmatch(line))), None)
        written = _FORM.fullmatch(form.strip()) if form is not None else None
        if written is None:
            what = f"the form {form.strip()!r} of element {named[0]} is" if form else f"element {named[0]} has"
            faults.append(
                Finding(
                    code="E-IMPORT",
                    message=f"{what} {'not understood' if form else 'no form'}",
                    hint="the UN writes Repr: and a form such as an..35",
                    place=part.place(specification.line),
                )
            )
            continue
        text = f"{written['kind']}{written['range'] or ''}{written['most']}"
        found[named[0]] = UnElement(
            code=named[0],
            title=named[1],
            form=text,
            line=specification.line,
            open=named[0] in _ALWAYS_OPEN or _ELSEWHERE.search(_notes(specification)) is not None,
        )
    return found


def read_codes(part: Part, faults: list[Finding]) -> dict[str, list[str]]:
    """The codes of each element of a code list, in the list's order; deleted ones are left out."""
    column = _name_column(part)
    without_deleted = deletes(part)
    found: dict[str, list[str]] = {}
    for specification in specifications(part):
        if (named := head(specification, r"\d{4}")) is None:
            continue
        codes = found.setdefault(named[0], [])
        known = set(codes)
        for number, line in _code_lines(specification):
            match = _CODE.fullmatch(line)
            if match is None or not (match.start("name") == column or match.end("code") >= column):
                faults.append(
                    Finding(
                        code="E-IMPORT",
                        message=f"this line of the code list of {named[0]} is not understood",
                        value=line.strip()[:80],
                        hint="look at the file: a code and its name stand in two columns",
                        place=part.place(number),
                    )
                )
            elif not (without_deleted and "-" in match["mark"]) and match["code"] not in known:
                codes.append(match["code"])
                known.add(match["code"])
    return {element: codes for element, codes in found.items() if codes}


def _code_lines(specification: Specification) -> list[tuple[int, str]]:
    """The lines that hold codes, with their numbers: those that begin far left, below the form, outside notes."""
    found = []
    below_form = in_note = False
    for number, line in enumerate(specification.lines, start=specification.line):
        if _REPRESENTATION.match(line):
            below_form = True
        elif _NOTE.match(line):
            in_note = True
        elif not line.strip():
            in_note = False
        elif below_form and not in_note and _begins_left(line):
            found.append((number, line))
    return found


def _notes(specification: Specification) -> str:
    """The text of an element's note, up to an empty line."""
    words: list[str] = []
    for line in specification.lines:
        if match := _NOTE.fullmatch(line):
            words = [match["text"]]
        elif words and not line.strip() and any(words):
            break
        elif words:
            words.append(line)
    return " ".join(" ".join(words).split())


def _begins_left(line: str) -> bool:
    indent = _INDENT.match(line)
    return indent is None or indent.end() < _FARTHEST


def _name_column(part: Part) -> int:
    """The column in which the names of codes begin: 10 in the first releases, 11 in later ones."""
    columns = Counter(match.start("name") for line in part.lines if (match := _CODE.fullmatch(line)))
    return columns.most_common(1)[0][0] if columns else 0
