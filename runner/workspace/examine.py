"""Checking a block of a configuration file against a settings class.

The class decides: what pydantic takes is right.  Where it refuses, the JSON Schema
made from the class tells about the structure (unknown keys, missing ones, wrong
types and names), and pydantic about the values.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, TypeVar, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError as SchemaError
from pydantic import BaseModel, ValidationError

from transload.adapters.base.positioned import Entries, Items, Node, Scalar
from transload.runner.workspace.report import Report, words_for
from transload.runner.workspace.secrets import has_reference
from transload.runner.workspace.shapes import Shape, schema_of, value_of
from transload.runner.workspace.suggestions import misspelt, suggestion

M = TypeVar("M", bound=BaseModel)
Path = tuple[str | int, ...]

_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a block of keys",
    "null": "nothing",
}


_BOUNDS = {"gt": "more than", "ge": "at least", "lt": "less than", "le": "at most"}


def examine(node: Node, kind: type[M], report: Report, what: str) -> M | None:
    """The settings object that ``node`` writes, or None; each fault is a finding of ``report``.

    ``what`` names the block in messages ("the connection mailbox").
    """
    if not isinstance(node, Entries):
        report.add("C-TYPE", f"{what} must be a block of keys, not {words_for(node)}", node)
        return None
    values = value_of(node, Shape.of(kind))
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        before = len(report.findings)
        _Fault(node, kind, report, what).tell(values, error)
        if len(report.findings) == before:  # nothing may be refused without a word
            report.add("C-VALUE", f"{what} is refused: {_sentence(error.errors()[0])}", node)
        return None


def examine_open(
    node: Entries, kind: type[BaseModel], report: Report, what: str, also: Sequence[str] = ()
) -> dict[str, Any] | None:
    """The values that ``node`` writes for ``kind``, which may be references; None when a finding was added.

    Faults of values that are references are left out, since what they stand for is not
    known yet.  ``also`` are keys that may stand in the block and were taken out of it.
    """
    values = value_of(node, Shape.of(kind))
    before = len(report.findings)
    try:
        kind.model_validate(values)
    except ValidationError as error:
        _Fault(node, kind, report, what, also=also, references=True).tell(values, error)
    assert isinstance(values, dict)
    return values if len(report.findings) == before else None


class _Fault:
    """Tells what is wrong with a block that was refused."""

    def __init__(
        self,
        node: Entries,
        kind: type[BaseModel],
        report: Report,
        what: str,
        *,
        also: Sequence[str] = (),
        references: bool = False,
    ) -> None:
        self.node = node
        self.kind = kind
        self.report = report
        self.what = what
        self.also = also
        self.references = references

    def tell(self, values: Any, error: ValidationError) -> None:
        """Add a finding for each fault of ``values``, which ``error`` refuses."""
        faults = Draft202012Validator(schema_of(self.kind)).iter_errors(values)
        told = {path for fault in faults for path in self.structural(fault)}
        self.refused(error.errors(include_url=False), told)

    def structural(self, fault: SchemaError) -> Iterator[Path]:
        """Report a fault of structure; the paths that need no more words."""
        path: Path = tuple(fault.absolute_path)
        here = _node(self.node, path)
        word, rule = str(fault.validator), cast("Any", fault.validator_value)
        if word == "additionalProperties" and isinstance(here, Entries):
            known = self.shape(path).names
            for key, _ in here.pairs:
                if key.text not in known:
                    self.unknown(key, path)
                    yield (*path, key.text)
        elif word == "required" and isinstance(here, Entries):
            for name in rule:
                if here.get(name) is None:
                    hint = misspelt(name, here)
                    self.report.add("C-MISSING", f"{self.called(path)} needs {name!r}", here, hint=hint)
                    yield (*path, name)
        elif word == "type" and here is not None:
            if not self.awaits(here):
                message = f"{self.called(path)} must be {_allowed(rule)}, not {words_for(here)}"
                self.report.add("C-TYPE", message, here)
            yield path
        elif word in ("enum", "const") and isinstance(here, Scalar):
            if not self.awaits(here):
                names = [str(item) for item in (rule if word == "enum" else [rule]) if item is not None]
                hint = suggestion(here.text, names, "it is one of")
                self.report.add("C-VALUE", f"{self.called(path)} cannot be {here.text!r}", here, hint=hint)
            yield path

    def refused(self, refusals: Sequence[Any], told: set[Path]) -> None:
        """Report what pydantic refuses and no structural finding speaks of; of a union's refusals only the deepest."""
        groups: dict[Path, list[Any]] = {}
        for refusal in refusals:
            groups.setdefault(_existing(self.node, refusal["loc"]), []).append(refusal)
        for path, group in groups.items():
            here = _node(self.node, path)
            if here is None or self.awaits(here):
                continue
            if any(len(other) > len(path) and other[: len(path)] == path for other in groups):
                continue
            left = [refusal for refusal in group if not _covered(path, refusal, told)]
            if any(
                not _of_type(refusal) for refusal in left
            ):  # one member of a union fits so far: the others do not count
                left = [refusal for refusal in left if not _of_type(refusal)]
            if len({refusal["type"] for refusal in left}) > 1 and all(_of_type(refusal) for refusal in left):
                self.misfit(path, here)
            else:
                for refusal in left:
                    self.refusal(refusal, path, here)

    def misfit(self, path: Path, here: Node) -> None:
        """Report a value that is none of several things that may stand there."""
        schema, names = self.shape(path), list[str]()
        for item in schema.alternatives:
            names += [str(name) for name in item.get("enum", [item["const"]] if "const" in item else [])]
        close = suggestion(here.text, names, "") if isinstance(here, Scalar) else ""
        hint = close if close.startswith("did") else f"it may be: {schema.words}"
        self.report.add("C-VALUE", f"{self.called(path)} cannot be {words_for(here)}", here, hint=hint)

    def refusal(self, refusal: Any, path: Path, here: Node) -> None:
        """Report one refusal of pydantic."""
        if refusal["type"] == "extra_forbidden" and path:
            self.unknown(self.key(path) or here, path[:-1])
        elif refusal["type"] == "missing":
            name = str(refusal["loc"][-1])
            hint = misspelt(name, here) if isinstance(here, Entries) else None
            self.report.add("C-MISSING", f"{self.called(path)} needs {name!r}", here, hint=hint)
        else:
            at = (self.key(path) if refusal["loc"][-1:] == ("[key]",) else None) or here
            explained = not path or "error" in refusal.get("ctx", {})
            hint = None if explained else self.shape(path).description or None
            self.report.add("C-VALUE", f"{self.called(path)} {_sentence(refusal)}", at, hint=hint)

    def key(self, path: Path) -> Scalar | None:
        """The key that leads to the value at ``path``."""
        parent = _node(self.node, path[:-1])
        return parent.key(str(path[-1])) if isinstance(parent, Entries) and path else None

    def awaits(self, here: Node) -> bool:
        """Whether ``here`` is a reference, whose value is not known yet."""
        return self.references and isinstance(here, Scalar) and has_reference(here.text)

    def shape(self, path: Path) -> Shape:
        """What the class allows at ``path``."""
        shape = Shape.of(self.kind)
        for step in path:
            shape = shape.at(step)
        return shape

    def unknown(self, key: Node, path: Path) -> None:
        """Report a key that does not exist in the block at ``path``."""
        name = key.text if isinstance(key, Scalar) else "?"
        known = [*self.shape(path).names, *(() if path else self.also)]
        self.report.add(
            "C-KEY", f"{self.called(path)} has no key {name!r}", key, hint=suggestion(name, known, "keys are")
        )

    def called(self, path: Path) -> str:
        """What messages call the value at ``path``."""
        steps = "".join(f"[{step + 1}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
        return f"{steps!r} of {self.what}" if steps else self.what


def _covered(path: Path, refusal: Any, told: set[Path]) -> bool:
    named = (*path, refusal["loc"][-1]) if refusal["type"] == "missing" else path
    return any(named[: len(known)] == known for known in told)


def _of_type(refusal: Any) -> bool:
    """Whether a refusal says only that the value is of another kind, as each member of a union does."""
    return refusal["type"].endswith("_type") or refusal["type"] in ("literal_error", "enum")


def _sentence(refusal: Any) -> str:
    """Pydantic's words for a refusal, or an exception's own words where a validator raised one."""
    context = refusal.get("ctx", {})
    if "error" in context:
        return f"is refused: {context['error']}"
    for name, words in _BOUNDS.items():
        if name in context and not refusal["type"].endswith("_long") and not refusal["type"].endswith("_short"):
            return f"must be {words} {_bound(context[name])}"
    text = str(refusal["msg"])
    for old, new in (("Input should be", "must be"), ("String should", "must"), ("Value error, ", "is refused: ")):
        text = text.replace(old, new)
    return text[:1].lower() + text[1:]


def _bound(value: Any) -> str:
    """A limit in people's words; pydantic gives one of a duration as Python writes it."""
    text = str(value)
    return "0s" if text == repr(timedelta()) else text


def _allowed(types: Any) -> str:
    names = types if isinstance(types, list) else [types]
    return " or ".join(_TYPES.get(str(name), str(name)) for name in names)


def _existing(node: Node, loc: Sequence[str | int]) -> Path:
    """The steps of ``loc`` that lead through ``node``: the names of a union's members are left out."""
    path: list[str | int] = []
    here: Node = node
    for step in loc:
        below = _step(here, step)
        if below is not None:
            here = below
            path.append(step)
    return tuple(path)


def _node(node: Node, path: Path) -> Node | None:
    here: Node | None = node
    for step in path:
        here = _step(here, step) if here is not None else None
    return here


def _step(node: Node, step: str | int) -> Node | None:
    if isinstance(node, Entries):
        return node.get(str(step))
    if isinstance(node, Items) and isinstance(step, int) and 0 <= step < len(node.values):
        return node.values[step]
    return None
