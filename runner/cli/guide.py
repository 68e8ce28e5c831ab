"""``transload guide``: message guides of the user's own, made of what standard bodies publish."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from transload.adapters.base.positioned import Entries, load
from transload.adapters.edi.guides.importing.sources import Found, read_source
from transload.adapters.edi.guides.importing.writing import Written, write_release
from transload.adapters.edi.guides.lookup import HERE
from transload.canonical.errors import ConfigurationError, TransloadError
from transload.canonical.findings import Finding, errors_of
from transload.runner.cli import exits
from transload.runner.cli.files import write_text
from transload.runner.cli.guard import guarded
from transload.runner.cli.options import AsJson
from transload.runner.cli.screen import counted, say, say_bytes, say_findings, say_findings_json, say_json, say_table
from transload.runner.filenames import FILE

guide = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="""Message guides of your own, for validating and mapping, and guidelines for partners made of mappings.

    \b
    Examples:
      transload guide import d96a.zip
      transload guide page orders.yaml -o orders.html
    """,
)


@guide.command("page")
@guarded
def guide_page(
    mapping: Annotated[str, typer.Argument(metavar="MAPPING", help="A mapping file, or library:NAME.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write it; else standard output.")
    ] = None,
) -> None:
    """Write what a mapping reads and writes as one HTML page, for the partner's engineer.

    The page shows the structure with formats, our fields, codes, examples from the
    mapping's own sample, that sample with the fields that stand in each line, what is answered on errors and what is
    not carried. It needs no other file and no network, and can be printed.

    \b
    Examples:
      transload guide page orders.yaml -o orders.html
      transload guide page library:x12/850-004010 > 850.html
    """
    from transload.mappings.views.page import guideline  # here: importing guides needs no mappings
    from transload.runner.cli.naming import mapping_named

    text = guideline(mapping_named(mapping))
    if output is None:
        say_bytes(text.encode())
        return
    write_text(output, text)
    say(f"{output}: written")


@guide.command("import")
@guarded
def import_guides(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE",
            help="A release as the UN packs it (a zip, its folder, one file), pyx12, a folder of its maps, or an .xsd.",
        ),
    ],
    into: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of guides; else guides/ of the workspace that this folder is."),
    ] = None,
    message: Annotated[
        list[str] | None, typer.Option(metavar="TYPE", help="Only this message; may be given several times.")
    ] = None,
    version: Annotated[
        str, typer.Option(metavar="VERSION", help="The version, where a schema does not say it: 004010, D:96A:UN.")
    ] = "",
    element: Annotated[
        str, typer.Option(metavar="NAME", help="The element of a schema that is the message, where several may be.")
    ] = "",
    only_list: Annotated[bool, typer.Option("--list", help="Show what the source holds, and write nothing.")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Write over files that hold something else.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make guides of what others publish about messages, so that these can be validated and mapped.

    SOURCE is what unece.org offers for download under UNTDID, D.90 to today: messages, segments,
    elements and code lists become files in DIR/edifact/VERSION, as you would write them;
    descriptions are left out. They are yours: keep them, and the UN's texts, out of what you publish.

    SOURCE may be pyx12, where that is installed: its maps of the HIPAA sets (4010 and 5010) become
    files in DIR/x12/VERSION; or pyx12/FILE for one of its map files, or a folder of such maps.

    SOURCE may be an XML Schema that describes an EDI message as XML, as those of BizTalk do. It goes
    as far as the schema: what it does not say, or a guide cannot, is reported.

    \b
    Examples:
      transload guide import d96a.zip
      transload guide import d01b.zip --message ORDERS --message INVOIC
      transload guide import d01b.zip --list
      transload guide import d01b/ --into shop/guides --replace
      transload guide import pyx12 --message 837 --into shop/guides
      transload guide import X12_00401_850.xsd --into shop/guides
    """
    folder = None if only_list else _folder(into)
    with _progress(hidden=as_json) as progress:
        releases, findings = read_source(
            source,
            wanted=message or (),
            version=version,
            element=element,
            held=lambda version: _held(folder, version),
            progress=progress,
        )
    if folder is None:
        _tell(releases, as_json=as_json)
    else:
        today = datetime.now(UTC).astimezone().date()
        written = [write_release(found.release, folder, day=today, replace=replace) for found in releases]
        _tell_written(folder, releases, written, as_json=as_json)
    (say_findings_json if as_json else say_findings)(findings, to_error=True)
    if errors_of(findings):
        raise typer.Exit(exits.ERRORS)


def _folder(into: Path | None) -> Path:
    """Where guides are written; never among those that come with the library."""
    if into is None:
        if not Path(FILE).is_file():
            raise typer.BadParameter(f"this folder is no workspace (it has no {FILE}): name one", param_hint="--into")
        into = Path("guides")
    if into.resolve().is_relative_to(HERE.resolve()):
        text = f"{into} belongs to transload itself"
        hint = "name a folder of your own"
        raise TransloadError(text, hint=hint, findings=[Finding(code="E-FILE", message=text, hint=hint)])
    return into


def _held(folder: Path | None, version: str) -> Collection[str] | None:
    """The tags of the segments that the folder of a version declares already."""
    path = folder / "edifact" / version / "segments.yaml" if folder else None
    if path is None or not path.is_file():
        return None
    root = load(path)
    segments = root.get("segments") if isinstance(root, Entries) else None
    if not isinstance(segments, Entries):
        raise ConfigurationError(f"{path} declares no segments", hint="import the whole release again with --replace")
    return {key.text for key, _ in segments}


@contextmanager
def _progress(*, hidden: bool) -> Iterator[Callable[[int, int], None]]:
    """What is called with how much is done, and how much there is; a bar where people look on."""
    console = Console(stderr=True)
    with Progress(
        TextColumn("reading"),
        BarColumn(),
        MofNCompleteColumn(),
        console=console,
        transient=True,
        disable=hidden or not console.is_terminal,
    ) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _tell(releases: Sequence[Found], *, as_json: bool) -> None:
    """What a source holds."""
    if as_json:
        say_json([{**_summary(found), "messages": _listed(found)} for found in releases])
        return
    for found in releases:
        rows = [
            [row["message"], row["version"], str(row["segments"]), str(row["groups"]), row["name"]]
            for row in _listed(found)
        ]
        if rows:
            say_table(["MESSAGE", "VERSION", "SEGMENTS", "GROUPS", "NAME"], rows)
        say(f"{found.version}: {_counts(found)}")


def _listed(found: Found) -> list[dict[str, Any]]:
    return [asdict(row) for row in found.listed]


def _tell_written(folder: Path, releases: Sequence[Found], written: Sequence[Written], *, as_json: bool) -> None:
    if as_json:
        say_json(
            {
                "into": str(folder),
                "releases": [
                    {
                        **_summary(found),
                        "messages": [message.message for message in found.release.messages],
                        "new": [str(path) for path in files.new],
                        "replaced": [str(path) for path in files.replaced],
                        "unchanged": [str(path) for path in files.unchanged],
                    }
                    for found, files in zip(releases, written, strict=True)
                ],
            }
        )
        return
    for found, files in zip(releases, written, strict=True):
        parts = [
            f"{counted(len(paths), 'file')} {what}"
            for paths, what in ((files.new, "new"), (files.replaced, "replaced"), (files.unchanged, "unchanged"))
            if paths
        ]
        if parts:
            say(f"{found.version}: {_counts(found)}")
            say(f"{folder / found.release.standard / found.release.folder}: {', '.join(parts)}")


def _summary(found: Found) -> dict[str, Any]:
    return {
        "version": found.version,
        "folder": f"{found.release.standard}/{found.release.folder}",
        "counts": {name.replace(" ", "_"): count for name, count in found.counts.items()},
    }


def _counts(found: Found) -> str:
    return ", ".join(
        counted(count, name.removesuffix("s"), name)
        for name, count in found.counts.items()
        if count or name == "messages"
    )
