"""The page as a whole."""

from collections.abc import Iterator
from pathlib import Path

from transload.mappings.language.losses import expanded
from transload.mappings.language.meaning import Meaning
from transload.mappings.laws.losses import lost
from transload.mappings.laws.shapes import shape_of
from transload.mappings.mapping import Mapping
from transload.mappings.source.nodes import Text
from transload.mappings.views.example import MADE, Example, Shown, example_of
from transload.mappings.views.page.answers import answers
from transload.mappings.views.page.head import head
from transload.mappings.views.page.html import Child, Html, broken, element
from transload.mappings.views.page.structure import Structure
from transload.mappings.views.page.style import STYLE
from transload.mappings.views.page.tables import rows, table
from transload.mappings.views.paths import described

_LINES = 500
_SECTIONS = {
    "use": "Which messages this is about",
    "structure": "Structure of the message",
    "codes": "Code tables",
    "example": "Example",
    "errors": "What happens to messages with errors",
    "not-carried": "What is not carried",
}


def guideline(mapping: Mapping) -> str:
    """The guideline of ``mapping`` as a page that needs nothing else: no script, no file, no request."""
    meaning = mapping.meaning
    example = example_of(mapping)
    anchors = {name: f"codes-{number}" for number, name in enumerate(meaning.codes, 1)}
    examples = example.values() if example is not None else {}
    structure = Structure(meaning=meaning, examples=examples, anchors=anchors)
    bodies: dict[str, Child] = {
        "use": _use(mapping),
        "structure": structure.table(),
        "codes": element("div", list(_codes(meaning, anchors)), class_="codes") if meaning.codes else None,
        "example": _example(example),
        "errors": answers(meaning),
        "not-carried": _lost(meaning),
    }
    sections = {name: body for name, body in bodies.items() if body}
    title = f"{mapping.name}, version {mapping.version}"
    page = element(
        "html",
        head(title, STYLE),
        element(
            "body",
            element("a", "To the structure", href="#structure", class_="skip"),
            element("header", element("h1", title), element("p", _lead(mapping), class_="lead"), _facts(mapping)),
            element(
                "nav",
                element("ol", [element("li", element("a", _SECTIONS[name], href=f"#{name}")) for name in sections]),
                aria_label="Contents",
            ),
            element(
                "main",
                [
                    element(
                        "section",
                        element("h2", _SECTIONS[name], id=f"{name}-title"),
                        body,
                        id=name,
                        aria_labelledby=f"{name}-title",
                    )
                    for name, body in sections.items()
                ],
            ),
        ),
        lang="en",
    )
    return f"<!DOCTYPE html>\n{page}\n"


def _lead(mapping: Mapping) -> str:
    meaning = mapping.meaning
    message = " ".join(part for part in (meaning.kind, meaning.message_version) if part)
    reads = any(slot.reads and slot.field is not None for slot in meaning.slots)
    writes = any(node.writes for node in meaning.nodes())
    ways = "Read and written" if reads and writes else "Read" if reads else "Written"
    return f"{ways}: {meaning.format_type}{f', {message}' if message else ''}, as the document {meaning.document}."


def _facts(mapping: Mapping) -> Html:
    meaning = mapping.meaning
    note = mapping.table.get("note")
    facts: list[tuple[str, Child]] = [
        ("Mapping", element("code", mapping.name)),
        ("Version", str(mapping.version)),
        ("In force", str(mapping.valid) if mapping.valid is not None else None),
        ("Files", element("code", ", which extends ".join(_file(name) for name in mapping.files))),
        ("Digest", element("code", mapping.digest)),
        ("Message guide", f"{meaning.guide.message} {meaning.guide.version}" if meaning.guide is not None else None),
        ("Note", note.text if isinstance(note, Text) else None),
    ]
    return element(
        "dl",
        [[element("dt", name), element("dd", value)] for name, value in facts if value is not None],
        class_="facts",
    )


def _file(name: str) -> str:
    """A file without its folder, which is nothing to the partner."""
    return name if name.startswith("library:") else Path(name).name


def _use(mapping: Mapping) -> Child:
    meaning = mapping.meaning
    asked: list[Child] = []
    kind = " ".join(part for part in (meaning.kind, meaning.message_version) if part)
    if kind:
        asked.append(element("li", "The type of the message is ", element("code", kind), "."))
    for name, values in meaning.match.items():
        asked.append(element("li", f"{name} is ", element("code", " or ".join(values)), "."))
    if not asked:
        asked.append(element("li", f"Any message of the format {meaning.format_type}."))
    found: list[Child] = [element("ul", asked)]
    options = {name: value for name, value in meaning.format_options.items() if name != "overlays"}
    if options:
        pairs = [
            [element("dt", name), element("dd", element("code", _shown(value)))] for name, value in options.items()
        ]
        found += [element("h3", "Options of the format"), element("dl", pairs, class_="facts")]
    if meaning.limits:
        limits = [[_code(name), "; ".join(_limit(limit))] for name, limit in meaning.limits.items()]
        found += [element("h3", "Limits"), table("Limits", ["Field", "Limit"], rows(limits))]
    return found


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_shown(inner)}" for key, inner in value.items())
    return ", ".join(map(_shown, value)) if isinstance(value, list | tuple) else str(value)


def _limit(limit: object) -> Iterator[str]:
    for name, words in (
        ("length", "at most {} characters"),
        ("least", "at least {}"),
        ("most", "at most {}"),
        ("decimals", "at most {} decimals"),
        ("items", "at most {} items"),
    ):
        value = getattr(limit, name)
        if value is not None:
            yield words.format(value)
    values = getattr(limit, "values")  # noqa: B009 - a limit, whose attributes are all looked at by name
    if values:
        yield f"one of {', '.join(map(str, values))}"


def _code(name: str) -> Html:
    return element("code", broken(name))


def _codes(meaning: Meaning, anchors: dict[str, str]) -> Iterator[Html]:
    for name, known in meaning.codes.items():
        written = set(known.write.values())
        heads = ["In the message", "Means"]
        found: list[list[Child]] = [[element("code", wire), ours] for wire, ours in known.read.items()]
        if any(wire not in written for wire in known.read):
            heads.append("Remark")
            aside = element("span", "only read", class_="more")
            found = [[*row, None if wire in written else aside] for row, wire in zip(found, known.read, strict=True)]
        yield element("div", element("h3", name, id=anchors[name]), table(f"Codes of {name}", heads, rows(found)))


def _example(example: Example | None) -> Child:
    if example is None:
        return None
    lines = example.lines()
    if not example.is_text:
        intro = "The message holds binary values; these are the values that are read."
        values = [[_code(name), element("code", value)] for line in lines for name, value in line.parts]
        return [element("p", intro), table("Example", ["Field", "Value"], rows(values))]
    body = element("tbody", [_line(line) for line in lines[:_LINES]])
    words: Child = [
        "The whole message, ",
        element("code", example.name) if example.name != MADE else example.name,
        ", and at each line the fields that are read from it.",
    ]
    more = element("p", f"And {len(lines) - _LINES} more lines.") if len(lines) > _LINES else None
    return [element("p", words), table("Example", ["Message", "Fields"], body), more]


def _line(line: Shown) -> Html:
    """A line of the message, and the fields that are read from it."""
    fields = [
        [element("br") if number else None, _code(name), " ", element("span", value, class_="more")]
        for number, (name, value) in enumerate(line.parts)
    ]
    return element("tr", element("td", line.text, class_="wire"), element("td", fields))


def _lost(meaning: Meaning) -> Child:
    missing = dict.fromkeys([*expanded(meaning), *lost(meaning, shape_of(meaning))])
    if not missing:
        return element("p", f"Every field of {meaning.document} has a place in this message.")
    intro = f"These fields of {meaning.document} are not both read from this message and written to it."
    found = [[_code(name), described(name, meaning.model)] for name in missing]
    return [element("p", intro), table("What is not carried", ["Field", "Meaning"], rows(found))]
