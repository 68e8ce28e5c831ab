"""What a COBOL format takes, checked against its copybook."""

from functools import cached_property
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from transload.adapters.base.settings import Settings
from transload.adapters.cobol.codepages import code_page
from transload.adapters.cobol.copybook import Copybook, parse
from transload.adapters.cobol.items import Item
from transload.adapters.cobol.records import RecordType
from transload.adapters.cobol.values import Machine


class Documents(Settings):
    """Which records make up one document; without it each record is one."""

    start: str | None = Field(default=None, description="The record that begins a document.")
    by: tuple[str, ...] = Field(
        default=(), description="Fields of the records: neighbours with the same values are one document."
    )
    within: dict[str, str] = Field(
        default_factory=dict,
        description="Records that belong to the last one of another kind, as in {LINE-TEXT: ORDER-LINE}.",
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.start is not None and self.by:
            raise ValueError("documents: has start or by, not both")
        return self


class CobolOptions(Settings):
    """What a COBOL format takes."""

    copybook: str = Field(
        description="Copybook: its text, or in a mapping file the path of a file beside it.",
        examples=["01 ORDER. 05 NUMBER PIC X(10)."],
    )
    codepage: str = Field(default="cp037", description="Code page of all text: cp037, cp273, cp1140, ascii and so on.")
    records: Literal["fixed", "rdw", "lines"] = Field(
        default="fixed",
        description="How records are cut: by their length, by a record descriptor word before each, or by lines.",
    )
    length: int | None = Field(
        default=None, ge=1, le=4_000_000, description="Bytes of a record where fixed; else as the copybook says."
    )
    words: Literal["big", "little"] = Field(
        default="big",
        description="Record descriptor words: length in the first two bytes (big, as on a mainframe), or in the last "
        "two, low byte first, as some transfer programs write it.",
    )
    tables: Literal["full", "counted"] | None = Field(
        default=None,
        description="Room of a table with OCCURS DEPENDING ON: all that it may have (full, where records are fixed), "
        "or what it has (counted, for others).",
    )
    binary: Literal["big", "little"] = Field(default="big", description="Byte order of binary numbers.")
    floats: Literal["ibm", "ieee"] = Field(default="ibm", description="Form of COMP-1 and COMP-2.")
    form: Literal["auto", "fixed", "free"] = Field(
        default="auto", description="Form of the copybook: with columns for numbers and indicators, or free."
    )
    select: dict[str, dict[str, tuple[str, ...]]] = Field(
        default_factory=dict,
        description="Which record it is, by values of its fields: {ORDER-LINE: {REC-TYPE: [L]}}; a mapping says it "
        "by its literals.",
    )
    single: tuple[str, ...] = Field(
        default=(),
        description="Tables whose occurrences are called one by one, as in LINE[2]; a mapping says it itself.",
    )
    bound: dict[str, tuple[tuple[str, ...], ...]] = Field(
        default_factory=dict,
        description="The fields that are written, by record: others stay as they are where a record is written again; "
        "a mapping says it itself.",
    )
    documents: Documents = Field(default=Documents(), description="Which records make up one document.")
    largest: int = Field(default=1_000_000_000, ge=1, description="Bytes that a payload may have.")

    @field_validator("codepage")
    @classmethod
    def _known_page(cls, value: str) -> str:
        return code_page(value).name

    @field_validator("select", mode="before")
    @classmethod
    def _lists(cls, value: object) -> object:
        """A single value may stand without brackets."""
        if not isinstance(value, dict):
            return value
        return {
            name: {key: (one,) if isinstance(one, str) else one for key, one in fields.items()}
            if isinstance(fields, dict)
            else fields
            for name, fields in value.items()
        }

    @model_validator(mode="after")
    def _fits_the_copybook(self) -> Self:
        types = self.types
        for name in (*self.select, *self.documents.within, *self.documents.within.values()):
            _known(name, types)
        for name, fields in self.select.items():
            for field in fields:
                if types[name.upper()].names.find(field) is None:
                    raise ValueError(f"the record {name.upper()} has no field {field}")
        if self.documents.start is not None:
            _known(self.documents.start, types)
        for field in self.documents.by:
            if all(record.names.find(field) is None for record in types.values()):
                raise ValueError(f"no record has a field {field}")
        if self.records == "lines":
            self._only_text()
        if self.length is not None and self.records == "fixed":
            longest = max(record.item.size for record in types.values())
            if longest > self.length:
                raise ValueError(f"records of the copybook have up to {longest} bytes, and length: is {self.length}")
        return self

    def _only_text(self) -> None:
        for record in self.book.records:
            for item in record.walk():
                if item.usage != "display" or (item.picture is not None and item.picture.national):
                    raise ValueError(f"{item.name or 'FILLER'} is {item.kind}, whose bytes may be line ends")

    @property
    def book(self) -> Copybook:
        """The copybook."""
        return parse(self.copybook, self.form)

    @cached_property
    def types(self) -> dict[str, RecordType]:
        """The records of the copybook, by name."""
        machine = Machine(
            page=code_page(self.codepage), little=self.binary == "little", ibm_floats=self.floats == "ibm"
        )
        full = self.tables == "full" if self.tables is not None else self.records == "fixed"
        single = frozenset(_table(name, self.book) for name in self.single)
        return {record.name: RecordType(record, machine, single=single, full=full) for record in self.book.records}


def _known(name: str, types: dict[str, RecordType]) -> None:
    if name.upper() not in types:
        raise ValueError(f"the copybook has no record {name}; it has {', '.join(types)}")


def _table(name: str, book: Copybook) -> Item:
    """The table that a name, with the record in front, stands for."""
    wanted = tuple(name.upper().split("."))
    found = [item for record in book.records for item in record.walk() if item.most and item.path == wanted]
    if len(found) != 1:
        raise ValueError(f"the copybook has no table {name}")
    return found[0]
