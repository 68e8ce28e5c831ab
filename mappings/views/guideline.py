"""A mapping as a guideline for the partner: one HTML page that needs nothing else."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from transload.adapters.base.registry import adapter
from transload.mappings.language.converters.base import CodeTable
from transload.mappings.language.limits import Limit
from transload.mappings.mapping import Mapping
from transload.mappings.source.nodes import Text
from transload.mappings.views.examples import Example, example_of
from transload.mappings.views.html import Node, page, tag
from transload.mappings.views.outline import Branch, Leaf, outline

_STYLE = Path(__file__).with_name("page.css")
_SECTIONS = (
    ("matching", "Which messages it is for"),
    ("structure", "Structure"),
    ("codes", "Codes"),
    ("example", "Example"),
    ("errors", "What we answer"),
    ("lost", "What is not carried"),
)
_ERRORS = (
    ("E-VALUE", "a value is not of the form that is asked for", "the document is refused"),
    ("E-CODE", "a code is not in its list", "the document is refused"),
    ("E-MISSING", "a value that must be there is not", "the document is refused"),
    ("E-DUP", "something comes more often than it may", "the document is refused"),
    ("E-CLASH", "two places contradict each other", "the document is refused"),
)


def guideline(mapping: Mapping) -> str:
    """The page as HTML; every text of the mapping and its samples stands in it as text."""
    branches = list(outline(mapping.meaning, mapping.table))
    example = example_of(mapping)
    title = f"{mapping.name}, version {mapping.version}"
    sections = {
        "matching": _matching(mapping),
        "structure": _structure(branches, example, records=mapping.meaning.has_records),
        "codes": _codes(mapping),
        "example": _example(example),
        "errors": _errors(mapping),
        "lost": _lost(mapping),
    }
    links = [tag("li", tag("a", words, href=f"#{name}")) for name, words in _SECTIONS]
    parts = [
        tag("section", tag("h2", words, id=name), *sections[name], aria_labelledby=name) for name, words in _SECTIONS
    ]
    note = mapping.table.get("note")
    body = [
        tag("header", tag("h1", title), tag("p", note.text) if isinstance(note, Text) else None, _facts(mapping)),
        tag("nav", tag("ul", *links), aria_label="Sections"),
        tag("main", *parts),
    ]
    return page(title, _STYLE.read_text(encoding="utf-8"), body)


def _facts(mapping: Mapping) -> Node:
    guide = mapping.meaning.guide
    facts = [
        ("Message", " ".join(part for part in (mapping.kind, mapping.message_version) if part) or "any"),
        ("Format", mapping.format_type),
        ("Document", mapping.document),
        ("In force", str(mapping.valid) if mapping.valid is not None else "always"),
        ("Guide", f"{guide.message} {guide.version}" if guide is not None else "none"),
        ("Digest", mapping.digest),
    ]
    return _list(facts)


def _list(facts: Sequence[tuple[str, str]]) -> Node:
    return tag("dl", *(item for name, text in facts for item in (tag("dt", name), tag("dd", text))))


def _matching(mapping: Mapping) -> Iterator[Node]:
    rules = [(name, " or ".join(values)) for name, values in mapping.meaning.match.items()]
    if rules:
        yield _list(rules)
    else:
        yield tag("p", "Every message of this type, whoever it comes from.")
    if mapping.meaning.strict:
        yield tag("p", "What stands in a message and is not listed here is an error.")
    else:
        yield tag("p", "What stands in a message and is not listed here is left aside, with a warning.")


def _table(caption: str, heads: Sequence[str], rows: Sequence[Node]) -> Node:
    top = tag("thead", tag("tr", *(tag("th", head, scope="col") for head in heads)))
    inner = tag("table", tag("caption", caption), top, tag("tbody", *rows))
    return tag("div", inner, class_="scroll", tabindex="0", role="region", aria_label=caption)


def _structure(branches: Sequence[Branch], example: Example, *, records: bool) -> Iterator[Node]:
    heads = ["Place", "Name", "Format", "Status", "Our field", "Meaning", "Values", "Example"]
    rows: list[Node] = []
    for branch in branches:
        alone = branch.leaves[0] if len(branch.leaves) == 1 and not records else None
        if alone is not None and alone.label == branch.label:
            rows.append(_row(alone, branch.depth, example, branch))
            continue
        more = " · ".join(part for part in (branch.title, branch.repeats, *branch.conditions, branch.note) if part)
        head = tag("th", branch.label, tag("small", more) if more else None, scope="rowgroup", colspan=str(len(heads)))
        head.set("style", f"padding-left:{0.5 + branch.depth * 1.25}rem")
        rows.append(tag("tr", head, class_="node"))
        rows += [_row(leaf, branch.depth + 1, example, None) for leaf in branch.leaves]
    caption = "All that is read and written, in the order of the message. Status: M must be there, others may."
    yield _table(caption, heads, rows)


def _row(leaf: Leaf, depth: int, example: Example, branch: Branch | None) -> Node:
    place = tag("th", leaf.label, scope="row", style=f"padding-left:{0.5 + depth * 1.25}rem")
    around = [branch.repeats, *branch.conditions, branch.note] if branch is not None else []
    meaning = " · ".join(part for part in (leaf.description, leaf.direction, *around) if part)
    status = "M" if leaf.slot.required else leaf.status
    return tag(
        "tr",
        place,
        tag("td", leaf.title),
        tag("td", leaf.form),
        tag("td", status),
        tag("td", tag("code", leaf.field) if leaf.field else None),
        tag("td", meaning),
        tag("td", *_values(leaf)),
        tag("td", tag("code", _shown(leaf, example))),
    )


def _values(leaf: Leaf) -> Iterator[Node | str]:
    if leaf.codes is not None:
        yield "codes of "
        yield tag("a", leaf.codes.name, href=f"#codes-{leaf.codes.name}")
        return
    yield tag("code", leaf.content)


def _shown(leaf: Leaf, example: Example) -> str:
    if leaf.slot.literals:
        return leaf.slot.literals[0]
    return example.values.get(leaf.slot.number, "")


def _codes(mapping: Mapping) -> Iterator[Node]:
    if not mapping.meaning.codes:
        yield tag("p", "There are no code lists.")
    for table in mapping.meaning.codes.values():
        yield tag("h3", table.name, id=f"codes-{table.name}")
        yield _table(f"Codes of {table.name}", ["On the wire", "Our code", "Use"], list(_code_rows(table)))


def _code_rows(table: CodeTable) -> Iterator[Node]:
    for wire, ours in table.read.items():
        use = "" if table.write.get(ours) == wire else "read only"
        yield tag("tr", tag("td", tag("code", wire)), tag("td", tag("code", ours)), tag("td", use))


def _example(example: Example) -> Iterator[Node]:
    if not example.lines:
        yield tag("p", "The mapping has no sample.")
        return
    rows = [
        tag("tr", tag("td", tag("code", line.text)), tag("td", tag("code", ", ".join(line.fields))))
        for line in example.lines
    ]
    yield _table(f"The message in {example.file}", ["In the message", "Our fields"], rows)
    if example.left:
        yield tag("p", f"{example.left} more are not shown.")


def _errors(mapping: Mapping) -> Iterator[Node]:
    aside = "the document is refused" if mapping.meaning.strict else "a warning"
    order = (("E-ORDER", "segments stand in another order", "the document is refused"),)
    errors = (*_ERRORS, *(order if mapping.meaning.ordered else ()), ("E-UNMAPPED", "something is not listed", aside))
    rows = [tag("tr", tag("td", tag("code", code)), tag("td", what), tag("td", then)) for code, what, then in errors]
    yield _table("Errors in a message", ["Code", "What is wrong", "What happens"], rows)
    found = adapter(mapping.format_type).format
    kinds = sorted(found.acknowledgements) if found is not None else []
    if kinds:
        names = ", ".join(kind.upper() for kind in kinds)
        yield tag("p", f"Messages can be answered by {names}, which names the segment and element of an error.")
    else:
        yield tag("p", "This format has no acknowledgements of its own.")
    if mapping.meaning.limits:
        limits = [(name, ", ".join(_limits(limit))) for name, limit in mapping.meaning.limits.items()]
        yield tag("h3", "Limits")
        yield _list(limits)


def _limits(limit: Limit) -> Iterator[str]:
    words = (
        ("at most {} characters", limit.length),
        ("at most {} items", limit.items),
        ("at least {}", limit.least),
        ("at most {}", limit.most),
        ("at most {} decimals", limit.decimals),
        ("one of {}", ", ".join(map(str, limit.values)) or None),
    )
    yield from (text.format(value) for text, value in words if value is not None)


def _lost(mapping: Mapping) -> Iterator[Node]:
    if not mapping.loses:
        yield tag("p", "Everything that our document can hold has a place.")
        return
    yield tag("p", "These fields of our document have no place in the message:")
    yield tag("ul", *(tag("li", tag("code", name)) for name in mapping.loses))
