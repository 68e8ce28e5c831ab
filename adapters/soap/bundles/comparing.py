"""Comparing a bundle on our side with what the partner serves now."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import requests
from lxml import etree

from transload.adapters.base.http import HttpConnection, open_session
from transload.adapters.base.xml import safe_parser
from transload.adapters.soap.bundles.bundle import Manifest, altered, read_manifest, unusable
from transload.adapters.soap.bundles.crawling import Document, crawl, same_host
from transload.adapters.soap.bundles.drift import Change, changes
from transload.adapters.soap.bundles.fetching import WebFetch, below, folder_fetch, is_address, path_of
from transload.adapters.soap.bundles.surface import Surface, surface_of
from transload.adapters.soap.login import hidden_in, session_for
from transload.adapters.soap.settings import SoapConnection
from transload.canonical.errors import Stop

_LOGIN_HINT = "write it under login: of a SOAP connection, and name that: --connection"


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What was found: files of the bundle that somebody ``altered``, sources that are not ``same`` byte for byte."""

    manifest: Manifest
    altered: tuple[str, ...]
    same: bool
    changes: tuple[Change, ...]

    @property
    def verdict(self) -> str:
        """The outcome in a sentence."""
        if self.same:
            return f"the partner serves what was fetched at {self.manifest.fetched}, byte for byte"
        if not self.changes:
            return "the partner serves other bytes that say the same: layout, comments or files are different"
        breaking = sum(change.breaking for change in self.changes)
        count = f"{len(self.changes)} change{'s' if len(self.changes) > 1 else ''}"
        return f"{count} since {self.manifest.fetched}, {breaking or 'none'} of which may make calls fail"


def gather(
    source: str, settings: HttpConnection, *, also: tuple[str, ...], folder: Path | None = None
) -> list[Document]:
    """All files of the description at ``source``, an address or a path.

    What a file imports must lie below ``folder``, by default its own.  A login of ``settings`` goes to the host of
    ``source`` alone.  Raises `Retry`, `Stop`.
    """

    def login() -> requests.Session:
        return session_for(settings) if isinstance(settings, SoapConnection) else open_session(settings)

    if is_address(source) and "@" in urlsplit(source).netloc:
        raise Stop("a login does not stand in an address, which is kept in bundle.json", hint=_LOGIN_HINT)
    hidden = hidden_in(settings) if isinstance(settings, SoapConnection) else ()
    web = WebFetch(source, settings, login=login, hidden=hidden)
    try:
        if is_address(source):
            return crawl(source, web, allowed=same_host(source, also))
        top = folder or path_of(source).parent
        return crawl(source, folder_fetch(top, web), allowed=below(top, also))
    finally:
        web.close()


def compare(folder: Path, settings: HttpConnection) -> Comparison:
    """Compare the bundle in ``folder`` with its source.  Raises `Retry`, `Stop`."""
    manifest = read_manifest(folder)
    if manifest is None:
        raise unusable(folder, "there is no bundle.json, so nobody knows where the WSDL is from")
    if isinstance(settings, SoapConnection) and not (manifest.login or _is_theirs(manifest.source, settings)):
        settings = _without_login(settings)
    root = None if manifest.root is None else Path(manifest.root)
    theirs = gather(manifest.source, settings, also=manifest.also, folder=root)
    known = {entry.source: entry.sha256 for entry in manifest.files}
    same = {document.source: document.digest for document in theirs} == known
    ours = Surface() if same else stored_surface(folder, manifest)
    found = [] if same else changes(ours, surface_of(document.root for document in theirs))
    return Comparison(manifest=manifest, altered=tuple(altered(folder, manifest)), same=same, changes=tuple(found))


def _is_theirs(source: str, connection: SoapConnection) -> bool:
    """Whether the description lies on the host that the connection calls, which knows our login anyway."""
    return connection.endpoint is not None and urlsplit(connection.endpoint)[:2] == urlsplit(source)[:2]


def _without_login(connection: SoapConnection) -> HttpConnection:
    """The time-outs, proxy and authorities of a connection, and nothing that says who we are."""
    tls = connection.tls.model_copy(update={"certificate": None, "key": None, "password": None, "pins": ()})
    return HttpConnection(
        timeouts=connection.timeouts,
        tls=tls.model_copy(update={"verify": True}),
        plain_http=connection.plain_http,
        proxy=connection.proxy,
        proxy_login=connection.proxy_login,
    )


def stored_surface(folder: Path, manifest: Manifest) -> Surface:
    """The surface of the files in ``folder``.  Raises `Stop` when one is gone or no XML."""
    roots = []
    for entry in manifest.files:
        try:
            roots.append(etree.fromstring((folder / entry.file).read_bytes(), safe_parser()))
        except OSError as error:
            raise unusable(folder / entry.file, error.strerror or "it cannot be read") from error
        except (etree.LxmlError, ValueError) as error:
            raise unusable(folder / entry.file, f"it is no XML: {error}") from error
    return surface_of(roots)
