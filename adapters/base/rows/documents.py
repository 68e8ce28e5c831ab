"""How the rows of a payload fall into documents."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import Field

from transload.adapters.base.format import Message, Reading
from transload.adapters.base.settings import Settings
from transload.canonical.findings import Finding
from transload.canonical.places import Place


class FileValue(Settings):
    """What stands at a place of a row around all documents: one of some texts, or a count."""

    text: list[str] = Field(default_factory=list, description="Texts that may stand there; the first is written.")
    count: str | None = Field(default=None, pattern="^(documents|records|lines)$", description="What is counted there.")
    digits: int = Field(default=0, ge=0, description="Digits of the count, with zeros in front.")


class FileRows(Settings):
    """Rows before the first document and after the last, each a table of places."""

    header: list[dict[str, FileValue]] = Field(default_factory=list, description="Rows before the first document.")
    trailer: list[dict[str, FileValue]] = Field(default_factory=list, description="Rows after the last document.")


class RowOptions(Settings):
    """What formats of rows have in common.  ``by``, ``start``, ``each`` and ``file`` come from a mapping's keys."""

    by: list[str] = Field(
        default_factory=list,
        description="Places whose values rows of one document share; from documents: {by: ...} of a mapping.",
    )
    start: dict[str, list[str]] = Field(
        default_factory=dict,
        description="A place and its texts that begin a document; from documents: {start: ...} of a mapping.",
    )
    each: bool = Field(default=False, description="Each row is a document; from documents: {each: ...} of a mapping.")
    file: FileRows = Field(default_factory=FileRows, description="Rows around all documents; from file: of a mapping.")
    kind: str = Field(
        default="", description="What to call the kind of message; rows have no name of their own for it."
    )
    largest: int = Field(default=100_000_000, ge=1, description="Bytes that a payload may have.")
    largest_document: int = Field(
        default=10_000_000,
        ge=1,
        description="Characters that the rows of one document may have; each takes some thirty bytes of memory.",
    )


MOST_SPLIT = 1000
"""Up to so many parts of documents that stand apart are told of one by one; a file with more is none of documents."""
_SHOWN = 60
"""So many characters of a value are shown."""


@dataclass(kw_only=True, slots=True)
class Extent:
    """The rows of one document, by the offsets of their characters: ``start`` is that of the first one."""

    start: int
    end: int
    too_long: bool = False
    findings: list[Finding] = field(default_factory=list)

    @property
    def last(self) -> int:
        """The end of what may be taken apart: nothing may where there is more than is allowed; a finding says so."""
        return self.start if self.too_long else self.end


class Divider:
    """Puts rows together to documents, as they come.

    Rows with the same key are one document where they stand beside each other.  A key that comes again later is no
    second document: an order of which some rows were taken from elsewhere would be incomplete without anybody's
    noticing, so both parts get an error.  To gather them would need all rows in memory, and would hide that
    the partner's file is not as agreed.  Beyond `MOST_SPLIT` such parts there is `unsorted`, which is said of the
    whole payload: a file made to do harm could else make a finding of every row.
    """

    def __init__(self, options: RowOptions) -> None:
        self._options = options
        self._keys: dict[Any, int] = {}
        self._last: Any = None
        self.extents: list[Extent] = []
        self.before: list[tuple[int, int]] = []
        """Rows that stand before the first row that begins a document."""
        self.unsorted: Finding | None = None
        self._split = 0

    def add(self, start: int, end: int, row: int, key: tuple[str, ...], *, starts: bool, place: Any) -> None:
        """One row: its offsets, its number, what stands at the places of ``by``, whether it begins a document.

        ``place`` gives a `Place` for an offset, and is asked where something is wrong.
        """
        options, extents = self._options, self.extents
        if options.by and extents and key == self._last:
            extents[-1].end = end
            return
        if options.by:
            new = True
            known = self._keys.setdefault(key, len(extents))
            if known != len(extents):
                self._again(extents[known], start, key, place)
            self._last = key
        elif options.start:
            new = starts
            if not extents and not new:
                self.before.append((start, end))
                return
        else:
            new = options.each or not extents
        if new:
            if extents:
                extents[-1].end = start  # blank lines between belong to what is before them
            extents.append(Extent(start=start, end=end))
            if options.by and known != len(extents) - 1:
                extents[-1].findings.append(extents[known].findings[-1])
        extents[-1].end = end

    def finish(self, end: int, place: Any) -> None:
        """All rows are there, and what stands after the last document begins at ``end``; ``place`` as for `add`."""
        if self.extents:
            self.extents[-1].end = end
        most = self._options.largest_document
        for extent in self.extents:
            if extent.end - extent.start > most:
                extent.too_long = True
                extent.findings.append(_too_long(extent.end - extent.start, most, place(extent.start)))

    def _again(self, first: Extent, start: int, key: tuple[str, ...], place: Any) -> None:
        there: Place = place(first.start)
        here: Place = place(start)
        shown = [value[:_SHOWN] for value in key]
        names = ", ".join(f"{name} {value!r}" for name, value in zip(self._options.by, shown, strict=True))
        found = Finding(
            code="E-SPLIT",
            message=f"the rows with {names} do not stand together: they begin in line {there.line}, "
            f"and again in line {here.line}",
            hint="ask the partner to sort the file; neither part is taken as a whole document",
            value=", ".join(shown),
            place=here,
        )
        first.findings.append(found)
        self._split += 1
        if self._split > MOST_SPLIT:
            self.unsorted = replace(
                found,
                message=f"rows of one document do not stand together more than {MOST_SPLIT} times; {found.message}",
                hint="ask the partner to sort the file, or correct documents: by:; nothing of the file is taken",
            )


def _too_long(size: int, most: int, place: Place) -> Finding:
    return Finding(
        code="E-LIMIT",
        message=f"the rows of a document have {size} characters, more than the {most} that are allowed; it is not read",
        hint="is documents: by: right?  If it is meant, raise largest_document: under format",
        place=place,
    )


def counted(value: FileValue, counts: dict[str, int]) -> str:
    """The text of a count, or the first text."""
    if value.count is None:
        return value.text[0] if value.text else ""
    return str(counts[value.count]).zfill(value.digits)


def miscounted(value: FileValue, found: str, counts: dict[str, int], place: Place) -> Iterator[Finding]:
    """What is wrong with a value of a row around all documents."""
    if value.count is None:
        if found not in value.text:
            yield Finding(
                code="E-FILE",
                message=f"{found!r} stands where the file should have {' or '.join(map(repr, value.text))}",
                value=found,
                place=place,
            )
    elif not (found.isascii() and found.isdigit()) or (found.lstrip("0") or "0") != str(counts[value.count]):
        yield Finding(
            code="E-FILE-COUNT",
            message=f"the file says that it holds {found} {value.count}, and there are {counts[value.count]}",
            hint="was it cut, or put together of several?",
            value=found,
            place=place,
        )


def stray(before: Sequence[tuple[int, int]], place: Any, begins: str) -> Iterator[Finding]:
    """Rows before the first document."""
    if before:
        yield Finding(
            code="E-STRAY",
            message=f"{len(before)} row(s) stand before the first one that begins a document ({begins})",
            hint="name them under file: header:, or skip them",
            place=place(before[0][0]),
        )


class Nothing(Reading):
    """A payload in which nothing can be found, and why."""

    def __init__(self, finding: Finding) -> None:
        self.findings = [finding]

    def __iter__(self) -> Iterator[Message]:
        return iter(())
