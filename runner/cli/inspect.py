"""``transload inspect``: what is in an EDI file, and what is wrong with it."""

from pathlib import Path
from typing import Annotated

import typer

from transload.adapters.edi.view import inspect as view_of
from transload.canonical.findings import Severity
from transload.runner.cli import exits
from transload.runner.cli.files import named, read_bytes
from transload.runner.cli.guard import guarded
from transload.runner.cli.options import AsJson
from transload.runner.cli.screen import counted, say, say_json
from transload.runner.cli.tree import all_findings, draw


@guarded
def inspect(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An EDIFACT or X12 file; - reads standard input.")],
    as_json: AsJson = False,
) -> None:
    """Show what is in an EDI file: interchanges, messages, segments, and everything that is wrong.

    Needs no mapping and no workspace. Envelopes are checked, and messages too where a
    guide for them is known. Segments are shown with the standard's usual separators,
    whatever the file uses. The exit code is 1 when there are errors.

    \b
    With --json the same as one JSON object: interchanges with standard, sender,
    receiver, reference, groups, messages and findings. A segment is a list of its
    tag and elements; an element is a text, or a list of its components, or
    {"repeat": [...]}.

    \b
    Examples:
      transload inspect orders.edi
      transload inspect orders.edi --json | jq '.interchanges[].messages[].type'
      curl -s https://example.com/850.x12 | transload inspect -
    """
    view = view_of(read_bytes(file), named(file))
    findings = all_findings(view)
    if as_json:
        say_json(view)
    else:
        for text, style in draw(view):
            say(text, style=style)
        errors = sum(finding["severity"] == Severity.ERROR for finding in findings)
        say(f"{named(file)}: {counted(len(view['interchanges']), 'interchange')}, {counted(errors, 'error')}")
    if any(finding["severity"] == Severity.ERROR for finding in findings):
        raise typer.Exit(exits.ERRORS)
