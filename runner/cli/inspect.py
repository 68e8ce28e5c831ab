"""``transload inspect``: what is in an EDI file, and what is wrong with it."""

import re
import sys
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer

from transload.adapters.edi.faults import DEVIATIONS
from transload.adapters.edi.reading.messages import Checking, EdiReading
from transload.adapters.edi.reading.scan import scan
from transload.canonical.errors import TransloadError
from transload.canonical.findings import Finding
from transload.runner.cli import exits
from transload.runner.cli.files import named, opened
from transload.runner.cli.guard import guarded
from transload.runner.cli.options import AsJson
from transload.runner.cli.screen import counted
from transload.runner.cli.xray import paper
from transload.runner.cli.xray.drawing import Drawing, Wish
from transload.runner.cli.xray.opening import opening
from transload.runner.cli.xray.progress import Bar, Watched

_MESSAGE = re.compile(r"(?:(?P<interchange>[1-9]\d*)\.)?(?P<message>[1-9]\d*)", re.ASCII)


def _message(text: str | None) -> str | None:
    if text is not None and not _MESSAGE.fullmatch(text):
        raise typer.BadParameter(f"{text!r} is no number of a message; write 3, or 2.3 for interchange 2, message 3")
    return text


def _limit(text: str | None) -> str | None:
    if text is not None and not (text.isascii() and text.isdigit()):
        raise typer.BadParameter(f"{text!r} is no number of segments")
    return text


def _folders(names: list[str]) -> list[str]:
    for name in names:
        if not Path(name).is_dir():
            raise typer.BadParameter(f"there is no folder {name!r}")
    return names


def _lenient(names: list[str]) -> list[str]:
    for name in names:
        if name not in DEVIATIONS:
            close = get_close_matches(name, DEVIATIONS, n=1)
            instead = f"did you mean {close[0]}?" if close else f"there are: {', '.join(sorted(DEVIATIONS))}"
            raise typer.BadParameter(f"there is no deviation {name!r}; {instead}")
    return names


@guarded
def inspect(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A file of any EDI standard we read; - reads standard input.")
    ],
    message: Annotated[
        str | None,
        typer.Option("--message", "-m", metavar="[I.]N", callback=_message, help="Only message N (of interchange I)."),
    ] = None,
    errors: Annotated[
        bool, typer.Option("--errors", help="Only segments with errors or warnings, and two around each.")
    ] = False,
    elements: Annotated[
        bool, typer.Option("--elements", help="Also each element and component on a line of its own.")
    ] = False,
    limit: Annotated[
        str | None,
        typer.Option("--limit", metavar="N", callback=_limit, help="At most N segments of each message."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All segments, however many there are.")] = False,
    guides: Annotated[
        list[str],
        typer.Option(
            "--guides",
            metavar="DIR",
            callback=_folders,
            help="Look for guides here first; may be given several times.",
        ),
    ] = [],  # noqa: B006 - typer makes a new list of it
    lenient: Annotated[
        list[str],
        typer.Option(
            "--lenient",
            metavar="NAME",
            callback=_lenient,
            help="Take a deviation as a remark, as lenient: under format does; may be given several times.",
        ),
    ] = [],  # noqa: B006
    as_json: AsJson = False,
) -> None:
    """Show what is in an EDI file as it stands, and everything that is wrong, at its place.

    Needs no mapping and no workspace. Envelopes are checked, and messages too where a
    guide for them is known. Left of each segment stand its position in the message and
    its line; line ends, control characters and bytes that are no characters are made
    visible. The exit code is 1 when there are errors.

    Of a large file the first 1,000 segments are shown, and of the rest what has errors
    or warnings; a segment that errors or warnings speak of is always shown.

    \b
    With --json the file as one JSON object: interchanges with standard, sender,
    receiver, reference, groups, messages and findings. A segment is a list of its
    tag and elements; an element is a text, or a list of its components, or
    {"repeat": [...]}.

    \b
    Examples:
      transload inspect orders.edi
      transload inspect orders.edi --errors
      transload inspect orders.edi --message 3 --elements
      transload inspect orders.edi --json | jq '.interchanges[].messages[].type'
      curl -s https://example.com/850.x12 | transload inspect -
    """
    if as_json and (message or errors or elements or everything or limit is not None):
        raise typer.BadParameter("--json gives the whole file; it goes with --guides and --lenient only")
    wish = Wish(
        message=_numbers(message),
        errors=errors,
        elements=elements,
        limit=int(limit) if limit else None,
        everything=everything,
    )
    path = Path(file)
    with opened(path) as content:
        bar = Bar(len(content))
        watched = Watched(content, bar) if sys.stderr.isatty() else content
        reading = EdiReading(
            scan(watched, file=named(path), lenient=lenient), None, Checking(folders=tuple(map(Path, guides)))
        )
        if as_json:
            from transload.runner.cli.xray.streamed import Streamed

            streamed = Streamed(reading)
            for piece in bar.around(streamed.pieces()):
                sys.stdout.write(piece)
            found = streamed.errors
        else:
            found = _draw(reading, wish, named(path), bar)
    if found:
        raise typer.Exit(exits.ERRORS)


def _draw(reading: EdiReading, wish: Wish, name: str, bar: Bar) -> int:
    """Write what people see, and give the number of errors."""
    sheet = paper.sheet()
    drawing = Drawing(reading, sheet, wish)
    paper.put(bar.around(opening(name, reading, sheet)))
    paper.put(bar.around(drawing.lines()))
    if wish.message and not drawing.tally.types:
        raise _no_message(wish.message, reading)
    paper.put(drawing.tally.lines(sheet.glyphs.text(name), sheet.width))
    return drawing.tally.errors


def _numbers(message: str | None) -> tuple[int | None, int] | None:
    found = _MESSAGE.fullmatch(message) if message else None
    if found is None:
        return None
    return int(found["interchange"]) if found["interchange"] else None, int(found["message"])


def _no_message(wanted: tuple[int | None, int], reading: EdiReading) -> TransloadError:
    counts = [len(interchange.frames) for interchange in reading.interchanges]
    has = counted(sum(counts), "message")
    if len(counts) > 1:
        has += f" in {counted(len(counts), 'interchange')}"
    number = ".".join(str(each) for each in wanted if each is not None)
    text = f"there is no message {number}; the file has {has}"
    return TransloadError(text, findings=[Finding(code="E-MESSAGE", message=text)])
