"""The text of a copybook: columns, comments and continued lines taken away, statements with their lines left."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

LARGEST = 1_000_000
"""Characters that a copybook may have."""
_TOKEN = re.compile(r"[A-Za-z]{0,2}'(?:[^']|'')*'|[A-Za-z]{0,2}\"(?:[^\"]|\"\")*\"|[^\s'\"]+|['\"]")
_LISTING = re.compile(r"(?:EJECT|SKIP[123]|TITLE\b.*)\.?", re.IGNORECASE)
_SEQUENCE = re.compile(r" {6}|[^ ]{6}")
_INDICATORS = " *-/Dd$"
_END = 72


class CopybookError(ValueError):
    """What is wrong with a copybook; the message begins with the line."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}")


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a statement, and the line that it stands in."""

    text: str
    line: int


def statements(text: str, form: str) -> Iterator[list[Word]]:
    """The statements of a copybook, without their periods.

    ``form`` is ``fixed`` (sequence numbers in columns 1 to 6, an indicator in 7, text to 72), ``free``, or ``auto``:
    fixed where every line fits it.  Raises `CopybookError`.
    """
    if len(text) > LARGEST:
        raise CopybookError(1, f"the copybook has {len(text)} characters, more than the {LARGEST} that are allowed")
    lines = [line.expandtabs(8).rstrip() for line in text.replace("\x1a", "").splitlines()]
    fixed = form == "fixed" or (form == "auto" and all(map(_is_fixed, lines)))
    words: list[Word] = []
    for word in _words(_joined(_code(lines, fixed=fixed))):
        if not word.text.endswith("."):
            words.append(word)
            continue
        if len(word.text) > 1:
            words.append(Word(word.text[:-1], word.line))
        if words:
            yield words
        words = []
    if words:
        raise CopybookError(words[0].line, "this entry has no period at its end")


def _is_fixed(line: str) -> bool:
    if not line.strip() or line.lstrip().startswith("*"):
        return True
    return bool(_SEQUENCE.fullmatch(line[:6])) and line[6:7] in _INDICATORS and not line[6:].strip().startswith("*>")


def _code(lines: list[str], *, fixed: bool) -> Iterator[tuple[int, str, bool]]:
    """Line number, text, and whether the line continues the one before."""
    for number, line in enumerate(lines, start=1):
        if line.lstrip().startswith("*") or not line.strip():
            continue
        text, indicator = line, " "
        if fixed:
            text, indicator = line[7:_END], line[6:7]
            if indicator in ("*", "/", "$", "D", "d"):
                continue
        text = text.partition("*>")[0].rstrip()
        if text.strip() and not _LISTING.fullmatch(text.strip()):
            yield number, text, indicator == "-"


def _joined(lines: Iterator[tuple[int, str, bool]]) -> Iterator[tuple[int, str]]:
    held: tuple[int, str] | None = None
    for number, text, continues in lines:
        if continues and held is not None:
            rest = text.lstrip()
            if rest[:1] in ("'", '"') and held[1].count(rest[0]) % 2:  # a literal goes on behind its opening quote
                rest = rest[1:]
            held = held[0], held[1] + rest
            continue
        if held is not None:
            yield held
        held = number, text
    if held is not None:
        yield held


def _words(lines: Iterator[tuple[int, str]]) -> Iterator[Word]:
    for number, text in lines:
        for found in _TOKEN.finditer(text):
            word = found[0]
            if word in ("'", '"'):
                raise CopybookError(number, "a literal is not closed")
            if not word.endswith(("'", '"')):
                word = word.rstrip(",;")
            if word:
                yield Word(word, number)
