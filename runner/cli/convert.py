"""``transload convert``: one file through a mapping, without a workspace and without a ledger."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import typer

from transload.canonical import documents
from transload.canonical.context import Context
from transload.mappings import Mapping
from transload.runner.cli import exits
from transload.runner.cli.conversion import (
    Conversion,
    Read,
    default_envelope_remark,
    envelope_in,
    envelopes,
    format_of,
    new_envelope,
)
from transload.runner.cli.files import named, read_bytes
from transload.runner.cli.guard import guarded
from transload.runner.cli.naming import mapping_named
from transload.runner.cli.screen import say_bytes, say_findings, say_findings_json, say_json


@guarded
def convert(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What to convert; - reads standard input.")],
    mapping: Annotated[
        str,
        typer.Option("--map", "-m", metavar="MAPPING", help="Mapping file, or library:NAME such as library:x12/850."),
    ],
    to: Annotated[
        str | None, typer.Option("--to", metavar="MAPPING", help="Write the documents with this mapping.")
    ] = None,
    encode: Annotated[
        bool, typer.Option("--encode", help="FILE holds canonical JSON; write it with the mapping.")
    ] = False,
    envelope: Annotated[
        Path | None,
        typer.Option("--envelope", metavar="FILE", help="Take the envelope from this file, of the format written."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print findings as JSON, one a line.")] = False,
) -> None:
    """Convert one file by a mapping: to canonical documents, to another format, or back.

    The result goes to standard output, findings go to standard error. Canonical documents
    come as JSON, one a line; documents of messages with errors are left out. With --to or
    --encode nothing is written when there is any error. The exit code is then 1.

    Between mappings of the same format the envelope is kept, so a file that is converted
    with its own mapping on both sides comes out as it was, byte for byte.

    \b
    Examples:
      transload convert orders.edi --map library:edifact/orders-d96a
      transload convert orders.edi --map orders.yaml --to erp-order.yaml
      transload convert orders.jsonl --encode --map orders.yaml --envelope orders.edi
    """
    if encode and to:
        raise typer.BadParameter("--encode writes with --map already", param_hint="--to")
    if envelope and not (encode or to):
        raise typer.BadParameter("an envelope is for writing: with --to or --encode", param_hint="--envelope")
    conversion = Conversion(context=Context(now=datetime.now(UTC)))
    content, reader = read_bytes(file), mapping_named(mapping)
    if encode:
        _encode(conversion, content, reader, file, envelope)
    elif to:
        _rewrite(conversion, content, reader, mapping_named(to), file, envelope)
    else:
        for read in conversion.decode(content, reader, named(file)):
            for document in read.documents:
                say_json(documents.as_json(document), indent=None)
    if as_json:
        say_findings_json(conversion.findings, to_error=True)
    else:
        say_findings(conversion.findings, to_error=True)
    if conversion.failed:
        raise typer.Exit(exits.ERRORS)


def _encode(conversion: Conversion, content: bytes, mapping: Mapping, file: Path, envelope: Path | None) -> None:
    encoded = conversion.encode(conversion.documents(content, mapping, named(file)), mapping)
    if conversion.failed:
        return
    given = envelope_in(envelope, read_bytes(envelope), mapping) if envelope else None
    written = conversion.write(encoded, mapping, given)
    if given is None and written and new_envelope(mapping, None) is not None:
        conversion.findings.append(default_envelope_remark(mapping))
    if not conversion.failed:
        say_bytes(written)


def _rewrite(
    conversion: Conversion, content: bytes, reader: Mapping, writer: Mapping, file: Path, envelope: Path | None
) -> None:
    reads = list(conversion.decode(content, reader, named(file)))
    given = envelope_in(envelope, read_bytes(envelope), writer) if envelope else None
    written = b"".join(_written(conversion, reads, reader, writer, given))
    if not conversion.failed:
        say_bytes(written)


def _written(
    conversion: Conversion, reads: Sequence[Read], reader: Mapping, writer: Mapping, given: Any
) -> Iterator[bytes]:
    """One payload for each interchange, in the order of reading."""
    same = reader.format_type == writer.format_type
    for _, group in groupby((read for read in reads if read.documents), key=partial(_interchange, same=same)):
        members = list(group)
        kept = reader.digest == writer.digest
        encoded = [
            item
            for read in members
            for item in conversion.encode(read.documents, writer, read.residue if kept else None)
        ]
        if conversion.failed:
            return
        if given is not None:
            envelope = given
        elif same:
            envelope = envelopes(read.message.envelope for read in members)
        else:
            envelope = new_envelope(writer, members[0].message)
        if envelope is None and len(encoded) > 1 and format_of(writer).content_type == "application/json":
            yield from (conversion.write([item], writer, None) + b"\n" for item in encoded)
        else:
            yield conversion.write(encoded, writer, envelope)


def _interchange(read: Read, *, same: bool) -> object:
    """What messages that are written into one interchange have in common."""
    message = read.message
    if not same:
        return message.sender, message.receiver, message.test
    return getattr(message.envelope, "interchange", None) or id(message.envelope)
