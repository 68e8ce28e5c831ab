"""Where something stands: on the wire (`Place`) and in a mapping file (`MappingPlace`)."""

from dataclasses import dataclass, fields, replace
from operator import attrgetter
from typing import Self


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where something stands in a file that a partner sent or that we write.

    Absent parts are ``None``.  All counts start at 1, except ``byte``, an offset
    from the start of the file.  ``segment`` is the position inside its message and
    counts the header (UNH, ST) as 1, as the acknowledgements CONTRL and 997 do;
    a segment outside a message has only its ``tag``.  ``path`` is the place in a
    tree (an XPath or a JSON pointer) or the name of a column.
    """

    file: str | None = None
    line: int | None = None
    byte: int | None = None
    interchange: int | None = None
    group: int | None = None
    message: int | None = None
    segment: int | None = None
    tag: str | None = None
    element: int | None = None
    repetition: int | None = None
    component: int | None = None
    path: str | None = None

    def within(self, outer: "Place | None") -> Self:
        """This place, with what it does not know taken from ``outer``; nothing known is overwritten."""
        if outer is None:
            return self
        missing = {
            f.name: value
            for f in fields(self)
            if getattr(self, f.name) is None and (value := getattr(outer, f.name)) is not None
        }
        return replace(self, **missing) if missing else self

    def at(self, *, file: str | None, line: int | None, byte: int | None) -> "Place":
        """This place with file, line and byte; far faster than ``replace``, for those who place every value."""
        return Place(
            file=file,
            line=line,
            byte=byte,
            interchange=self.interchange,
            group=self.group,
            message=self.message,
            segment=self.segment,
            tag=self.tag,
            element=self.element,
            repetition=self.repetition,
            component=self.component,
            path=self.path,
        )

    def as_dict(self) -> dict[str, str | int]:
        """The known parts by name, as they stand in JSON."""
        return {name: value for name, value in zip(_PARTS, _values(self), strict=True) if value is not None}

    def __str__(self) -> str:
        where = " ".join(
            part
            for part in (
                self.file,
                f"line {self.line}" if self.line is not None else None,
                f"byte {self.byte}" if self.byte is not None else None,
            )
            if part
        )
        named = ("interchange", "group", "message", "segment", "element", "repetition", "component", "path")
        parts = [where] if where else []
        for name in named:
            value = getattr(self, name)
            if name == "segment":
                words = [name, str(value)] if value is not None else (["segment"] if self.tag else [])
                if self.tag:
                    words.append(self.tag)
                if words:
                    parts.append(" ".join(words))
            elif value is not None:
                parts.append(str(value) if name == "path" else f"{name} {value}")
        return ", ".join(parts) or "place unknown"


_PARTS = tuple(part.name for part in fields(Place))
_values = attrgetter(*_PARTS)


@dataclass(frozen=True, kw_only=True, slots=True)
class MappingPlace:
    """A line of a mapping or configuration file: ``place`` is the entry's left side, such as ``QTY 6411``."""

    file: str
    line: int
    column: int
    place: str | None = None

    def as_dict(self) -> dict[str, str | int]:
        """The known parts by name, as they stand in JSON."""
        known: dict[str, str | int] = {"file": self.file, "line": self.line, "column": self.column}
        return {**known, "place": self.place} if self.place else known

    def __str__(self) -> str:
        text = f"{self.file}:{self.line}:{self.column}"
        return f"{text} ({self.place})" if self.place else text
