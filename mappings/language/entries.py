"""The long form of an entry: ``{value: =number, required: yes, max: 17, note: ...}``."""

from dataclasses import dataclass

from transload.canonical.places import MappingPlace
from transload.mappings.source.nodes import Source, Table, Text
from transload.mappings.source.problems import Problems, suggest

OPTIONS = ("value", "text", "note", "required", "max")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What stands in the long form.  ``required`` is where that word stands, None without it."""

    value: Source
    is_text: bool = False
    required: MappingPlace | None = None
    most: int | None = None
    note: str = ""


def unwrapped(table: Table, problems: Problems) -> Entry | None:
    """The parts of the long form; None with a finding when it is none."""
    for key, _ in table:
        if key.text not in OPTIONS:
            hint = suggest(key.text, OPTIONS, f"the long form has {', '.join(OPTIONS)}")
            problems.add("M-KEY", key.at, f"{key.text!r} is not understood here", hint=hint)
            return None
    inner, text = table.get("value"), table.get("text")
    if (inner is None) == (text is None):
        problems.add("M-VALUE", table.at, "the long form needs value: or text:, and only one of them")
        return None
    if text is not None and not isinstance(text, Text):
        problems.add("M-VALUE", text.at, "text: takes a text")
        return None
    found = text if text is not None else inner
    assert found is not None
    if isinstance(found, Table):
        problems.add("M-VALUE", found.at, "value: takes a literal, a list of literals or =field")
        return None
    required, right = _required(table, problems)
    most, fits = _most(table, problems)
    if not right or not fits:
        return None
    note = table.get("note")
    words = note.text if isinstance(note, Text) else ""
    return Entry(value=found, is_text=text is not None, required=required, most=most, note=words)


def _required(table: Table, problems: Problems) -> tuple[MappingPlace | None, bool]:
    value = table.get("required")
    if value is None:
        return None, True
    if not isinstance(value, Text) or value.text not in ("yes", "no", "true", "false"):
        problems.add("M-VALUE", value.at, "required: is yes or no")
        return None, False
    return (value.at if value.text in ("yes", "true") else None), True


def _most(table: Table, problems: Problems) -> tuple[int | None, bool]:
    value = table.get("max")
    if value is None:
        return None, True
    if isinstance(value, Text) and value.text.isascii() and value.text.isdigit() and int(value.text):
        return int(value.text), True
    problems.add("M-VALUE", value.at, "max: is a whole number: the most characters that stand there")
    return None, False
