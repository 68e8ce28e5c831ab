"""``transload test --from-document``: a masked test of a document that went through."""

import json
import re
import tempfile
from pathlib import Path
from typing import Any

from transload.adapters.base import positioned
from transload.adapters.base.format import Message
from transload.canonical import documents as canonical
from transload.canonical.errors import ConfigurationError
from transload.mappings import Mapping
from transload.mappings.source.nodes import located
from transload.mappings.testing.appending import with_case
from transload.mappings.testing.cases import Case
from transload.mappings.testing.masking import Masked, mask
from transload.mappings.testing.running import run_case
from transload.mappings.testing.samples import format_of
from transload.mappings.testing.updating import Change
from transload.mappings.views.origins import Why
from transload.runner.cli.given import Given, loaded, workspace_of
from transload.runner.cli.ledger import opened
from transload.runner.cli.screen import counted, say, say_json
from transload.runner.cli.unmasked import view
from transload.runner.cli.updates import replace_file, write_all
from transload.runner.ledger.references import Ref
from transload.runner.masking.origins import answer_without
from transload.runner.masking.veil import Veil
from transload.runner.workspace import load_mask

_SUFFIXES = {"edifact": ".edi", "x12": ".edi", "xml": ".xml", "soap": ".xml", "json": ".json", "csv": ".csv"}


def make_test(reference: str, place: Path, environment: str | None, *, as_json: bool) -> None:
    """Write a masked test of the document that ``reference`` names, and tell what was masked.

    ``place`` is the workspace's folder, or a file in it.  Raises `ConfigurationError` when the document is not
    there, gave nothing, or cannot be masked faithfully.
    """
    workspace = place if place.is_dir() else workspace_of(place)
    if workspace is None:
        raise ConfigurationError(f"{place} lies in no workspace", hint="name the workspace's folder")
    row, payload = document_payload(reference, workspace, environment)
    mapping, file = mapping_called(str(row["mapping"]), workspace)
    message = _message(mapping, payload, int(row["message"]), reference)
    fields = load_mask(workspace, environment=environment)
    document = str(row["document"])
    masked = mask(mapping, message, also=lambda field: fields.cover(document, field))
    stem = _stem(file, str(row["ref"]))
    wire = file.parent / "samples" / f"{stem}{_SUFFIXES.get(mapping.format_type, '.txt')}"
    expected = wire.with_name(f"{stem}.expected.json")
    documents = [canonical.as_json(document) for document in masked.documents]
    text = json.dumps(documents[0] if len(documents) == 1 else documents, ensure_ascii=False, indent=2) + "\n"
    name = f"{mapping.kind or mapping.format_type} {row['ref']}, masked"
    case = f"{{name: {json.dumps(name)}, wire: samples/{wire.name}, canonical: samples/{expected.name}}}"
    _prove(mapping, masked, text, case, wire.name, expected.name)
    old = file.read_text(encoding="utf-8")
    changed = with_case(old, file, case)
    wire.parent.mkdir(exist_ok=True)
    replace_file(wire, masked.wire)
    write_all(
        [
            Change(file=expected, old=None, new=text, why="the document"),
            Change(file=file, old=old, new=changed, why="the test"),
        ]
    )
    _tell(file, wire, expected, masked, as_json=as_json)


def document_payload(reference: str, workspace: Path, environment: str | None) -> tuple[dict[str, Any], bytes]:
    """The ledger's row of a document, its receipt under ``receipt``, and the payload that it came in."""
    with opened(workspace, environment) as ledger:
        refs = [ref for ref in ledger.queries.find(reference) if ref.kind == "document"]
        if len(refs) != 1:
            names = ", ".join(map(str, refs)) or "none"
            raise ConfigurationError(f"{reference!r} names no single document", hint=f"documents of that name: {names}")
        journey = ledger.queries.journey(refs[0])
        row = {**journey["documents"][0], "receipt": journey["receipt"]}
        if not row["mapping"] or not row["document"]:
            raise ConfigurationError(f"{row['ref']} gave no document: {row['state']}", hint="see: transload show")
        return row, ledger.queries.payload(Ref("receipt", int(row["receipt_id"])))


def answer_of(
    answer: Why,
    row: dict[str, Any],
    unpacked: dict[str, str],
    where: tuple[Path, str | None],
    *,
    unmasked: bool,
    reason: str | None,
) -> tuple[Why, dict[str, str]]:
    """An answer about a document, and where that was ``unpacked`` from, as they may be told.

    They are without masked values, or noted as told with them.
    """
    ref = Ref("document", int(row["id"]))
    with opened(*where) as ledger:
        fields = load_mask(where[0], environment=where[1])
        veil = view(ledger, "why", fields, unmasked=unmasked, reason=reason).veil([ref])
        values = veil.values([ref])
        return answer_without(answer, veil, values, str(row["document"])), veil.shown(unpacked, values)


def veiled(error: ConfigurationError, workspace: Path, environment: str | None) -> ConfigurationError:
    """An error about a payload of the ledger, without masked values."""
    veil = Veil(load_mask(workspace, environment=environment))
    return ConfigurationError(error.message, findings=veil.findings(error.findings))


def mapping_called(name: str, workspace: Path) -> tuple[Mapping, Path]:
    """The mapping called ``name`` as it is now, and its file."""
    for file in Given.of([workspace]).mappings:
        try:
            mapping = loaded(file)
        except ConfigurationError:
            continue
        if mapping.name == name:
            return mapping, file
    raise ConfigurationError(f"the workspace has no mapping {name!r} any more", hint="see: transload check")


def _message(mapping: Mapping, payload: bytes, number: int, reference: str) -> Message:
    for position, message in enumerate(format_of(mapping).read(payload, file=reference), 1):
        if position == number:
            return message
    raise ConfigurationError(f"the payload of {reference} has no message {number} by the mapping's format")


def _stem(file: Path, ref: str) -> str:
    stem = re.sub(r"[^a-z0-9]+", "-", f"{file.stem}-{ref}-masked".lower())
    number = 1
    while any((file.parent / "samples").glob(f"{stem}{f'-{number}' if number > 1 else ''}.*")):
        number += 1
    return f"{stem}-{number}" if number > 1 else stem


def _prove(mapping: Mapping, masked: Masked, text: str, case: str, wire: str, expected: str) -> None:
    """Run the test before anything is written.  Raises `ConfigurationError` when it does not pass."""
    with tempfile.TemporaryDirectory() as folder:
        samples = Path(folder) / "samples"
        samples.mkdir()
        (samples / wire).write_bytes(masked.wire)
        (samples / expected).write_text(text, encoding="utf-8")
        file = Path(folder) / "case.yaml"
        file.write_text(case, encoding="utf-8")
        source = located(positioned.load(file), str(mapping.file))
        result = run_case(mapping, Case(source=source, folder=Path(folder), file=mapping.file))
    if not result.ok:
        raise ConfigurationError("no masked test is made: it does not pass", findings=result.findings)


def _tell(file: Path, wire: Path, expected: Path, masked: Masked, *, as_json: bool) -> None:
    if as_json:
        say_json(
            {
                "mapping": str(file),
                "wire": str(wire),
                "canonical": str(expected),
                "masked": masked.fields,
                "kept": list(masked.kept),
            }
        )
        return
    say(f"{wire} and {expected}, and a test in {file}, which passes")
    for name, count in masked.fields.items():
        say(f"  masked  {name}: {counted(count, 'value')}")
    for name in masked.kept:
        say(f"  kept    {name}: match: asks for it")
    if masked.rewritten:
        say("  the message is written anew: what the mapping does not read is not in it")
    say("codes, dates, quantities and counts are what they were: look at the files before you pass them on")
