"""``transload reconcile``: what a partner's acknowledgement says of the files that were sent."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from transload.adapters.base import Format, Message
from transload.adapters.base.acknowledgement import Reconciliation, Verdict
from transload.adapters.edi import EdifactFormat, X12Format
from transload.canonical.findings import Finding, errors_of
from transload.runner.cli import exits
from transload.runner.cli.files import named, read_bytes
from transload.runner.cli.guard import guarded
from transload.runner.cli.options import AsJson
from transload.runner.cli.screen import say, say_findings, say_json

_BAD = (Verdict.REJECTED, Verdict.PARTIAL)


@dataclass(frozen=True, kw_only=True)
class _Said:
    """One acknowledgement, and what it says of each file that it speaks of."""

    kind: str
    about: tuple[str, ...]
    files: tuple[tuple[str, Reconciliation], ...]
    findings: tuple[Finding, ...]

    @property
    def failed(self) -> bool:
        """Whether something is rejected, or doubtful."""
        rejected = any(made.verdict in _BAD for _, made in self.files)
        doubts = [finding for _, made in self.files for finding in (*made.findings, *made.complaints)]
        return rejected or bool(errors_of([*self.findings, *doubts]))


@guarded
def reconcile(
    acknowledgement: Annotated[
        Path, typer.Argument(metavar="ACK", help="The file with CONTRL, 997, 999 or TA1; - reads standard input.")
    ],
    sent: Annotated[list[Path], typer.Argument(metavar="SENT...", help="The files that were sent, one or more.")],
    as_json: AsJson = False,
) -> None:
    """Tell what a partner's acknowledgement says of the files that were sent, message by message.

    Reads CONTRL (syntax 3 and 4), 997, 999 and TA1. Each error that the partner reports is
    found in the file that was sent: line, byte, segment, element and value. The exit code is
    1 when a message is rejected, or the acknowledgement speaks of something that is in none
    of the files, contradicts itself, or cannot be read.

    \b
    With --json a list with an object for each acknowledgement: kind, about, files (each with
    file, verdict, messages and findings) and findings.

    \b
    Examples:
      transload reconcile 997.x12 850.x12
      transload reconcile contrl.edi sent/*.edi --json
    """
    name, content = named(acknowledgement), read_bytes(acknowledgement)
    payloads = [(named(path), read_bytes(path)) for path in sent]
    doubts: list[Finding] = []
    said: list[_Said] = []
    for format_ in (EdifactFormat(EdifactFormat.Options()), X12Format(X12Format.Options())):
        reading = format_.read(content, file=name)
        if not any(each.standard == format_.standard for each in reading.interchanges):
            continue
        doubts += errors_of(finding for finding in reading.findings if finding.code != "E-STANDARD")
        for message in reading:
            if format_.acknowledged(message) is not None:
                doubts += errors_of(message.findings)
                said.append(_said(format_, message, payloads))
    if not said:
        doubts.append(Finding(code="E-ACK-NONE", message=f"there is no acknowledgement in {name}"))
    if as_json:
        say_json([*map(_as_dict, said), *({"findings": [each.as_dict()]} for each in doubts)])
    else:
        for each in said:
            _tell(each)
        say_findings(doubts)
    if doubts or any(each.failed for each in said):
        raise typer.Exit(exits.ERRORS)


def _said(format_: Format[Any], message: Message, payloads: Sequence[tuple[str, bytes]]) -> _Said:
    nobody = format_.reconcile(message, b"")
    made = [(file, format_.reconcile(message, payload, file=file)) for file, payload in payloads]
    meant = tuple((file, each) for file, each in made if each.outcomes)
    missing = [
        finding for reference, finding in nobody.unknown.items() if all(reference in each.unknown for _, each in made)
    ]
    return _Said(
        kind=message.kind,
        about=tuple(str(reference) for reference in nobody.about),
        files=meant,
        findings=(*missing, *nobody.findings),
    )


def _as_dict(said: _Said) -> dict[str, Any]:
    return {
        "kind": said.kind,
        "about": list(said.about),
        "files": [
            {
                "file": file,
                "verdict": made.verdict.value if made.verdict else None,
                "messages": [outcome.as_dict() for outcome in made.outcomes],
                "findings": [finding.as_dict() for finding in _about(said, made)],
            }
            for file, made in said.files
        ],
        "findings": [finding.as_dict() for finding in said.findings],
    }


def _tell(said: _Said) -> None:
    say(f"{said.kind} about {', '.join(said.about) or 'nothing that is named'}", style="bold")
    say_findings(said.findings)
    for file, made in said.files:
        say(f"{file}: {made.verdict or 'open'}")
        say_findings(_about(said, made))
        for outcome in made.outcomes:
            say(f"  message {outcome.message}, {outcome.kind} {outcome.reference}: {outcome.verdict or 'open'}")
            say_findings(outcome.findings)


def _about(said: _Said, made: Reconciliation) -> Iterator[Finding]:
    """What is found about a file as a whole, without what cannot be read in the acknowledgement: that is told once."""
    yield from (finding for finding in (*made.findings, *made.complaints) if finding not in said.findings)
