"""Making a first mapping: samples are read, drawn as nodes, and the result is tried on them until it reads them."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from transload.adapters.base.format import Message
from transload.canonical.documents import DOCUMENTS, document_model
from transload.canonical.errors import ConfigurationError
from transload.canonical.findings import Finding
from transload.mappings.drafting.kinds import Kind, kind_of
from transload.mappings.drafting.knowledge import scope_of
from transload.mappings.drafting.nodes import OPEN, Entry, Node, Page, quoted
from transload.mappings.drafting.rows import CsvRows, FixedRows
from transload.mappings.drafting.segments import nodes_of_segments
from transload.mappings.drafting.trees import nodes_of_trees
from transload.mappings.drafting.values import Codes
from transload.mappings.loading import load_mapping
from transload.mappings.mapping import Mapping
from transload.mappings.testing.samples import format_of

_ROUNDS = 40
_OF_NODES = ("M-AMBIGUOUS", "M-NODE", "M-ORDER", "E-DUP")


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A payload; ``name`` is its path as the mapping's test is to write it."""

    name: str
    payload: bytes


@dataclass(frozen=True, kw_only=True)
class Drafted:
    """A first mapping.

    ``text`` is the file, ``messages`` how many messages it was made from, ``left`` the findings of trying it on them.
    ``bound`` and ``open`` count the places with a field and the points that wait for a person.
    """

    text: str
    messages: int
    bound: int
    open: int
    left: tuple[Finding, ...] = ()


def draft(
    samples: Sequence[Sample],
    *,
    name: str,
    document: str | None = None,
    message: str | None = None,
    guides: Sequence[Path] = (),
) -> Drafted:
    """A first mapping from samples of one kind of message.

    ``message`` is the type that is meant where the samples hold several (``INVOIC``, ``810``); else it is that of
    the first one.  ``document`` is the canonical document, guessed from the type where it is None.

    Raises `ConfigurationError` when the samples hold no message, are of different formats, or the document is
    not known.
    """
    kind, messages = _messages(samples, message, guides)
    wanted = document or kind.document
    if wanted is None:
        hint = f"name one with --document: {', '.join(DOCUMENTS)}"
        raise ConfigurationError(f"which document a message {kind.name} is, is not known", hint=hint)
    document_model(wanted)
    codes = Codes(kind.format_type)
    scope = scope_of(wanted)
    if kind.rows is not None:
        word = wanted.partition("/")[0]
        made = CsvRows(kind.rows, scope, codes, word) if kind.format_type == "csv" else FixedRows(kind.rows, scope)
        nodes = made.nodes()
        kind = replace(kind, header=(*kind.header, *made.header))
    elif kind.is_record:
        nodes = nodes_of_segments(kind, messages, scope, codes, guides)
    else:
        nodes = nodes_of_trees(kind, messages, scope, codes, wanted.partition("/")[0])
    if not nodes:
        raise ConfigurationError(f"the messages {kind.name} of the samples hold nothing", hint="give fuller samples")
    making = _Making(kind=kind, samples=samples, name=name, document=wanted, nodes=nodes, codes=codes, guides=guides)
    left = making.settle(messages)
    if not any(node.there or not node.tree for node in nodes if not node.gone):
        raise ConfigurationError(
            f"the messages {kind.name} of the samples hold nothing that a mapping could name", findings=left
        )
    text, _ = making.page()
    bound = sum(entry.expression != "" and not entry.expression.startswith("'") for entry in making.entries())
    return Drafted(text=text, messages=making.messages, bound=bound, open=text.count(f"# {OPEN} "), left=tuple(left))


def _messages(samples: Sequence[Sample], message: str | None, guides: Sequence[Path]) -> tuple[Kind, list[Message]]:
    kind: Kind | None = None
    found: list[Message] = []
    for sample in samples:
        its, messages = kind_of(sample.payload, sample.name, message, guides)
        if kind is not None and (its.format_type, its.name) != (kind.format_type, kind.name):
            raise ConfigurationError(
                f"{sample.name} is {its.format_type} {its.name}, and {samples[0].name} {kind.format_type} {kind.name}",
                hint="one mapping reads one kind of message",
            )
        kind = its if kind is None else _together(kind, its)
        found += messages
    assert kind is not None
    return kind, found


def _together(one: Kind, other: Kind) -> Kind:
    """The kind of two samples: of rows with the rows of both."""
    if one.rows is None or other.rows is None:
        return one
    if one.rows.columns != other.rows.columns:
        raise ConfigurationError("the samples have different columns", hint="give samples of one kind")
    return replace(one, rows=replace(one.rows, cells=(*one.rows.cells, *other.rows.cells)))


@dataclass(kw_only=True)
class _Making:
    kind: Kind
    samples: Sequence[Sample]
    name: str
    document: str
    nodes: list[Node]
    codes: Codes
    guides: Sequence[Path]
    messages: int = 0

    def _rows(self, mapping: Mapping) -> Iterator[Message]:
        """The messages of rows, which only the mapping tells apart."""
        for sample in self.samples:
            yield from format_of(mapping).read(sample.payload, file=sample.name)

    def entries(self) -> Iterator[Entry]:
        """The entries that are written, those of pairs included."""
        for top in self.nodes:
            for node in top.walk():
                if node.gone:
                    continue
                for entry in [*node.entries, *([node.value] if node.value else [])]:
                    if not entry.gone:
                        yield from [choice for choice in entry.choices if not choice.gone] or [entry]

    def settle(self, messages: Sequence[Message]) -> list[Finding]:
        """Give up, one by one, what does not load or does not read the samples; the findings that remain."""
        left: list[Finding] = []
        with tempfile.TemporaryDirectory() as folder:
            for _ in range(_ROUNDS):
                text, page = self.page()
                file = Path(folder) / "draft.yaml"
                file.write_text(text, encoding="utf-8")
                try:
                    mapping = load_mapping(file, guides=self.guides)
                except ConfigurationError as error:
                    left = [finding for finding in error.findings if finding.is_error]
                else:
                    read = messages if self.kind.rows is None else list(self._rows(mapping))
                    self.messages = len(read)
                    left = [finding for message in read for finding in mapping.decode(message).findings]
                    left = [finding for finding in left if finding.is_error]
                if not self._give_up(left, page):
                    return left
        return left

    def _give_up(self, findings: Sequence[Finding], page: Page) -> bool:
        """Whether something was given up for one of the findings."""
        changed = False
        for finding in findings:
            if finding.mapping is None or finding.code == "E-MISSING":
                continue
            origins = page.origins.get(finding.mapping.line, [])
            if finding.code in _OF_NODES:
                node = next((one for one in origins if isinstance(one, Node) and not one.gone), None)
                if node is not None and not changed:
                    node.gone, changed = True, True
                    node.remark = f"{OPEN} {node.name} is left out: {finding.message}"
                continue
            entries = [one for one in origins if isinstance(one, Entry) and not one.gone]
            place = (finding.mapping.place or "").partition(" ")[2]
            meant = [entry for entry in entries if entry.key in (place, finding.mapping.place)] or entries[:1]
            nodes = [one for one in origins if isinstance(one, Node) and not one.gone]
            if nodes and (not meant or finding.mapping.place == nodes[0].name):
                nodes[0].gone, changed = True, True
                nodes[0].remark = f"{OPEN} {nodes[0].name} is left out: {finding.message}"
                continue
            if meant:
                changed = meant[0].give_up(f"which field? {finding.message}") or changed
        return changed

    def page(self) -> tuple[str, Page]:
        """The file as it is now."""
        page = Page()
        names = ", ".join(sample.name for sample in self.samples)
        page.add("", f"A first mapping, made from {names}.")
        page.add(
            "", f"Each comment that begins with {OPEN} is a point for you to decide; take the comment away when it is."
        )
        page.add(
            "", "transload check lists them. Take draft: away at the end: then every required field must have a place."
        )
        page.add(f"mapping: {quoted(self.name)}")
        page.add("version: 1")
        page.add("draft: true")
        page.add(f"document: {self.document}")
        for line in self.kind.header:
            page.add(line)
        self._codes(page)
        page.add("")
        page.add("layout:")
        if self.kind.format_type == "xml":  # one root element, by its name
            (root,) = self.nodes
            page.add(f"  {root.name}:", root.remark, root)
            page.nodes(root.inside, 4)
        else:
            page.nodes(self.nodes, 2)
        page.add("")
        page.add("tests:")
        for number, sample in enumerate(self.samples):
            which = "the sample that it was made from" if len(self.samples) == 1 else f"sample {number + 1}"
            page.add(f"  - name: {which}")
            page.add(f"    wire: {quoted(sample.name)}")
        return "\n".join(page.lines) + "\n", page

    def _codes(self, page: Page) -> None:
        used = {entry.expression for entry in self.entries()}
        tables = {
            name: rows
            for name, rows in self.codes.tables.items()
            if any(f"code({name})" in text or f"code({name} " in text for text in used)
        }
        if not tables:
            return
        page.add("")
        page.add("codes:", "left: on the wire, right: canonical")
        for name, rows in tables.items():
            unknown = self.codes.unknown.get(name, set())
            if not unknown:
                page.add(f"  {name}: {{{', '.join(f'{quoted(code)}: {quoted(rows[code])}' for code in rows)}}}")
                continue
            page.add(f"  {name}:")
            for code, meaning in rows.items():
                remark = f"{OPEN} what does {code} mean?" if code in unknown else ""
                page.add(f"    {quoted(code)}: {quoted(meaning)}", remark)
