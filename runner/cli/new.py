"""``transload new``: a first mapping from samples."""

import os
import re
from pathlib import Path
from typing import Annotated

import typer

from transload.canonical.errors import ConfigurationError
from transload.mappings.drafting import Drafted, Sample, draft
from transload.mappings.testing.updating import Change
from transload.runner.cli.files import read_bytes
from transload.runner.cli.given import guides_for
from transload.runner.cli.guard import guarded
from transload.runner.cli.options import AsJson
from transload.runner.cli.screen import counted, say, say_findings, say_json
from transload.runner.cli.updates import write_all


@guarded
def new(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The mapping file to write: a new one.")],
    samples: Annotated[
        list[Path], typer.Option("--from", metavar="SAMPLE", help="A sample of the message; several, for more of it.")
    ],
    document: Annotated[
        str | None,
        typer.Option("--document", metavar="NAME", help="The document, such as invoice/1; else guessed by the type."),
    ] = None,
    message: Annotated[
        str | None,
        typer.Option("--message", metavar="TYPE", help="The message that is meant, if there are several."),
    ] = None,
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="The mapping's name; else FILE's.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a first mapping from samples: EDIFACT, X12, XML, JSON, CSV or fixed width.

    Every value of the samples gets a place in it. What stands at the usual place of a
    field is bound to the field; all else stands there as in the sample, with a comment
    that begins with "open:". The mapping loads, and reads its samples as far as it goes.
    It has the samples as its first tests.

    From several samples, parts that only some of them have become optional, and lists of
    codes longer. All messages of the kind in a sample are taken.

    \b
    Examples:
      transload new acme/invoice.yaml --from samples/invoice.edi
      transload new orders.yaml --from a.json --from b.json --document order/1
      transload check orders.yaml && transload test --update orders.yaml
    """
    if file.exists():
        raise ConfigurationError(f"{file} is there already", hint="name a new file: nothing is ever overwritten")
    given = [Sample(name=_relative(sample, file), payload=read_bytes(sample)) for sample in samples]
    made = draft(
        given, name=name or _name(file), document=document, message=message, guides=guides_for(file.absolute())
    )
    write_all([Change(file=file, old=None, new=made.text, why="the first mapping")])
    _tell(file, made, as_json=as_json)


def _tell(file: Path, made: Drafted, *, as_json: bool) -> None:
    if as_json:
        left = [finding.as_dict() for finding in made.left]
        say_json({"file": str(file), "messages": made.messages, "bound": made.bound, "open": made.open, "left": left})
        return
    say(
        f"{file}: made from {counted(made.messages, 'message')}; {counted(made.bound, 'place')} bound to fields,"
        f" {counted(made.open, 'point')} open"
    )
    seen: set[tuple[str, str | None]] = set()
    for finding in made.left:
        key = finding.code, re.sub(r"\[\d+\]", "[]", finding.field or finding.message)
        if key not in seen:
            seen.add(key)
            say_findings([finding])
    say(f"now: transload check {file}")


def _name(file: Path) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", file.stem).strip("-").lower() or "first"


def _relative(sample: Path, file: Path) -> str:
    """The sample's path from the folder of the mapping."""
    return Path(os.path.relpath(sample.absolute(), file.absolute().parent)).as_posix()
