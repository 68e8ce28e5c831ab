"""A key more in a case, put into the text of its file so that all else stays as it is, comments included."""

from pathlib import Path

import yaml
from yaml.nodes import MappingNode, ScalarNode, SequenceNode

from transload.canonical.errors import ConfigurationError
from transload.canonical.findings import Finding
from transload.canonical.places import MappingPlace

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def with_key(text: str, file: Path, line: int, column: int, key: str, value: str) -> str:
    """``text`` of a YAML file with ``key: value`` after the last entry of the table at ``line`` and ``column``.

    ``value`` is YAML in the flow style, on one line.  The table may be written in lines or in braces.  Raises
    `ConfigurationError` where that cannot be done: the table is an alias, or the file would say more than this one
    thing differently.
    """
    found = _table(yaml.compose(text, Loader=_LOADER), line - 1, column - 1)
    if found is None:
        raise _refusal(file, line, column)
    first, last = found.value[0][0], found.value[-1][1]
    if found.flow_style:
        at = last.end_mark.index
        changed = f"{text[:at]}, {key}: {value}{text[at:]}"
    else:
        at = _line_end(text, last)
        ending = "" if text[:at].endswith("\n") or not at else "\n"
        changed = f"{text[:at]}{ending}{' ' * first.start_mark.column}{key}: {value}\n{text[at:]}"
    if not _differs_by(text, changed, found.start_mark, key, value):
        raise _refusal(file, line, column)
    return changed


def _line_end(text: str, node: yaml.nodes.Node) -> int:
    """Where the line after the node's last one begins."""
    at: int = node.end_mark.index
    if at and text[at - 1] == "\n":
        return at
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1


def _table(node: yaml.nodes.Node | None, line: int, column: int) -> MappingNode | None:
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, MappingNode):
            if (one.start_mark.line, one.start_mark.column) == (line, column) and one.value:
                return one
            waiting += [value for _, value in one.value]
        elif isinstance(one, SequenceNode):
            waiting += one.value
    return None


def _differs_by(old: str, new: str, start: yaml.Mark, key: str, value: str) -> bool:
    """Whether the new text says what the old one says, and ``key`` in the table that begins at ``start``."""
    try:
        before, after = yaml.compose(old, Loader=_LOADER), yaml.compose(new, Loader=_LOADER)
        added = yaml.compose(value, Loader=_LOADER)
    except yaml.YAMLError:
        return False
    table = _table(after, start.line, start.column)
    if table is None or table.value[-1][0].value != key or plain(table.value[-1][1]) != plain(added):
        return False
    table.value.pop()
    return plain(before) == plain(after)


def plain(node: yaml.nodes.Node | None) -> object:
    """What a node says, and how its texts are quoted, without its place; equal for equal files."""
    if isinstance(node, MappingNode):
        return [(plain(key), plain(value)) for key, value in node.value]
    if isinstance(node, SequenceNode):
        return [plain(value) for value in node.value]
    return (node.value, node.style) if isinstance(node, ScalarNode) else None


def _refusal(file: Path, line: int, column: int) -> ConfigurationError:
    message = "a line cannot be added to this case without changing more of the file"
    place = MappingPlace(file=str(file), line=line, column=column)
    hint = "add the line by hand"
    return ConfigurationError(
        message, hint=hint, findings=[Finding(code="T-UPDATE", message=message, hint=hint, mapping=place)]
    )
