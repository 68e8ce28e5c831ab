"""Which versions of mappings and partner files are in use by what the ledger says, and which of them have changed."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from transload.canonical.errors import ConfigurationError
from transload.mappings import Mapping as CompiledMapping
from transload.mappings.views.sources import sources
from transload.runner.ledger import Ledger
from transload.runner.ledger.history import Kept
from transload.runner.lines.lines import Line, Writer
from transload.runner.workspace.model import Partner

_SILENT = ("tests", "note")
"""What stands in a mapping file and changes nothing that comes out."""
_SHORTEST = 6


@dataclass(frozen=True, kw_only=True)
class Version:
    """A file that a route depends on: the version in use, None where nothing was made with any, and the one on disk.

    ``sources`` are the files that it is made of.
    """

    kind: str
    name: str
    file: str
    sources: frozenset[Path] = field(repr=False)
    used: str | None
    since: datetime | None
    now: str
    changed: bool

    def as_dict(self) -> dict[str, Any]:
        """The shape in JSON."""
        since = self.since.isoformat().replace("+00:00", "Z") if self.since else None
        told = {"kind": self.kind, "name": self.name, "file": self.file, "in_use": self.used, "since": since}
        return {**told, "on_disk": self.now, "changed": self.changed}


class Versions:
    """The versions in use.  ``against`` are versions that are taken in place of the last ones, by kind and name."""

    def __init__(self, ledger: Ledger, against: Sequence[Kept] = ()) -> None:
        self._history = ledger.history
        self._against = {(one.kind, one.name): one for one in against}
        self._kept: dict[str, Kept | None] = {}
        self._normal: dict[str, str] = {}
        self._last: dict[tuple[str, str, str], str | None] = {}

    def kept(self, digest: str) -> Kept | None:
        """A version by its digest."""
        if digest not in self._kept:
            self._kept[digest] = self._history.version(digest)
        return self._kept[digest]

    def content(self, digest: str) -> bytes | None:
        """The text of anything that was kept beside a document."""
        found = self.kept(digest)
        return found.content if found else None

    def reading(self, route: str, name: str) -> str | None:
        """The version of the mapping ``name`` that reads for ``route``."""
        return self._used("mapping", name, route, lambda: self._history.last_used(route, name))

    def writing(self, target: str, name: str) -> str | None:
        """The version of the mapping ``name`` that writes for ``target``."""
        return self._used("mapping", name, f"to {target}", lambda: self._history.last_written(target))

    def partner(self, name: str) -> str | None:
        """The version of a partner's file."""
        return self._used("partner", name, "", lambda: self._history.last_partner(name))

    def _used(self, kind: str, name: str, where: str, ask: Any) -> str | None:
        if (kind, name) in self._against:
            return self._against[kind, name].digest
        key = (kind, name, where)
        if key not in self._last:
            self._last[key] = ask()
        return self._last[key]

    def same(self, one: str | None, other: str | None) -> bool:
        """Whether two versions kept in the ledger behave alike."""
        if one is None or other is None or one == other:
            return one == other
        return self._as_normal(one) == self._as_normal(other)

    def is_now(self, digest: str | None, content: bytes) -> bool:
        """Whether a version in the ledger behaves as ``content``, which is on disk."""
        return digest is not None and self._as_normal(digest) == normal(content)

    def _as_normal(self, digest: str) -> str:
        if digest not in self._normal:
            found = self.kept(digest)
            self._normal[digest] = normal(found.content) if found else digest
        return self._normal[digest]

    def of_line(self, line: Line) -> Iterator[Version]:
        """The versions of partners' files and mappings on which a line depends, those that write behind."""
        yield self._of_partner(line.partner)
        for mapping in line.route.mappings:
            yield self._of_mapping(mapping, self.reading(line.route.ref, mapping.name))
        for writer in line.writers:
            if writer.route.partner.name != line.partner.name:
                yield self._of_partner(writer.route.partner)
            yield self._of_mapping(writer.mapping, self.writing(writer.outlet.target, writer.mapping.name))
        for passer in line.passers:
            if passer.route.partner.name != line.partner.name:
                yield self._of_partner(passer.route.partner)

    def changed_targets(self, line: Line) -> frozenset[str]:
        """The targets whose own mapping or partner file is not what is in use."""
        return frozenset(writer.outlet.target for writer in line.writers if self._writes_otherwise(writer))

    def _writes_otherwise(self, writer: Writer) -> bool:
        partner = self._of_partner(writer.route.partner)
        mapping = self._of_mapping(writer.mapping, self.writing(writer.outlet.target, writer.mapping.name))
        return partner.changed or mapping.changed or partner.used is None or mapping.used is None

    def _of_partner(self, partner: Partner) -> Version:
        content = partner.file.read_bytes()
        made_of = frozenset((partner.file.resolve(),))
        return self._version("partner", partner.name, str(partner.file), made_of, self.partner(partner.name), content)

    def _of_mapping(self, mapping: CompiledMapping, used: str | None) -> Version:
        return self._version(
            "mapping", mapping.name, mapping.files[0], sources(mapping), used, mapping.in_force().encode()
        )

    def _version(
        self, kind: str, name: str, file: str, made_of: frozenset[Path], used: str | None, content: bytes
    ) -> Version:
        found = self.kept(used) if used else None
        return Version(
            kind=kind,
            name=name,
            file=file,
            sources=made_of,
            used=used,
            since=found.since if found else None,
            now=sha256(content).hexdigest(),
            changed=used is not None and not self.is_now(used, content),
        )


def normal(content: bytes) -> str:
    """A text that is the same for versions that behave alike: tests, notes and what databases held do not count."""
    try:
        read = json.loads(content)
    except ValueError:  # a partner's file
        return content.decode("utf-8", "replace")
    if not isinstance(read, dict):
        return content.decode("utf-8", "replace")
    kept = {name: value for name, value in read.items() if name not in _SILENT}
    pinned: Mapping[str, str] = kept.get("pinned") or {}
    live = {f"xrefs {name}" for name in live_tables(read)}
    kept["pinned"] = {name: digest for name, digest in pinned.items() if name not in live}
    return json.dumps(kept, ensure_ascii=False)


def live_tables(read: Mapping[str, Any]) -> list[str]:
    """The cross-references of a resolved mapping that stand in databases."""
    xrefs = read.get("xrefs")
    entries = xrefs.items() if isinstance(xrefs, dict) else ()
    return [name for name, entry in entries if isinstance(entry, dict) and "database" in entry]


def version_named(ledger: Ledger, text: str) -> Kept:
    """The version whose digest begins with ``text``.  Raises `ConfigurationError` when it names none, or several."""
    fitting = len(text) >= _SHORTEST and all(sign in "0123456789abcdef" for sign in text)
    found = [one for one in ledger.history.versions(text) if one.kind in ("mapping", "partner")] if fitting else []
    if len(found) != 1:
        what = "several versions" if found else "no version of a mapping or partner file"
        message = f"the ledger keeps {what} {text!r}"
        hint = f"give {_SHORTEST} or more digits of a digest, as `transload impact --json` tells them"
        raise ConfigurationError(message, hint=hint)
    return found[0]
