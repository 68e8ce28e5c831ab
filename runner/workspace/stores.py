"""Where a workspace's ledger is kept: what ``store:`` and ``blobs:`` say, with references instead of secrets."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy.exc import ArgumentError

from transload.adapters.base.positioned import Entries, Items, Node, Scalar
from transload.canonical.errors import ConfigurationError
from transload.canonical.places import MappingPlace
from transload.runner.ledger.store import SQLITE_BEGIN, Blobs, Encryption, Store, check_address, passwords_in
from transload.runner.workspace.report import Report
from transload.runner.workspace.secrets import Secrets, has_reference
from transload.runner.workspace.written import WrittenBlobs, WrittenEncryption, WrittenStore, WrittenWorkspace

_SECRET_WORDS = ("secret", "password", "token", "account_key", "connection_string", "sas")
"""What the names of an object store's options have in them where a secret is meant: s3fs, gcsfs, adlfs."""


def store_of(settings: WrittenWorkspace, root: Entries, folder: Path, secrets: Secrets, report: Report) -> Store | None:
    """The store; None when a finding was added.  No secret is resolved, and no database asked."""
    before = len(report.findings)
    written = settings.store if isinstance(settings.store, WrittenStore) else WrittenStore(url=settings.store)
    node = root.get("store") or Scalar(written.url, 1, 1)
    _check_address(written, node, secrets, report)
    blobs = _blobs(settings.blobs, root.get("blobs"), secrets, report)
    encryption = _encryption(settings.encryption, root.get("encryption"), secrets, report)
    if len(report.findings) > before:
        return None
    base = folder.resolve()
    url = written.url
    if url.startswith(SQLITE_BEGIN) and not has_reference(url):
        url = f"{SQLITE_BEGIN}{(base / url.removeprefix(SQLITE_BEGIN)).resolve()}"
    at = report.at(node)
    return Store(
        url=url,
        base=base,
        password=written.password.get_secret_value() if written.password is not None else None,
        schema=written.schema_,
        pool=written.pool,
        connect_timeout=written.connect_timeout,
        statement_timeout=written.statement_timeout,
        lock_timeout=written.lock_timeout,
        blobs=blobs,
        encryption=encryption,
        resolve=lambda value: _resolved(value, written, secrets, at),
    )


def _resolved(value: Any, written: WrittenStore, secrets: Secrets, at: MappingPlace) -> Any:
    """``value`` with its references resolved; the passwords among them are known as such from now on."""
    resolved = secrets.resolve(value, at)
    if isinstance(resolved, Mapping):
        named = [(name.lower(), text) for name, text in resolved.items() if isinstance(text, str)]
        secrets.hidden.learn(*(text for name, text in named if any(word in name for word in _SECRET_WORDS)))
        return resolved
    with suppress(ArgumentError, ValueError):  # what is no address is told by who opens it
        if value == written.url:
            secrets.hidden.learn(*passwords_in(resolved))
        elif value in _passwords(written):
            secrets.hidden.learn(resolved)
    return resolved


def _passwords(written: WrittenStore) -> tuple[str, ...]:
    own = (written.password.get_secret_value(),) if written.password is not None else ()
    return own if written.url.startswith("${") else (*own, *passwords_in(written.url))


def _check_address(written: WrittenStore, node: Node, secrets: Secrets, report: Report) -> None:
    at = (node.get("url") if isinstance(node, Entries) else None) or node
    for name, text in (("url", written.url), ("password", written.password and written.password.get_secret_value())):
        wrong = secrets.fault(text) if text else None
        if wrong is not None:
            place = (node.get(name) if isinstance(node, Entries) else None) or at
            report.add("C-SECRET", wrong[0], place, hint=wrong[1])
    if written.password is not None and not has_reference(written.password.get_secret_value()):
        _literal(report, (node.get("password") if isinstance(node, Entries) else None) or at)
    if written.url.startswith("${"):
        return  # what it is shows when it is opened
    try:
        check_address(written.url)
    except ConfigurationError as error:
        report.add("C-VALUE", error.message, at, hint=error.hint)
        return
    if any(not has_reference(secret) for secret in passwords_in(written.url)):
        _literal(report, at)


def _blobs(written: str | WrittenBlobs | None, node: Node | None, secrets: Secrets, report: Report) -> Blobs | None:
    if written is None:
        return None
    if isinstance(written, str):
        written = WrittenBlobs(url=written)
    block = node.get("options") if isinstance(node, Entries) else None
    for name, item in _scalars(block) if block is not None else ():
        wrong = secrets.fault(item.text)
        if wrong is not None:
            report.add("C-SECRET", wrong[0], item, hint=wrong[1])
        elif any(word in name for word in _SECRET_WORDS) and not has_reference(item.text):
            _literal(report, item)
    at = (node.get("url") if isinstance(node, Entries) else node) or Scalar(written.url, 1, 1)
    wrong = secrets.fault(written.url)
    if wrong is not None:
        report.add("C-SECRET", wrong[0], at, hint=wrong[1])
    elif "://" in written.url and "@" in written.url.partition("://")[2].partition("/")[0]:
        hint = "write them below options: as the file system calls them, as references"
        report.add("C-VALUE", "the address of an object store names no user and no password", at, hint=hint)
    return Blobs(place=written.url, options=written.options)


def _encryption(
    written: WrittenEncryption | None, node: Node | None, secrets: Secrets, report: Report
) -> Encryption | None:
    if written is None:
        return None
    keys = {name: key.get_secret_value() for name, key in written.keys.items()}
    block = node.get("keys") if isinstance(node, Entries) else None
    for name, text in keys.items():
        at = (block.get(name) if isinstance(block, Entries) else None) or node or Scalar(name, 1, 1)
        wrong = secrets.fault(text)
        if wrong is not None:
            report.add("C-SECRET", wrong[0], at, hint=wrong[1])
        elif not has_reference(text):
            _literal(report, at)
    return Encryption(use=written.use, keys=keys)


def _literal(report: Report, node: Node) -> None:
    hint = "put it into an environment variable or a file, and write ${env:NAME} or ${file:PATH}"
    report.add("C-LITERAL", "a secret stands here in plain text", node, hint=hint)


def _scalars(node: Node, name: str = "") -> Iterator[tuple[str, Scalar]]:
    """All values within a block, each with the key that leads to it."""
    if isinstance(node, Scalar):
        yield name, node
    elif isinstance(node, Entries):
        for key, value in node.pairs:
            yield from _scalars(value, key.text.lower())
    elif isinstance(node, Items):
        for value in node.values:
            yield from _scalars(value, name)
