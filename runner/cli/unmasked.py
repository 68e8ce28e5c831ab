"""Views of the ledger: masked by default, real for who says why, which is an event before anything is shown."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import typer

from transload.canonical.errors import ConfigurationError
from transload.runner.cli.ledger import user
from transload.runner.ledger import Ledger
from transload.runner.ledger.references import Ref, parse_ref
from transload.runner.ledger.repeating import Who
from transload.runner.masking.fields import Fields
from transload.runner.masking.veil import Veil
from transload.runner.workspace import Workspace


class Refused(ConfigurationError):
    """What is asked for cannot be shown with its masked fields in it."""

    code = "E-MASKED"


@dataclass(frozen=True, kw_only=True)
class View:
    """How a command tells what is in ``ledger``: through `veil`, or without when ``unmasked`` was said."""

    ledger: Ledger
    fields: Fields
    command: str
    unmasked: bool = False
    reason: str | None = None

    def veil(self, refs: Iterable[Ref], what: str = "") -> Veil:
        """What goes before all that is told of ``refs``, or ``what`` of them; shown unmasked, that is noted here."""
        if not self.unmasked or not self.fields:
            return Veil(self.fields, self.ledger)
        who = Who(by=user(), reason=self.reason)
        command = f"{self.command}: {what}" if what else self.command
        self.ledger.looks.note(command, list(dict.fromkeys(refs)), datetime.now(UTC), who=who)
        return Veil()

    def rows(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Rows of a list, each without the masked values of what it is about; unmasked, they are one event."""
        refs = [ref for row in rows if (ref := parse_ref(row["ref"])) is not None]
        veil = self.veil(refs)
        values, owners = veil.values(refs), veil.owners(refs)
        told = [(row, parse_ref(row["ref"])) for row in rows]
        return [veil.shown(row, values.about(owners[ref]) if ref in owners else values) for row, ref in told]

    def whole(self, ref: Ref, what: str) -> None:
        """See that bytes may be shown in which masked fields cannot be told from others, and note that they are.

        Raises `Refused` where fields of it are masked, unless ``unmasked`` was said.
        """
        if self.veil([ref], what).fields_of([ref]):
            way = "--unmasked --reason TEXT shows them" if self.fields.may_be_shown else "mask: says unmasked: never"
            raise Refused(f"{what} of {ref} may hold values of masked fields", hint=way)


def view(ledger: Ledger, command: str, fields: Fields, *, unmasked: bool, reason: str | None) -> View:
    """How ``command`` tells what is in ``ledger``; ``fields`` are the workspace's masked ones.

    Raises `typer.BadParameter` where a reason is missing, `Refused` where the real values are never shown.
    """
    why = (reason or "").strip()
    if unmasked and not why:
        raise typer.BadParameter("say why, for the record", param_hint="--reason")
    if unmasked and fields and not fields.may_be_shown:
        hint = "mask: of transload.yaml says unmasked: never"
        raise Refused("real values of masked fields are never shown", hint=hint)
    return View(ledger=ledger, fields=fields, command=command, unmasked=unmasked, reason=why or None)


def uncovered(workspace: Workspace, veil: Veil) -> Workspace:
    """``workspace`` as ``veil`` has it: with its masked fields, or without any."""
    return workspace if workspace.mask == veil.fields else replace(workspace, mask=veil.fields)
