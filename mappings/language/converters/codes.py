"""Codes: look-ups in the tables of the file."""

from transload.mappings.language.converters.base import (
    CodeError,
    CodeTable,
    Converter,
    ConverterError,
    Setting,
    need,
)
from transload.mappings.language.fields import Kind
from transload.mappings.source.problems import suggest


def code(argument: str | None, setting: Setting) -> Converter:
    """``code(table)``; ``code(table keep)``: others pass as they are; ``code(table else X)``: others are read as X.

    ``code(table only)``: the place tells what a record is, and one with another code is
    not for this node.  So a list of references stands beside single ones of the same tag.
    """
    words = (argument or "").split()
    if not words:
        raise ConverterError("code needs the name of a table", "for example  code(uom)")
    table = setting.codes.get(words[0])
    if table is None:
        known = ", ".join(setting.codes) or "none"
        raise ConverterError(
            f"there is no code table {words[0]!r}", suggest(words[0], setting.codes, f"tables are: {known}")
        )
    need(setting, "code", Kind.TEXT)
    if words[1:] == ["keep"]:
        return _keeping(table)
    if len(words) == 3 and words[1] == "else":
        _check_choice(words[2], setting)
        return _with_other(table, words[2])
    only = words[1:] == ["only"]
    if words[1:] and not only:
        hint = "write  code(table keep),  code(table else X) or  code(table only)"
        raise ConverterError(f"{' '.join(words[1:])!r} is not understood", hint)
    return Converter(
        name="code",
        read=lambda text: _look(table.read, text, _unknown(table, text)),
        write=lambda value: _look(table.write, value, _unwritable(table, value)),
        gives=Kind.TEXT,
        read_table=table.read,
        write_table=table.write,
        only=only,
        table=table,
    )


def _look(table: object, key: str, complaint: str) -> str:
    assert isinstance(table, dict)
    found = table.get(key)
    if found is None:
        raise CodeError(complaint)
    return str(found)


def _unknown(table: CodeTable, text: object) -> str:
    return f"code {text!r} is not in table {table.name!r}"


def _unwritable(table: CodeTable, value: object) -> str:
    return f"table {table.name!r} has no code for {value!r}"


def _keeping(table: CodeTable) -> Converter:
    def write(value: str) -> str:
        found = table.write.get(value)
        if found is None:
            if value in table.read:
                raise CodeError(f"{value!r} would be read as {table.read[value]!r} by table {table.name!r}")
            return value
        return found

    return Converter(
        name="code", read=lambda text: table.read.get(text, text), write=write, gives=Kind.TEXT, table=table
    )


def _with_other(table: CodeTable, other: str) -> Converter:
    return Converter(
        name="code",
        read=lambda text: table.read.get(text, other),
        write=lambda value: _look(table.write, value, _unwritable(table, value)),
        gives=Kind.TEXT,
        table=table,
    )


def _check_choice(value: str, setting: Setting) -> None:
    choices = setting.field.choices
    if choices and value not in choices:
        raise ConverterError(
            f"the field does not take {value!r}", suggest(value, choices, f"it takes {', '.join(choices)}")
        )
