"""Partner cross-references: the partner's word on the wire, ours in the document, one to one."""

from itertools import islice

from transload.mappings.language.converters.base import CodeError, Converter, ConverterError, Setting, Xref, need
from transload.mappings.language.fields import Kind
from transload.mappings.source.problems import suggest
from transload.mappings.tables.rows import Rows

_SAMPLES = 100
"""So many words of a table are enough to try it with."""


def xref(argument: str | None, setting: Setting) -> Converter:
    """``xref(table)``; ``xref(table keep)``: others pass as they are; ``xref(table else X)``: others are read as X."""
    words = (argument or "").split()
    if not words:
        raise ConverterError("xref needs the name of a table", "for example  xref(items)")
    table = setting.xrefs.get(words[0])
    if table is None:
        known = ", ".join(setting.xrefs) or "none"
        hint = suggest(words[0], setting.xrefs, f"xrefs: has {known}")
        raise ConverterError(f"there is no cross-reference {words[0]!r}", hint)
    need(setting, "xref", Kind.TEXT)
    keep = words[1:] == ["keep"]
    other = words[2] if len(words) == 3 and words[1] == "else" else None
    if words[1:] and not keep and other is None:
        hint = "write  xref(table),  xref(table keep) or  xref(table else X)"
        raise ConverterError(f"{' '.join(words[1:])!r} is not understood", hint)
    name = table.name

    def read(text: str) -> str:
        rows = table.rows()
        found = rows.read.get(text)
        if found is not None:
            return found
        if keep or other is not None:
            return text if other is None else other
        close = rows.near(text, ours=False) if isinstance(text, str) else None
        hint = f"did you mean {close!r}?" if close else f"add it to the table, which has {len(rows)} rows"
        raise CodeError(f"{text!r} is not in the cross-reference {name!r}", hint=hint)

    def write(value: str) -> str:
        rows = table.rows()
        found = rows.write.get(value)
        if found is not None:
            return found
        if keep:
            if value in rows.read:
                raise CodeError(f"{value!r} would be read as {rows.read[value]!r} by the cross-reference {name!r}")
            return value
        close = rows.near(value, ours=True)
        hint = f"did you mean {close!r}?" if close else None
        raise CodeError(f"the cross-reference {name!r} has no word of the partner's for {value!r}", hint=hint)

    fixed = None if table.live or keep or other is not None else _fixed(table)
    return Converter(
        name="xref",
        read=read,
        write=write,
        gives=Kind.TEXT,
        read_table=fixed.read if fixed else None,
        write_table=fixed.write if fixed else None,
        samples=None if table.live else lambda: list(islice(table.rows().write, _SAMPLES)),
    )


def _fixed(table: Xref) -> Rows | None:
    try:
        return table.rows()
    except CodeError:
        return None
