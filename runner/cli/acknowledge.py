"""``transload acknowledge``: the acknowledgements that an EDI file calls for, made by hand."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from transload.adapters.base import Adapter, Context, Format
from transload.adapters.base.format import Acknowledgement
from transload.adapters.edi import EDIFACT, X12
from transload.adapters.edi.acknowledge.received import called_for
from transload.adapters.edi.reading.messages import EdiReading
from transload.canonical.errors import TransloadError
from transload.canonical.findings import Finding
from transload.runner.cli import exits
from transload.runner.cli.files import named, read_bytes
from transload.runner.cli.guard import guarded
from transload.runner.cli.screen import counted, say, say_bytes


class Kind(StrEnum):
    """The kinds of acknowledgements."""

    CONTRL = "contrl"
    FUNCTIONAL = "997"
    IMPLEMENTATION = "999"
    TA1 = "ta1"


class Sets(StrEnum):
    """Which sets a 997 or 999 names."""

    ALL = "all"
    ERRORS = "errors"


class Scope(StrEnum):
    """What one wrong message rejects."""

    MESSAGE = "message"
    GROUP = "group"
    INTERCHANGE = "interchange"


class _From:
    """Control numbers from a first one on, in every series."""

    def __init__(self, first: int) -> None:
        self._first = first
        self._given: dict[str, int] = {}

    def next(self, series: str) -> int:
        """The next number of ``series``."""
        self._given[series] = number = self._given.get(series, self._first - 1) + 1
        return number


@guarded
def acknowledge(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What was received; - reads standard input.")],
    kind: Annotated[
        list[Kind] | None,
        typer.Option(
            "--kind", "-k", help="What to answer with; repeat it for more. By default what the file calls for."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write to this file, not to standard output.")
    ] = None,
    sets: Annotated[Sets, typer.Option("--sets", help="997 and 999: name all sets, or those with errors.")] = Sets.ALL,
    reject: Annotated[Scope, typer.Option("--reject", help="What one wrong message rejects.")] = Scope.MESSAGE,
    receipt_only: Annotated[
        bool, typer.Option("--receipt-only", help="CONTRL: say only that the interchange has arrived.")
    ] = False,
    number: Annotated[int, typer.Option("--number", min=1, help="The first control number of the answers.")] = 1,
) -> None:
    """Make the acknowledgements that an EDI file calls for, each an interchange back to its sender.

    Needs no workspace. An EDIFACT interchange is answered with a CONTRL of its syntax
    version. An X12 interchange is answered with a 999 where a group was written by an
    implementation guide of 005010 or later, else with a 997, and with a TA1 where ISA14
    asks for one or the envelope is wrong. Acknowledgements themselves are not answered.
    The exit code is 1 when something is rejected.

    \b
    Examples:
      transload acknowledge orders.edi
      transload acknowledge 850.x12 --kind 997 --kind ta1 --out answer.x12
      transload acknowledge 837.x12 --sets errors --number 4711
    """
    content = read_bytes(file)
    options = {
        "reject": reject.value,
        "acknowledgement": {"sets": sets.value, "receipt_only": receipt_only},
    }
    context = Context(now=datetime.now(UTC), numbers=_From(number))
    wanted = tuple(dict.fromkeys(each.value for each in kind)) if kind else None
    made = [
        each
        for adapter in (EDIFACT, X12)
        for each in _made(partial(_format, adapter), options, content, named(file), wanted, context)
    ]
    written = b"".join(each.content for each in made)
    if out is None:
        say_bytes(written)
    elif made:
        _write(out, written)
    for each in made:
        verdict = "accepted" if each.accepted else "rejected, at least in part"
        say(f"{each.kind.upper()} of {each.reference}: {verdict}", to_error=True)
    if not made:
        say(f"{named(file)} calls for no acknowledgement", to_error=True)
    rejected = sum(not each.accepted for each in made)
    if rejected:
        say(f"{counted(len(made), 'acknowledgement')}, {rejected} with rejections", to_error=True)
        raise typer.Exit(exits.ERRORS)


def _format(adapter: Adapter, options: Mapping[str, Any]) -> Format[Any]:
    assert adapter.format is not None
    return adapter.format(adapter.format.Options.model_validate(dict(options)))


def _made(
    with_options: Callable[[Mapping[str, Any]], Format[Any]],
    options: Mapping[str, Any],
    content: bytes,
    file: str,
    wanted: tuple[str, ...] | None,
    context: Context,
) -> Iterator[Acknowledgement]:
    """What one of the two formats makes of the interchanges of its own standard."""
    plain = with_options(options)
    reading = plain.read(content, file=file)
    assert isinstance(reading, EdiReading)
    own = [each for each in reading.interchanges if each.standard == reading.standard and each.header is not None]
    if not own:
        return
    kinds = [each for each in wanted if each in plain.acknowledgements] if wanted else called_for(own)
    for kind in kinds:
        chosen = plain
        if wanted is None and kind == "ta1":  # one interchange asks for it, others of the file may not
            policy = {**options["acknowledgement"], "positive": "requested"}
            chosen = with_options({**options, "acknowledgement": policy})
        yield from chosen.acknowledge(content, kind=kind, context=context, file=file)


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror}"
        raise TransloadError(message, findings=[Finding(code="E-FILE", message=message)]) from error
