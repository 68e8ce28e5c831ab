"""``transload sample``: messages made for a mapping, valid ones and faulty ones."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from transload.canonical.errors import TransloadError
from transload.canonical.findings import Finding
from transload.mappings import Mapping
from transload.mappings.views.samples import Generated, generated
from transload.runner.cli import exits
from transload.runner.cli.given import guides_for
from transload.runner.cli.guard import guarded
from transload.runner.cli.naming import mapping_named
from transload.runner.cli.options import AsJson
from transload.runner.cli.screen import counted, say, say_bytes, say_findings, say_json

_SUFFIXES = {"edifact": ".edi", "x12": ".edi", "xml": ".xml", "soap": ".xml", "json": ".json", "csv": ".csv"}


@guarded
def sample(
    mapping: Annotated[str, typer.Argument(metavar="MAPPING", help="A mapping file, or library:NAME.")],
    into: Annotated[
        Path | None, typer.Option("--into", metavar="FOLDER", help="Write all messages there, with index.json.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make messages for a mapping: minimal, maximal, with values at their borders, and faulty ones.

    Every message was read before it is given: a valid one gives its document back. A faulty one has one fault:
    a value that is no number or date, a code that is in no table, a value that is too long, missing, or not the
    one at another place, a wrong sum or count, a segment too often, something unknown. The mapping foretells
    the one finding that it must give; index.json names it, and what the message's guide says besides. A fault that
    gives anything else is E-SAMPLE.
    Without --into the maximal message is printed.
    The same mapping gives the same messages. Values are made up: nothing comes from a partner.

    \b
    Examples:
      transload sample library:edifact/orders-d96a
      transload sample orders.yaml --into samples
      transload sample orders.yaml --json | jq '.[].what'
    """
    found = mapping_named(mapping)
    tried = list(generated(found, guides_for(found.file)))
    made = [one for one in tried if not one.unmet]
    if not made:
        text = f"no document that was made for {found.name} can be written and read again"
        hint = "see what transload check says"
        raise TransloadError(text, hint=hint, findings=[Finding(code="E-EMPTY", message=text, hint=hint)])
    if into is not None:
        _write(made, found, into)
    if as_json:
        say_json(_index(made, found))
    elif into is None:
        best = next((one for one in made if one.name == "maximal"), made[0])
        say_bytes(best.payload)
    else:
        faults = sum(one.document is None for one in made)
        say(f"{into}: {counted(len(made) - faults, 'valid message')}, {counted(faults, 'faulty one')}, index.json")
    unmet = [one.complaint() for one in tried if one.unmet]
    say_findings(unmet, to_error=True)
    if unmet:
        raise typer.Exit(exits.ERRORS)


def _file(one: Generated, mapping: Mapping) -> str:
    return f"{one.name}{_SUFFIXES.get(mapping.format_type, '.txt')}"


def _index(made: list[Generated], mapping: Mapping) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for one in made:
        told: dict[str, Any] = {"file": _file(one, mapping), "what": one.what, "document": one.document}
        if one.fault is not None:
            fault = one.fault
            told["expected"] = {"code": fault.code, "field": fault.field or None, "place": fault.place or None}
        told["findings"] = [finding.as_dict() for finding in one.findings]
        told["guide"] = [finding.as_dict() for finding in one.guide]
        found.append(told)
    return found


def _write(made: list[Generated], mapping: Mapping, folder: Path) -> None:
    """All messages and the index; nothing where one of the files is there already."""
    names = [*(_file(one, mapping) for one in made), "index.json"]
    there = next((folder / name for name in names if (folder / name).exists()), None)
    if there is not None:
        text, hint = f"{there} is there already", "name a new folder: nothing is ever overwritten"
        raise TransloadError(text, hint=hint, findings=[Finding(code="E-FILE", message=text, hint=hint)])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for one in made:
            (folder / _file(one, mapping)).write_bytes(one.payload)
        text = json.dumps(_index(made, mapping), indent=2, ensure_ascii=False)
        (folder / "index.json").write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        text = f"{folder} cannot be written: {error.strerror}"
        raise TransloadError(text, findings=[Finding(code="E-FILE", message=text)]) from None
