"""What a converter is: two functions that undo each other, and the kinds of value on its two sides."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from transload.canonical.places import MappingPlace
from transload.mappings.language.fields import FieldType, Kind
from transload.mappings.plugins.contract import Site
from transload.mappings.plugins.finding import Plugin
from transload.mappings.tables.rows import Rows


class DomainError(ValueError):
    """A value that a converter does not take; the message says why, in words for the partner's engineer."""


class CodeError(DomainError):
    """A code that the table does not have; ``hint`` says what may be meant."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class ConverterError(Exception):
    """A converter that does not fit where it stands; becomes a static finding."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, kw_only=True)
class Converter:
    """One step between a field and the wire.

    ``write`` takes the field's side to the wire's, ``read`` takes it back; both raise
    `DomainError` for a value outside their domain, and ``read(write(x)) == x`` for every x inside.
    ``gives`` is the kind on the wire's side.  ``read_table`` and ``write_table`` are set
    where the functions are plain look-ups, which compiled code then does itself.  ``usual`` is
    set for two places: a second text that is nearly always there, and how the first one
    is then read and written, which compiled code then does without building a pair.  With
    ``only``, a record whose code is not in the table is not for the node at all.  A step that ``checks`` gives each
    value as it got it, or refuses it.  ``samples`` gives values of the field's side that are in the domain,
    where the kind of the value does not tell them.  ``table`` is the code table of a step that looks values up.
    ``rest`` is what ``read`` leaves aside of a value that it takes, as a text; None where it takes all.
    """

    name: str
    read: Callable[[Any], Any]
    write: Callable[[Any], Any]
    gives: Kind
    read_table: Mapping[str, str] | None = None
    write_table: Mapping[str, str] | None = None
    usual: "Usual | None" = None
    only: bool = False
    checks: bool = False
    samples: Callable[[], Iterable[Any]] | None = None
    table: "CodeTable | None" = None
    rest: Callable[[Any], str | None] | None = None


@dataclass(frozen=True, kw_only=True)
class Usual:
    """The common case of a converter over two places."""

    second: str
    read: Callable[[str], Any]
    write: Callable[[Any], str]


@dataclass(frozen=True, kw_only=True)
class CodeTable:
    """A table under ``codes:``: wire to canonical, and back to the first wire code of each meaning.

    ``digest`` is that of the file that it stands in, empty for one in the mapping itself.
    """

    name: str
    read: Mapping[str, str]
    write: Mapping[str, str]
    at: Mapping[str, MappingPlace] = field(default_factory=dict)
    digest: str = ""

    @property
    def content(self) -> bytes:
        """All rows as text, in their order: what is kept beside a document that was read or written with them."""
        return "".join(f"{wire}\t{canonical}\n" for wire, canonical in self.read.items()).encode()


@dataclass(frozen=True, kw_only=True)
class Xref:
    """A cross-reference: ``rows`` gives it as it is now, ``known`` as it was used last, None where it was not.

    ``live`` is True for one that may change (a database).  ``rows`` raises `CodeError` where it is scoped by partner
    and no partner is known, else what `transload.mappings.tables.databases.LiveTable.rows` raises.
    """

    name: str
    rows: Callable[[], Rows]
    live: bool
    known: Callable[[], Rows | None] = lambda: None


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Where a converter stands: the kind of value that comes from the field's side, field, format and code tables.

    ``xrefs`` and ``plugins`` are what the mapping brings from outside, ``site`` is what plug-ins are told.
    """

    kind: Kind
    field: FieldType
    format: str
    codes: Mapping[str, CodeTable]
    xrefs: Mapping[str, Xref] = dataclasses.field(default_factory=dict)
    plugins: Mapping[str, Plugin] = dataclasses.field(default_factory=dict)
    site: Site = dataclasses.field(default_factory=lambda: Site(mapping="", place="", field=""))


MOST = 9999
"""The largest width, or number of digits, that a converter takes: a text of its size is made for each value."""
Factory = Callable[[str | None, Setting], Converter]


def need(setting: Setting, name: str, *kinds: Kind) -> None:
    """Raise `ConverterError` unless the value that comes in is of one of ``kinds``."""
    if setting.kind not in kinds:
        takes = " or a ".join(kind.value for kind in kinds)
        raise ConverterError(f"{name} takes a {takes}, and this is a {setting.kind.value}")


def whole_argument(name: str, argument: str | None, least: int = 0) -> int:
    """The argument as a whole number of at least ``least``, and at most `MOST`."""
    if argument is None or not argument.isascii() or not argument.isdigit() or int(argument) < least:
        raise ConverterError(f"{name} needs a whole number", f"for example  {name}({max(least, 2)})")
    if int(argument) > MOST:
        raise ConverterError(f"{name} takes no number above {MOST}", f"for example  {name}({max(least, 2)})")
    return int(argument)


def plain(name: str, argument: str | None) -> None:
    """Raise `ConverterError` when a converter that takes no argument has one."""
    if argument is not None:
        raise ConverterError(f"{name} takes no argument", f"write  | {name}")
