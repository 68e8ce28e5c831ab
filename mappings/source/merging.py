"""A mapping file laid over the one that it extends: ``change``, ``add``, and code tables entry by entry."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from transload.mappings.source.nodes import Rows, Source, Table, Text
from transload.mappings.source.problems import Problems, suggest

MODIFIERS = frozenset(
    ("each", "as", "in", "cases", "when", "min", "max", "first", "only", "then", "note", "id", "use", "only_if")
)
"""Keys of a node that are not its name on the wire."""
TABLES = ("format", "codes", "pages", "limits", "pieces", "xrefs", "derive")
"""Keys whose tables are merged entry by entry."""
LISTS = ("ignores", "loses", "uses")
"""Keys whose lists add up."""
Edit = Callable[[Table], tuple[Source, ...]]
"""Gives the nodes that come to stand in the place of one node."""


def merge(base: Table, over: Table, problems: Problems) -> Table:
    """``over`` laid on ``base``; the result has neither ``extends`` nor ``change`` nor ``add``.

    Code tables merge key by key, and what ``over`` lists goes first: of several wire codes
    for one meaning the first is written, so the partner's own code is.  Tests and ``match``
    stay with the file that has them, since samples lie beside it.
    """
    result = base.without("tests", "match")
    for key, value in over:
        old = base.get(key.text)
        if key.text in ("extends", "change", "add"):
            continue
        if key.text == "layout":
            problems.add(
                "M-EXTENDS",
                key.at,
                "a file that extends another has no layout of its own",
                hint="say what differs with change: and add:",
            )
        elif key.text == "codes" and isinstance(old, Table) and isinstance(value, Table):
            result = result.with_pair(key, _merge_codes(old, value))
        elif key.text in TABLES and isinstance(old, Table) and isinstance(value, Table):
            result = result.with_pair(key, _merge_table(old, value))
        elif key.text in LISTS and isinstance(old, Rows) and isinstance(value, Rows):
            result = result.with_pair(key, replace(value, values=(*old.values, *value.values)))
        else:
            result = result.with_pair(key, value)
    return _edit(result, over, problems)


def _merge_table(old: Table, new: Table) -> Table:
    result = old
    for key, value in new:
        result = result.with_pair(key, value)
    return result


def _merge_codes(old: Table, new: Table) -> Table:
    result = old
    for key, value in new:
        earlier = old.get(key.text)
        if isinstance(earlier, Table) and isinstance(value, Table):
            names = {name.text for name, _ in value}
            value = replace(value, pairs=(*value.pairs, *(p for p in earlier.pairs if p[0].text not in names)))
        result = result.with_pair(key, value)
    return result


def _edit(table: Table, over: Table, problems: Problems) -> Table:
    layout_key, layout = table.key("layout"), table.get("layout")
    change, add = over.get("change"), over.get("add")
    if change is None and add is None:
        return table
    if layout_key is None or layout is None:
        problems.add("M-EXTENDS", over.at, "the extended file has no layout to change")
        return table
    editor = _Editor(problems, tree=_is_tree(table))
    if isinstance(change, Table):
        for address, value in change:
            layout = editor.apply(layout, address, partial(editor.changed, value=value, address=address))
    elif change is not None:
        problems.add("M-CHANGE", change.at, "change: is a table of addresses, such as  LIN / QTY 21: {...}")
    if isinstance(add, Rows):
        for item in add:
            layout = editor.added(layout, item)
    elif add is not None:
        problems.add("M-CHANGE", add.at, "add: is a list of nodes, each with after:, before: or into:")
    return table.with_pair(layout_key, layout)


def _is_tree(table: Table) -> bool:
    formats = table.get("format")
    kind = formats.get("type") if isinstance(formats, Table) else None
    return isinstance(kind, Text) and kind.text in ("xml", "soap", "json", "cobol")


@dataclass(frozen=True)
class _Editor:
    problems: Problems
    tree: bool = False

    def changed(self, node: Table, value: Source, address: Text) -> tuple[Source, ...]:
        if isinstance(value, Text) and value.text == "remove" and value.plain:
            return ()
        wire = wire_entry(node)
        if wire is not None and _holds(value) and _holds(wire[1]):  # an element of a tree that is a value itself
            return (node.with_pair(wire[0], value),)
        if wire is None or not isinstance(value, Table):
            hint = "name what stands in it, such as  {NAME: =field}" if self.tree else None
            self.problems.add("M-CHANGE", value.at, "a change is a table of places, or the word remove", hint=hint)
            return (node,)
        key, body = wire
        for place, new in value:
            if place.text in MODIFIERS:
                node = node.with_pair(place, new)
            elif not isinstance(body, Table):
                self.problems.add(
                    "M-CHANGE",
                    place.at,
                    f"{address.text} has no places of its own to change",
                    hint=f"give it the new value itself:  {address.text}: =field",
                )
            elif isinstance(new, Text) and new.text == "remove" and new.plain:
                if body.key(place.text) is None:
                    hint = suggest(place.text, [name.text for name, _ in body])
                    self.problems.add("M-CHANGE", place.at, f"{address.text} has no place {place.text}", hint=hint)
                body = body.without(place.text)
            else:
                body = body.with_pair(place, new)
        return (node.with_pair(key, body),)

    def added(self, layout: Source, item: Source) -> Source:
        where = [(k, v) for k, v in item if k.text in ("after", "before", "into")] if isinstance(item, Table) else []
        if len(where) != 1 or not isinstance(where[0][1], Text):
            self.problems.add("M-CHANGE", item.at, "an added node says where: after:, before: or into: one address")
            return layout
        assert isinstance(item, Table)
        (how, address) = where[0]
        assert isinstance(address, Text)
        new = item.without("after", "before", "into")
        if how.text == "into" and self.tree:
            hint = "in a tree use after: or before: with the address of what stands beside it"
            self.problems.add("M-CHANGE", how.at, "into: is for segments", hint=hint)
            return layout

        def place(node: Table) -> tuple[Source, ...]:
            if how.text == "after":
                return (node, new)
            if how.text == "before":
                return (new, node)
            then = node.get("then")
            inner = (*then.values, new) if isinstance(then, Rows) else (new,)
            return (node.with_pair(node.key("then") or Text("then", how.at), Rows(inner, how.at)),)

        return self.apply(layout, address, place)

    def apply(self, layout: Source, address: Text, edit: Edit) -> Source:
        steps = [" ".join(step.split()) for step in address.text.split(" / ")]
        found = _matches(layout, steps)
        if not found:
            known = sorted({name for node in _nodes(layout, deep=True) for name in identities(node)})
            hint = suggest(steps[-1], known, f"the base has: {', '.join(known)}")
            self.problems.add("M-CHANGE", address.at, f"the extended file has no node {address.text!r}", hint=hint)
            return layout
        if len(found) > 1:
            lines = ", ".join(f"{node.at.file}:{node.at.line}" for node in found)
            self.problems.add(
                "M-CHANGE",
                address.at,
                f"{len(found)} nodes are called {address.text!r}: {lines}",
                hint="add the first literal, such as  RFF CT, or the node above, such as  LIN / RFF CT",
            )
            return layout
        return _rewrite(layout, found[0], edit)


def _holds(body: Source) -> bool:
    """Whether a body is a value: a text, or a list of texts."""
    return isinstance(body, Text) or (
        isinstance(body, Rows) and bool(body.values) and all(isinstance(item, Text) for item in body)
    )


def wire_entry(node: Table) -> tuple[Text, Source] | None:
    """The one key of ``node`` that is a name on the wire, with its body; None when there is not exactly one.

    A node's only key is its name, so a JSON member may be called ``id`` or ``note``.
    """
    if len(node.pairs) == 1:
        return node.pairs[0]
    wires = [(key, value) for key, value in node if key.text not in MODIFIERS]
    return wires[0] if len(wires) == 1 else None


def identities(node: Table) -> tuple[str, ...]:
    """What a node may be called: its tag, its tag and first literal, its tag and the qualifier of one of its cases."""
    wire = wire_entry(node)
    if wire is None:
        return ()
    tag, body = wire
    name = tag.text.rstrip("*")
    names = [name]
    literal = _first_literal(body)
    if literal is not None:
        names.append(f"{name} {literal}")
    cases = node.get("cases")
    if isinstance(cases, Table):
        names += [f"{name} {key.text}" for key, _ in cases]
    return tuple(names)


def _first_literal(body: Source) -> str | None:
    if not isinstance(body, Table):
        return None
    for _, value in body:
        first = value.values[0] if isinstance(value, Rows) and value.values else value
        if isinstance(first, Text) and not first.text.startswith("="):
            return first.text
    return None


def _nodes(layout: Source, *, deep: bool = False) -> Iterator[Table]:
    """The nodes of a layout, and of the layouts inside them."""
    if isinstance(layout, Table):
        layout = Rows(tuple(Table((pair,), pair[0].at) for pair in layout), layout.at)
    if not isinstance(layout, Rows):
        return
    for item in layout:
        if not isinstance(item, Table):
            continue
        yield item
        if deep:
            for inner in _inner(item):
                yield from _nodes(inner, deep=True)


def _inner(node: Table) -> Iterator[Source]:
    then, wire = node.get("then"), wire_entry(node)
    if then is not None and len(node.pairs) > 1:
        yield then
    if wire is not None and isinstance(wire[1], Rows | Table):
        yield wire[1]


def _matches(layout: Source, steps: list[str]) -> list[Table]:
    found: list[Table] = []
    for node in _nodes(layout):
        if steps[0] not in identities(node):
            continue
        if len(steps) == 1:
            found.append(node)
        else:
            found += [match for inner in _inner(node) for match in _matches(inner, steps[1:])]
    return found


def _rewrite(layout: Source, target: Table, edit: Edit) -> Source:
    if isinstance(layout, Rows):
        values: list[Source] = []
        for item in layout:
            if item is target:
                values += edit(target)
            else:
                values.append(_rewrite_inside(item, target, edit) if isinstance(item, Table) else item)
        return replace(layout, values=tuple(values))
    if isinstance(layout, Table):
        return _rewrite_inside(layout, target, edit)
    return layout


def _rewrite_inside(node: Table, target: Table, edit: Edit) -> Table:
    pairs: list[tuple[Text, Source]] = []
    for key, value in node:
        if target.pairs == ((key, value),) and target.at == key.at:  # an entry of a short form
            pairs += [pair for new in edit(target) if isinstance(new, Table) for pair in new.pairs]
        elif isinstance(value, Rows | Table) and (len(node.pairs) == 1 or key.text not in MODIFIERS - {"then"}):
            pairs.append((key, _rewrite(value, target, edit)))
        else:
            pairs.append((key, value))
    return replace(node, pairs=tuple(pairs))
