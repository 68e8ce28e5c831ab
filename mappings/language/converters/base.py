"""What a converter is: two functions that undo each other, and the kinds of value on its two sides."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from transload.canonical.places import MappingPlace
from transload.mappings.language.fields import FieldType, Kind


class DomainError(ValueError):
    """A value that a converter does not take; the message says why, in words for the partner's engineer."""


class CodeError(DomainError):
    """A code that the table does not have."""


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
    ``only``, a record whose code is not in the table is not for the node at all.
    """

    name: str
    read: Callable[[Any], Any]
    write: Callable[[Any], Any]
    gives: Kind
    read_table: Mapping[str, str] | None = None
    write_table: Mapping[str, str] | None = None
    usual: "Usual | None" = None
    only: bool = False


@dataclass(frozen=True, kw_only=True)
class Usual:
    """The common case of a converter over two places."""

    second: str
    read: Callable[[str], Any]
    write: Callable[[Any], str]


@dataclass(frozen=True, kw_only=True)
class CodeTable:
    """A table under ``codes:``: wire to canonical, and back to the first wire code of each meaning."""

    name: str
    read: Mapping[str, str]
    write: Mapping[str, str]
    at: Mapping[str, MappingPlace] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Where a converter stands: the kind of value that comes from the field's side, field, format and code tables."""

    kind: Kind
    field: FieldType
    format: str
    codes: Mapping[str, CodeTable]


Factory = Callable[[str | None, Setting], Converter]


def need(setting: Setting, name: str, *kinds: Kind) -> None:
    """Raise `ConverterError` unless the value that comes in is of one of ``kinds``."""
    if setting.kind not in kinds:
        takes = " or a ".join(kind.value for kind in kinds)
        raise ConverterError(f"{name} takes a {takes}, and this is a {setting.kind.value}")


def whole_argument(name: str, argument: str | None, least: int = 0) -> int:
    """The argument as a whole number of at least ``least``."""
    if argument is None or not argument.isascii() or not argument.isdigit() or int(argument) < least:
        raise ConverterError(f"{name} needs a whole number", f"for example  {name}({max(least, 2)})")
    return int(argument)


def plain(name: str, argument: str | None) -> None:
    """Raise `ConverterError` when a converter that takes no argument has one."""
    if argument is not None:
        raise ConverterError(f"{name} takes no argument", f"write  | {name}")
