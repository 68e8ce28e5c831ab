"""What stands under ``format:`` for the format itself, checked by the adapter's own class of options."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from transload.adapters.base.registry import adapter, adapter_names
from transload.adapters.base.settings import Settings
from transload.canonical.errors import ConfigurationError
from transload.canonical.places import MappingPlace
from transload.mappings.source.nodes import Rows, Source, Table
from transload.mappings.source.problems import Problems, suggest

OWN = {
    "edifact": frozenset(("message",)),
    "x12": frozenset(("set", "version")),
    "xml": frozenset(("namespaces",)),
    "soap": frozenset(("namespaces", "faults", "operation", "part")),
    "csv": frozenset[str](),
    "fixed": frozenset[str](),
    "json": frozenset[str](),
    "cobol": frozenset[str](),
}
"""Keys under ``format:``, beside ``type``, that the mapping itself uses; all others are the format's options."""


def gives_objects(format_type: str) -> bool:
    """Whether a plug-in brings this format, with bodies that mappings describe as they do JSON.

    Also where it cannot be loaded, which `options_of` reports.
    """
    try:
        found = adapter(format_type).format if format_type in adapter_names() else None
    except ConfigurationError:
        return True
    return found is not None and found.body == "object"


def options_of(format_type: str, written: Mapping[str, Any], entries: Table, problems: Problems) -> dict[str, Any]:
    """The options of the format among ``written``, with a finding for each that the format does not take.

    ``entries`` is the table that they come from, for their places.
    """
    if not format_type:
        return {}
    options = {key: value for key, value in written.items() if key not in OWN.get(format_type, ())}
    try:
        found = adapter(format_type).format
    except ConfigurationError as error:
        at = entries.get("type") or entries
        problems.add("M-VALUE", at.at, error.message, hint=error.hint)
        return options
    if found is None:
        return options
    try:
        found.Options.model_validate(options)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            _note(detail["type"], detail["msg"], detail["loc"], format_type, found.Options, entries, problems)
    return options


def _note(
    kind: str,
    text: str,
    path: Sequence[str | int],
    format_type: str,
    model: type[Settings],
    entries: Table,
    problems: Problems,
) -> None:
    name = ".".join(str(step) for step in path)
    if kind == "extra_forbidden":
        known = sorted((*model.model_fields, *OWN.get(format_type, ()), "type"))
        hint = suggest(name, known, f"it takes {', '.join(known)}")
        problems.add("M-KEY", _key_at(entries, path), f"the format {format_type} has no option {name!r}", hint=hint)
        return
    words = text.removeprefix("Value error, ")
    at = [*_along(entries, path)][-1].at
    problems.add("M-VALUE", at, f"format: {name}: {words[:1].lower()}{words[1:]}" if name else words)


def _along(node: Source, path: Sequence[str | int]) -> Iterator[Source]:
    """``node`` and what ``path`` leads through, as far as it goes."""
    yield node
    for step in path:
        if isinstance(node, Table) and (value := node.get(str(step))) is not None:
            node = value
        elif isinstance(node, Rows) and isinstance(step, int) and step < len(node.values):
            node = node.values[step]
        else:
            return
        yield node


def _key_at(entries: Table, path: Sequence[str | int]) -> MappingPlace:
    key = entries.key(str(path[0])) if path else None
    return key.at if key is not None else entries.at
