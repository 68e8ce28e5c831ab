"""Finding and reading a mapping file and the files that it extends."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from transload.adapters.base import positioned
from transload.canonical.errors import ConfigurationError
from transload.canonical.findings import Finding
from transload.canonical.places import MappingPlace
from transload.mappings.source.bounds import LIBRARY, beside
from transload.mappings.source.copybooks import with_copybook
from transload.mappings.source.merging import merge
from transload.mappings.source.nodes import Rows, Source, Table, Text, located, plain_value
from transload.mappings.source.problems import Problems, suggest

PREFIX = "library:"
LEVELS = 3
"""The longest chain of files that extend each other: standard, sector or group, partner."""
LONGEST = 2000
"""Characters of one text, but for those of `_FREE`: below what makes Python refuse to read a number."""
_TYPED = ("format", "pages", "documents")
"""The keys whose values are settings of formats, with types."""
_NUMBER = 100
"""A number has fewer digits."""
_FREE = ("tests", "note", "copybook")


@dataclass(frozen=True, kw_only=True)
class Written:
    """A mapping as its files say it, merged.

    ``text`` is the resolved file as JSON, ``digest`` its SHA-256 (places do not count),
    ``files`` the files that it came from, the partner's first, ``paths`` where they are, ``folders`` their folders
    by the names in places; ``problems`` what was found so far.
    """

    table: Table
    file: Path
    name: str
    files: tuple[str, ...]
    paths: tuple[Path, ...]
    folders: Mapping[str, Path]
    problems: Problems
    text: str
    digest: str


def library_names() -> tuple[str, ...]:
    """The references of all library mappings, such as ``library:edifact/orders-d96a``."""
    return tuple(
        sorted(PREFIX + path.relative_to(LIBRARY).with_suffix("").as_posix() for path in LIBRARY.rglob("*.yaml"))
    )


def locate(reference: str | Path, base: Path | None) -> tuple[Path, str]:
    """The file of a reference, and what findings call it.

    A ``library:`` reference is one of `library_names`; any other is a path, taken from the
    folder ``base`` when it is relative.  Raises `ConfigurationError` for an unknown library name.
    """
    text = str(reference)
    if text.startswith(PREFIX):
        names = library_names()
        if text not in names:
            hint = suggest(text, names, f"the library has: {', '.join(names)}")
            raise ConfigurationError(f"there is no mapping {text!r}", hint=hint)
        return LIBRARY / f"{text.removeprefix(PREFIX)}.yaml", text
    path = Path(reference)
    return (base / path if base is not None else path), text


def read(reference: str | Path, base: Path | None = None) -> Written:
    """Read a mapping file with all that it extends, and merge them.

    Raises `ConfigurationError` when a file is missing or no YAML, or the chain is too long;
    what is wrong with the merging itself stands in the result's ``problems``.
    """
    problems = Problems()
    path, name = locate(reference, base)
    chain = _chain(path, name)
    table = chain[-1].table
    for link in reversed(chain[:-1]):
        table = merge(table, link.table, problems)
    _refuse_long(table)
    _refuse_controls(table, problems)
    text = json.dumps(_bare(table, root=True), ensure_ascii=False, indent=1)
    return Written(
        table=table,
        file=path,
        name=name,
        files=tuple(link.name for link in chain),
        paths=tuple(link.path for link in chain),
        folders={link.name: link.path.parent for link in chain},
        problems=problems,
        text=text,
        digest=sha256(text.encode()).hexdigest(),
    )


def _refuse_controls(node: Source, problems: Problems) -> None:
    """No text of a mapping holds a control character: they separate the parts of what is being written."""
    if isinstance(node, Text):
        if not node.text.isprintable() and any(character < " " and character != "\n" for character in node.text):
            problems.add("M-VALUE", node.at, f"{node.text!r} holds a control character")
    elif isinstance(node, Rows):
        for value in node:
            _refuse_controls(value, problems)
    else:
        for key, value in node:
            _refuse_controls(key, problems)
            _refuse_controls(value, problems)


def _refuse_long(node: Source) -> None:
    """No text that is taken apart is longer than any person would write it; samples and remarks may be."""
    if isinstance(node, Text):
        if len(node.text) > LONGEST:
            message = f"{node.text[:20]!r} ... has {len(node.text)} characters, and {LONGEST} are the most"
            finding = Finding(code="M-VALUE", message=message, hint="split it, or use a file", mapping=node.at)
            raise ConfigurationError(message, hint=finding.hint, findings=[finding])
    elif isinstance(node, Rows):
        for value in node:
            _refuse_long(value)
    else:
        for key, value in node:
            _refuse_long(key)
            if key.text not in _FREE:
                _refuse_long(value)


@dataclass(frozen=True)
class _Link:
    name: str
    path: Path
    table: Table


def _chain(path: Path, name: str) -> list[_Link]:
    """The file and those below it, the partner's first."""
    links: list[_Link] = []
    at: MappingPlace | None = None
    while True:
        if any(link.path.resolve() == path.resolve() for link in links):
            raise _refusal(at, f"{name} extends itself", f"the chain is {' > '.join(link.name for link in links)}")
        if len(links) == LEVELS:
            names = " > ".join([*(link.name for link in links), name])
            raise _refusal(at, f"{LEVELS} levels are the most, and this is one more: {names}", "extend a lower one")
        try:
            node = positioned.load(path, name=name)
        except ConfigurationError as error:
            if at is None or os.path.isfile(path):  # noqa: PTH113 - Path.is_file raises for names that are too long
                raise
            raise _refusal(at, error.message, "the path starts at the folder of this file") from error
        table = located(node, name)
        if not isinstance(table, Table):
            raise _refusal(table.at, "a mapping file is a table of keys and values", "begin with  mapping: NAME")
        table = with_copybook(table, path.parent)
        links.append(_Link(name, path, table))
        below = table.get("extends")
        if below is None:
            return links
        if not isinstance(below, Text):
            raise _refusal(below.at, "extends: names one file", "for example  library:edifact/orders-d96a")
        at = below.at
        try:
            if not below.text.startswith(PREFIX):
                beside(below.text, path.parent)
            path, found = locate(below.text, path.parent)
        except ConfigurationError as error:
            raise _refusal(at, error.message, error.hint) from error
        except OSError as error:
            raise _refusal(at, f"cannot extend {below.text!r}: {error.strerror}", "keep it in the workspace") from error
        name = found if found.startswith(PREFIX) else str(Path(name).parent / below.text)


def _refusal(at: MappingPlace | None, message: str, hint: str | None) -> ConfigurationError:
    finding = Finding(code="M-EXTENDS", message=message, hint=hint, mapping=at)
    return ConfigurationError(message, hint=hint, findings=[finding])


def _bare(node: Source, *, typed: bool = False, root: bool = False) -> object:
    """The graph without places; a quoted ``=`` is no different from a plain one.

    Where values are ``typed`` numbers and truths are, which are others when they are quoted.
    """
    if isinstance(node, Text):
        value = plain_value(node) if typed and len(node.text) < _NUMBER else node.text
        return value if isinstance(value, bool | int) else node.text
    if isinstance(node, Rows):
        return [_bare(value, typed=typed) for value in node]
    return {key.text: _bare(value, typed=typed or (root and key.text in _TYPED)) for key, value in node}
