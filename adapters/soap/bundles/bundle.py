"""A bundle: a WSDL with its schemas in one folder, and the manifest that says where each file is from."""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

from transload.adapters.soap.bundles.crawling import WSDL, Document
from transload.canonical.errors import Stop
from transload.canonical.findings import Finding

MANIFEST = "bundle.json"
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_ASKED = re.compile(r"-(single)?wsdl$", re.IGNORECASE)
"""What a query says that asks for the description."""
_LONGEST = 60
_MOST_MANIFEST = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A file of a bundle.

    ``sha256`` is that of the bytes as they were served, ``stored`` of those in the folder, in which
    the locations of other files are relative.
    """

    file: str
    source: str
    bytes: int
    sha256: str
    stored: str


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What ``bundle.json`` says.

    ``also`` are the hosts that imported files may lie on, ``root`` the folder that they must be in where the
    source is a file; ``login`` says that somebody chose to show a connection's login to the source.
    """

    source: str
    fetched: str
    main: str
    also: tuple[str, ...] = ()
    root: str | None = None
    login: bool = False
    files: tuple[Entry, ...] = ()

    def text(self) -> str:
        """The manifest as it is written."""
        listed = [vars(entry) for entry in self.files]
        return json.dumps({**vars(self), "also": list(self.also), "files": listed}, indent=2, ensure_ascii=False) + "\n"


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """A manifest with the contents of its files, by their names."""

    manifest: Manifest
    contents: dict[str, bytes] = field(repr=False)


def bundle_of(
    documents: list[Document],
    *,
    now: datetime,
    also: Collection[str] = (),
    root: Path | None = None,
    login: bool = False,
) -> Bundle:
    """The bundle of ``documents``, whose first is the main one; nothing but locations is written anew."""
    names: dict[str, str] = {}
    for document in documents:
        names[document.source] = _name(document, set(names.values()))
    contents: dict[str, bytes] = {}
    entries = []
    for document in documents:
        for element, attribute, target in document.references:
            element.set(attribute, names[target])
        changed = bool(document.references)
        content = _serialized(document) if changed else document.content
        name = names[document.source]
        contents[name] = content
        entries.append(
            Entry(
                file=name,
                source=document.source,
                bytes=len(document.content),
                sha256=document.digest,
                stored=sha256(content).hexdigest(),
            )
        )
    manifest = Manifest(
        source=documents[0].source,
        fetched=now.isoformat(timespec="seconds"),
        main=names[documents[0].source],
        also=tuple(sorted(also)),
        root=None if root is None else str(root.resolve()),
        login=login,
        files=tuple(entries),
    )
    return Bundle(manifest=manifest, contents=contents)


def _serialized(document: Document) -> bytes:
    tree = document.root.getroottree()
    encoding = tree.docinfo.encoding or "utf-8"
    content: Any = etree.tostring(tree, encoding=encoding, xml_declaration=True)
    return bytes(content)


def _name(document: Document, taken: set[str]) -> str:
    """A file name of ours, made of the last part of the address and its query, and unlike all that are ``taken``."""
    parts = urlsplit(document.source)
    ending = ".wsdl" if document.root.tag == f"{{{WSDL}}}definitions" else ".xsd"
    last = parts.path.rstrip("/").rpartition("/")[2] + (f"-{parts.query}" if parts.query else "")
    stem = _UNSAFE.sub("-", last).strip("-.").removesuffix(ending)
    stem = _ASKED.sub("", stem).removesuffix(ending)[:_LONGEST].strip("-.") or "service"
    name, number = f"{stem}{ending}", 1
    known = {one.lower() for one in taken} | {MANIFEST}
    while name.lower() in known:
        number += 1
        name = f"{stem}-{number}{ending}"
    return name


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest in ``folder``; None when there is none.  Raises `Stop` when it cannot be understood."""
    path = folder / MANIFEST
    try:
        if not path.is_file() or path.stat().st_size > _MOST_MANIFEST:
            return None
        found = json.loads(path.read_text(encoding="utf-8"))
        files = tuple(
            Entry(
                file=_plain(entry["file"]),
                source=str(entry["source"]),
                bytes=int(entry["bytes"]),
                sha256=str(entry["sha256"]),
                stored=str(entry["stored"]),
            )
            for entry in found["files"]
        )
        return Manifest(
            source=str(found["source"]),
            fetched=str(found["fetched"]),
            main=_plain(found["main"]),
            also=tuple(str(host) for host in found["also"]),
            root=None if found["root"] is None else str(found["root"]),
            login=found["login"] is True,
            files=files,
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise unusable(path, "it cannot be understood") from error


def _plain(name: object) -> str:
    """A file name that is no path.  Raises `ValueError` for any other."""
    text = str(name)
    if text in ("", ".", "..") or any(sign in text for sign in "/\\\0"):
        raise ValueError("a file's name is a path")
    return text


def altered(folder: Path, manifest: Manifest) -> list[str]:
    """The files of a bundle that are not as they were written, or gone."""
    found = []
    for entry in manifest.files:
        try:
            digest = sha256((folder / entry.file).read_bytes()).hexdigest()
        except OSError:
            digest = ""
        if digest != entry.stored:
            found.append(entry.file)
    return found


def unusable(path: Path, why: str) -> Stop:
    """The error of a bundle that cannot be used."""
    message = f"{path}: {why}"
    hint = "fetch the WSDL anew: transload soap bundle URL --into DIR --replace"
    return Stop(message, hint=hint, findings=[Finding(code="S-BUNDLE", message=message, hint=hint)])
