"""What the commands about the ledger share: opening and showing it, naming moments, findings that it keeps."""

import getpass
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import typer
from pydantic import TypeAdapter, ValidationError

from transload.adapters.base import Duration
from transload.canonical.findings import Finding, Severity
from transload.canonical.places import MappingPlace, Place
from transload.runner.cli.screen import say, say_json
from transload.runner.ledger import Ledger
from transload.runner.workspace import load_store

_DURATION: TypeAdapter[timedelta] = TypeAdapter(Duration)


@contextmanager
def opened(workspace: Path, environment: str | None, *, create: bool = False) -> Iterator[Ledger]:
    """The ledger of a workspace, which must exist already unless ``create``; partners' faults do not matter."""
    found = Ledger(load_store(workspace, environment=environment)).open(create=create)
    try:
        yield found
    finally:
        found.close()


def show_ledger(workspace: Path, environment: str | None, *, as_json: bool) -> None:
    """Print where the ledger is kept, and how much it holds."""
    with opened(workspace, environment) as found:
        facts = found.described()
    if as_json:
        say_json(facts)
        return
    for name, value in facts.items():
        say(f"{name + ':':<13}{value}")


def moment(text: str | None, option: str, zone: tzinfo = UTC) -> datetime | None:
    """The moment that ``text`` names: ``2026-01-14``, ``2026-01-14T08:00+01:00`` (else in ``zone``) or ``2h`` ago."""
    if text is None:
        return None
    try:
        return datetime.now(UTC) - _DURATION.validate_python(text)
    except ValidationError:
        pass
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        message = f"{text!r} is no moment; write 2026-01-14, 2026-01-14T08:00+01:00 or 2h (ago)"
        raise typer.BadParameter(message, param_hint=option) from None
    return found if found.tzinfo else found.replace(tzinfo=zone).astimezone(UTC)


def user() -> str:
    """Who acts, for the ledger's record."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # no such user in this container
        return "operator"


def finding_of(kept: Mapping[str, Any]) -> Finding:
    """A finding from the form in which the ledger keeps it."""
    return Finding(
        code=kept["code"],
        severity=Severity(kept["severity"]),
        message=kept["message"],
        hint=kept.get("hint"),
        value=kept.get("value"),
        place=Place(**kept["place"]) if "place" in kept else None,
        mapping=MappingPlace(**kept["mapping"]) if "mapping" in kept else None,
        field=kept.get("field"),
        ack=kept.get("ack", {}),
        times=kept.get("times", 1),
    )
