"""How services wake each other: what ``dispatch:`` says, with references instead of secrets."""

from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sqlalchemy.exc import ArgumentError

from transload.adapters.base.positioned import Entries, Node, Scalar
from transload.canonical.errors import ConfigurationError
from transload.canonical.findings import Severity
from transload.canonical.places import MappingPlace
from transload.runner.dispatch.broker import Broker, check_broker
from transload.runner.ledger.store import SQLITE_BEGIN, Store, passwords_in
from transload.runner.workspace.report import Report
from transload.runner.workspace.secrets import Secrets, has_reference
from transload.runner.workspace.written import WrittenCelery, WrittenDispatch


def broker_of(
    written: WrittenDispatch | None,
    node: Node | None,
    store: Store | None,
    folder: Path,
    secrets: Secrets,
    report: Report,
) -> Broker | None:
    """The broker; None where none is named, or a finding was added.  No secret is resolved, and no broker asked."""
    if written is None:
        return None
    celery = written.celery if isinstance(written.celery, WrittenCelery) else WrittenCelery(url=written.celery)
    block = (node.get("celery") if isinstance(node, Entries) else None) or node or Scalar("", 1, 1)
    at = (block.get("url") if isinstance(block, Entries) else None) or block
    before = len(report.findings)
    _check(celery.url, at, secrets, report)
    if store is not None and store.url.startswith(SQLITE_BEGIN):
        hint = "keep the ledger in PostgreSQL (store: postgresql://...), or leave dispatch: out"
        report.add(
            "C-VALUE", "dispatch: is for services that share a ledger, and a SQLite file has one", block, hint=hint
        )
    if len(report.findings) > before:
        return None
    if find_spec("celery") is None:
        hint = 'install it where services run: pip install "transload[celery]"'
        report.add("C-EXTRA", "Celery is not installed here", block, hint=hint, severity=Severity.WARNING)
    place = report.at(at)
    return Broker(
        url=celery.url,
        ca=folder.resolve() / celery.ca if celery.ca is not None else None,
        resolve=lambda value: _resolved(value, celery.url, secrets, place),
    )


def _check(url: str, at: Node, secrets: Secrets, report: Report) -> None:
    wrong = secrets.fault(url)
    if wrong is not None:
        report.add("C-SECRET", wrong[0], at, hint=wrong[1])
    if url.startswith("${"):
        return  # what it is shows when a service begins
    try:
        check_broker(url)
    except ConfigurationError as error:
        report.add("C-VALUE", error.message, at, hint=error.hint)
        return
    if any(not has_reference(secret) for secret in passwords_in(url)):
        hint = "put it into an environment variable or a file, and write ${env:NAME} or ${file:PATH}"
        report.add("C-LITERAL", "a secret stands here in plain text", at, hint=hint)


def _resolved(value: Any, url: str, secrets: Secrets, at: MappingPlace) -> Any:
    """``value`` with its references resolved; the password among them is known as such from now on."""
    resolved = secrets.resolve(value, at)
    with suppress(ArgumentError, ValueError):  # what is no address is told by who asked
        if value == url:
            secrets.hidden.learn(*passwords_in(resolved))
        elif value in passwords_in(url):
            secrets.hidden.learn(resolved)
    return resolved
