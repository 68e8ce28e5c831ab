"""The routes as they were in use: built of the versions that the ledger keeps, in a folder that is thrown away.

What the ledger does not keep (transload.yaml, guides, the product itself) is taken as it is now.
"""

import csv
import io
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from transload.canonical.errors import ConfigurationError
from transload.mappings.source.reading import PREFIX, read
from transload.runner.filenames import FILE, PARTNER_FILE
from transload.runner.impact.versions import Versions, live_tables
from transload.runner.lines.lines import Line
from transload.runner.workspace import Workspace, load_workspace
from transload.runner.workspace.model import Partner, ReceiveRoute, SendRoute
from transload.runner.workspace.take import Take

_KEPT = "kept versions"
"""The folder for mappings as they were in use."""


class Rebuilt:
    """Gives the lines of ``workspace`` as they were in use; each is built when it is first asked for."""

    def __init__(self, workspace: Workspace, versions: Versions, folder: Path) -> None:
        self._now = workspace
        self._versions = versions
        self._folder = folder
        self._then: Workspace | None = None
        self._trouble: ConfigurationError | None = None
        self._partners: dict[str, Partner] = {}

    def line(self, route: str) -> Line:
        """The receive route, ready.  Raises `ConfigurationError` where it cannot be built any more."""
        try:
            workspace = self._workspace()
            found = workspace.receive_route(route)
            line = Line(workspace=workspace, route=self._receive(found))
            line.make_ready()
        except ConfigurationError as error:
            reason = error.findings[0].message.replace(str(self._folder), str(self._now.folder))
            raise ConfigurationError(f"the route {route} cannot be built as it was in use: {reason}") from error
        return line

    def _workspace(self) -> Workspace:
        if self._trouble is not None:
            raise self._trouble
        if self._then is None:
            _copy(self._now, self._folder, self._versions)
            try:
                self._then = load_workspace(self._folder, environment=self._now.environment)
            except ConfigurationError as error:
                self._trouble = error
                raise
        return self._then

    def _partner(self, partner: Partner) -> Partner:
        """The partner with the databases of now, whose addresses may hold secrets of the workspace."""
        if partner.name not in self._partners:
            now = self._now.partners.get(partner.name)
            self._partners[partner.name] = replace(partner, databases=now.databases if now else {})
        return self._partners[partner.name]

    def _receive(self, route: ReceiveRoute) -> ReceiveRoute:
        references = tuple(
            self._reference(route.partner, reference, lambda name: self._versions.reading(route.ref, name))
            for reference in route.mapping_references
        )
        return replace(
            route,
            partner=self._partner(route.partner),
            mapping_references=references,
            response_references=(),
            filters=(),
            to=tuple(self._send(send) for send in route.to),
        )

    def _send(self, send: SendRoute) -> SendRoute:
        plain = replace(send, partner=self._partner(send.partner), filters=())
        if send.mapping_reference is None or not isinstance(send.take, Take):
            return plain
        reference = self._reference(
            send.partner, send.mapping_reference, lambda name: self._versions.writing(send.ref, name)
        )
        return replace(plain, mapping_reference=reference)

    def _reference(self, partner: Partner, reference: str, used: Callable[[str], str | None]) -> str:
        """What to load in place of ``reference``: the version in use, or the file itself where there was none."""
        now = self._now.partners.get(partner.name)
        place: str | Path = reference if reference.startswith(PREFIX) else (now or partner).folder / reference
        written = read(place)
        name = json.loads(written.text).get("mapping", "")
        digest = used(name)
        if digest is None:
            return str(place)
        content = self._versions.content(digest)
        if content is None:
            raise ConfigurationError(f"the version {digest[:12]} of the mapping {name} is not kept any more")
        file = self._folder / _KEPT / digest / "mapping.yaml"
        if not file.exists():
            file.parent.mkdir(parents=True)
            _write(json.loads(content), file, written.file.parent, self._versions.content)
        return str(file)


@contextmanager
def rebuilt(workspace: Workspace, versions: Versions) -> Iterator[Rebuilt]:
    """`Rebuilt` with a folder of its own, which is gone at the end."""
    with TemporaryDirectory(prefix="transload-impact-") as folder:
        yield Rebuilt(workspace, versions, Path(folder).resolve())


def _copy(workspace: Workspace, folder: Path, versions: Versions) -> None:
    """The workspace's files with the partner files in use; whatever lies beside them is linked."""
    shutil.copyfile(workspace.folder / FILE, folder / FILE)
    for beside in workspace.folder.iterdir():
        if beside.name not in (FILE, "mappings", _KEPT) and not beside.name.startswith("."):
            (folder / beside.name).symlink_to(beside)
    for partner in workspace.partners.values():
        home = folder / "mappings" / partner.name
        home.mkdir(parents=True)
        for beside in partner.folder.iterdir():
            if beside.name != PARTNER_FILE:
                (home / beside.name).symlink_to(beside.resolve())
        digest = versions.partner(partner.name)
        content = versions.content(digest) if digest is not None else None
        (home / PARTNER_FILE).write_bytes(content if content is not None else partner.file.read_bytes())


def _write(resolved: dict[str, Any], file: Path, beside: Path, content: Callable[[str], bytes | None]) -> None:
    """A resolved mapping as a file, its tables as files beside it; ``beside`` is where its mappings of faults lie."""
    pinned = resolved.pop("pinned", {})
    live = live_tables(resolved)
    for name in resolved.get("xrefs") or {}:
        digest = pinned.get(f"xrefs {name}")
        if name in live or digest is None:
            continue
        rows = _rows(content(digest), f"the cross-reference {name}")
        table = f"xref-{digest[:16]}.csv"
        text = io.StringIO()
        csv.writer(text).writerows([("wire", "canonical"), *rows])
        (file.parent / table).write_text(text.getvalue(), encoding="utf-8", newline="")
        resolved["xrefs"][name] = {"file": table, "wire": "wire", "canonical": "canonical"}
    for name in resolved.get("codes") or {}:
        digest = pinned.get(f"codes {name}")
        if digest is not None:
            resolved["codes"][name] = dict(_rows(content(digest), f"the code table {name}"))
    _write_faults(resolved, file, beside)
    file.write_text(json.dumps(resolved, ensure_ascii=False, indent=1), encoding="utf-8")


def _rows(content: bytes | None, what: str) -> list[tuple[str, str]]:
    if content is None:
        raise ConfigurationError(f"{what} is not kept as it was in use")
    pairs = [line.partition("\t") for line in content.decode().split("\n") if line]
    return [(one, other) for one, _, other in pairs]


def _write_faults(resolved: dict[str, Any], file: Path, beside: Path) -> None:
    """The mappings of faults as they are now: which version was in use is not recorded."""
    head = resolved.get("format")
    named = head.get("faults") if isinstance(head, dict) else None
    if not named or not isinstance(head, dict):
        return
    references = [named] if isinstance(named, str) else list(named)
    for number, reference in enumerate(references):
        if not reference.startswith(PREFIX):
            name = f"faults-{number}.yaml"
            (file.parent / name).write_text(read(beside / reference).text, encoding="utf-8")
            references[number] = name
    head["faults"] = references
