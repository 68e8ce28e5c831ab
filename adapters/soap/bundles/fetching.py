"""Where the files of a description come from: a web server, or a folder."""

from collections.abc import Callable, Collection
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import pathname2url

import requests

from transload.adapters.base.http import HttpConnection, exchange, open_session, refusal
from transload.adapters.soap.bundles.crawling import MOST_BYTES, Fetch, same_host
from transload.canonical.errors import Reject, Stop
from transload.canonical.findings import Finding


def is_address(text: str) -> bool:
    """Whether ``text`` is an address of HTTP, and no path."""
    return urlsplit(text).scheme.lower() in ("http", "https")


def address_of(path: Path) -> str:
    """The address of a file."""
    return f"file://{pathname2url(str(path.resolve()))}"


def path_of(address: str) -> Path:
    """The path that an address of a file means."""
    return Path(unquote(urlsplit(address).path))


class WebFetch:
    """Fetches by HTTP; login, headers and our certificate go to the host of ``start`` alone.

    ``hidden`` are secrets of the login that an answer might repeat.
    Nothing is opened before the first call; close it.
    """

    def __init__(
        self,
        start: str,
        settings: HttpConnection,
        *,
        login: Callable[[], requests.Session],
        hidden: tuple[str, ...] = (),
    ) -> None:
        parts = urlsplit(start)
        self._origin = (parts.scheme, parts.netloc.lower())
        self._settings = settings.model_copy(update={"max_body": MOST_BYTES})
        tls = settings.tls.model_copy(update={"certificate": None, "key": None, "password": None, "pins": ()})
        tls = tls.model_copy(update={"verify": True})
        self._bare = self._settings.model_copy(update={"headers": {}, "tls": tls})
        self._login = login
        self._hidden = hidden
        self._sessions: dict[bool, requests.Session] = {}

    def __call__(self, address: str) -> bytes:
        """The bytes at ``address``.  Raises `Retry`, `Stop`."""
        parts = urlsplit(address)
        ours = (parts.scheme, parts.netloc.lower()) == self._origin
        settings = self._settings if ours else self._bare
        if ours not in self._sessions:
            self._sessions[ours] = self._login() if ours else open_session(settings)
        reply = exchange(self._sessions[ours], "GET", address, settings=settings, repeatable=True, hidden=self._hidden)
        if not reply.whole:
            raise Stop(f"{address} has more than {MOST_BYTES} bytes", hint="is it the right address?")
        if reply.status == 200:
            return reply.content
        error = refusal(reply, settings, repeatable=True)
        if isinstance(error, Reject):
            raise Stop(error.message, hint="is it the right address of the WSDL?", findings=error.findings)
        raise error

    def close(self) -> None:
        """Close what was opened."""
        for session in self._sessions.values():
            session.close()
        self._sessions.clear()


def folder_fetch(folder: Path, web: Fetch) -> Fetch:
    """Reads files below ``folder``; what is an address of HTTP is fetched from there."""

    def fetch(address: str) -> bytes:
        if is_address(address):
            return web(address)
        path = path_of(address)
        try:
            if not path.resolve().is_file():
                raise _unread(path, "there is no such file")
            if path.stat().st_size > MOST_BYTES:
                raise _unread(path, f"it has more than {MOST_BYTES} bytes")
            return path.read_bytes()
        except OSError as error:
            raise _unread(path, error.strerror or type(error).__name__) from error

    return fetch


def below(folder: Path, also: Collection[str]) -> Callable[[str], str | None]:
    """A rule: what a file imports must lie below ``folder``, or on one of the hosts ``also``."""
    web = same_host("", also)
    top = folder.resolve()

    def allowed(address: str) -> str | None:
        if is_address(address):
            return web(address)
        if urlsplit(address).scheme != "file" or urlsplit(address).netloc:
            return "which is neither a file nor an address of HTTP"
        return None if path_of(address).resolve().is_relative_to(top) else f"which lies outside of {top}"

    return allowed


def _unread(path: Path, why: str) -> Stop:
    message = f"{path} cannot be read: {why}"
    hint = "put the WSDL and all that it imports into one folder"
    return Stop(message, hint=hint, findings=[Finding(code="S-WSDL", message=message, hint=hint)])
