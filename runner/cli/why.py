"""``transload why``: where the values of a document come from."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from transload.adapters.base.format import Message
from transload.canonical.errors import ConfigurationError
from transload.canonical.findings import Finding, Severity
from transload.mappings import Mapping
from transload.mappings.views.lineage import lineage
from transload.mappings.views.origins import Origin, Why
from transload.mappings.views.origins import why as find_why
from transload.mappings.views.paths import parse_names, parse_path
from transload.runner.cli.conversion import format_of
from transload.runner.cli.files import named, read_bytes
from transload.runner.cli.given import Given, loaded, workspace_of
from transload.runner.cli.guard import guarded
from transload.runner.cli.naming import mapping_named
from transload.runner.cli.options import HERE, AsJson, Environment, Reason, Unmasked, WorkspaceFolder
from transload.runner.cli.screen import say, say_findings, say_json, say_table
from transload.runner.filenames import FILE

_UNPACKED = ("ref", "origin", "unpacked_from", "filters")


@guarded
def why(
    what: Annotated[
        str,
        typer.Argument(
            metavar="FILE|ID|MAPPING",
            help="A partner's file; a processed document: d1, or its own number; or a mapping alone.",
        ),
    ],
    field: Annotated[
        str, typer.Argument(metavar="[FIELD]", help="/lines/2/quantity or lines[2].quantity; items count from 0.")
    ] = "",
    mapping: Annotated[
        str | None,
        typer.Option("--map", "-m", metavar="MAPPING", help="Mapping file, or library:NAME; else the workspace's."),
    ] = None,
    message: Annotated[int, typer.Option("--message", metavar="N", min=1, help="Message N of the file.")] = 1,
    document: Annotated[
        int, typer.Option("--document", metavar="N", min=1, help="Document N of the message, where it holds several.")
    ] = 1,
    everything: Annotated[bool, typer.Option("--all", help="A table of all values.")] = False,
    unmasked: Unmasked = False,
    reason: Reason = None,
    workspace: WorkspaceFolder = HERE,
    environment: Environment = None,
    as_json: AsJson = False,
) -> None:
    """Show where a value comes from: place and bytes, what stands there, rule, line of the mapping.

    FILE is read by --map, or by the mapping of the workspace that it lies in (or of --workspace) that is for the
    message. An ID names a document in the ledger, which is read from the payload that it
    came in, by its mapping as it is now. Where filters have unpacked that payload, places
    are in what they made of it, and it is said from which receipt. A MAPPING alone (a YAML
    file, or library:NAME) tells without any message from which places it reads and writes
    FIELD, or all fields.

    FIELD may be a list, an item or an object: then all values in it are shown. For a field without
    an origin the reason is told.

    \b
    Examples:
      transload why orders.edi /lines/2/quantity --map library:edifact/orders-d96a
      transload why orders.edi lines[0] --map orders.yaml --json
      transload why PO-1001 buyer.name
      transload why d12 --all
      transload why mappings/acme/orders.yaml lines.quantity
    """
    if field and everything:
        raise typer.BadParameter("it shows all fields; leave FIELD out", param_hint="--all")
    if mapping is None and _is_mapping(what):
        _static(what, field, as_json=as_json)
        return
    if not field and not everything:
        raise typer.BadParameter("which field? name one, or give --all", param_hint="FIELD")
    path = parse_path(field)
    unpacked: dict[str, str] = {}
    row: dict[str, Any] | None = None
    if Path(what).is_file() or what == "-" or mapping is not None:
        payload = read_bytes(Path(what))
        reader, found = _of_file(Path(what), payload, mapping, message, workspace)
    else:
        from transload.runner.cli.masked import document_payload, mapping_called, veiled  # here: they bring the ledger

        row, payload = document_payload(what, workspace, environment)
        unpacked = {name: row["receipt"][name] for name in _UNPACKED if name in row["receipt"]}
        reader = mapping_called(str(row["mapping"]), workspace)[0]
        document = max(int(row["ordinal"]), 1)
        try:
            found = _numbered(reader, payload, int(row["message"]), what)
        except ConfigurationError as error:
            raise veiled(error, workspace, environment) from None
    reader = reader.reader_of(found) or reader
    answer = find_why(reader, found, path, document, payload)
    if row is not None:
        from transload.runner.cli.masked import answer_of  # here, as above

        where = workspace, environment
        answer, unpacked = answer_of(answer, row, unpacked, where, unmasked=unmasked, reason=reason)
    if as_json:
        say_json({**answer.as_dict(), "payload": unpacked} if "filters" in unpacked else answer.as_dict())
    elif everything:
        _table(answer)
    else:
        _tell(answer)
    if "filters" in unpacked and not as_json:
        say(f"places are in the payload as it was unpacked from {unpacked['unpacked_from']} by {unpacked['filters']}:")
        say(f"  transload show {unpacked['ref']} --content")
    say_findings((one for one in answer.findings if one.severity is Severity.ERROR), to_error=True)


def _is_mapping(what: str) -> bool:
    return what.startswith("library:") or what.endswith((".yaml", ".yml"))


def _static(reference: str, field: str, *, as_json: bool) -> None:
    """Where a mapping has its fields."""
    mapping = mapping_named(reference)
    lines = list(lineage(mapping.meaning, parse_names(field, mapping.meaning.model)))
    if as_json:
        say_json({"mapping": mapping.name, "version": mapping.version, "lines": [line.as_dict() for line in lines]})
        return
    if not lines:
        say(f"{mapping.name} has no place for {field or 'any field'}")
        return
    ways = {"both": "", "read": " (read only)", "written": " (written only)"}
    rows = [
        [
            f"{line.field or 'computed'}{ways.get(line.direction, ' (neither way)')}",
            line.where,
            line.rule,
            f"{line.mapping.file}:{line.mapping.line}:{line.mapping.column}",
        ]
        for line in lines
    ]
    say_table(["FIELD", "PLACE", "RULE", "MAPPING"], rows)


def _of_file(
    file: Path, payload: bytes, reference: str | None, number: int, workspace: Path
) -> tuple[Mapping, Message]:
    if reference is not None:
        mapping = mapping_named(reference)
        message = _numbered(mapping, payload, number, named(file))
        if mapping.reader_of(message) is None:
            raise ConfigurationError(
                f"the mapping {mapping.name} is not for this message, {message.kind} {message.version}".rstrip(),
                hint="see match: and format: of the mapping",
            )
        return mapping, message
    home = workspace if (workspace / FILE).is_file() else workspace_of(file)
    if home is None:
        raise ConfigurationError(f"{file} lies in no workspace, so the mapping must be named", hint="--map MAPPING")
    fitting = list(_fitting(home, payload, number, file))
    if len(fitting) != 1:
        names = ", ".join(mapping.name for mapping, _ in fitting) or "none"
        raise ConfigurationError(f"mappings of the workspace for this message: {names}", hint="name one: --map MAPPING")
    return fitting[0]


def _fitting(home: Path, payload: bytes, number: int, file: Path) -> Iterator[tuple[Mapping, Message]]:
    """The mappings of a workspace that are for the message."""
    for path in Given.of([home]).mappings:
        try:
            mapping = loaded(path)
            message = _numbered(mapping, payload, number, named(file))
        except ConfigurationError:  # a file of another format, or a mapping with errors: not the one
            continue
        if mapping.reader_of(message) is not None:
            yield mapping, message


def _numbered(mapping: Mapping, payload: bytes, number: int, name: str) -> Message:
    reading = format_of(mapping).read(payload, file=name)
    found = next(islice(reading, number - 1, None), None)
    if found is None:
        raise ConfigurationError(
            f"there is no message {number} in {name}",
            findings=[*reading.findings, Finding(code="E-EMPTY", message=f"there is no message {number} in {name}")],
        )
    return found


def _table(answer: Why) -> None:
    rows = [
        [
            origin.field,
            _text(origin.value),
            origin.source.value,
            "; ".join(str(place) for place in origin.places),
            f"{origin.bytes.offset}+{origin.bytes.length}" if origin.bytes is not None else "",
            origin.source.rule,
            str(origin.source.mapping),
        ]
        for origin in answer.origins
    ]
    say_table(["FIELD", "VALUE", "ON THE WIRE", "PLACE", "BYTES", "RULE", "MAPPING"], rows)


def _tell(answer: Why) -> None:
    if not answer.origins:
        value = "has no value" if answer.value is None else f"is {_text(answer.value)}"
        say(f"{answer.field} {value}", style="bold")
        say(f"  why      {answer.reason}")
        if answer.mapping is not None:
            say(f"  mapping  {answer.mapping}")
        return
    last = None
    for origin in answer.origins:
        if origin.field != last:
            said = "was not read" if origin.value is None else f"is {_text(origin.value)}"
            say(f"{origin.field} {said}", style="bold")
            last = origin.field
        _origin(origin)


def _origin(origin: Origin) -> None:
    for place in origin.places:
        say(f"  place    {place}")
    if origin.bytes is not None:
        say(f"  bytes    {origin.bytes.offset}, length {origin.bytes.length}: {origin.bytes.text}")
    say(f"  value    {origin.source.value!r}")
    if origin.inside:
        say(f"  entry    {origin.inside}")
    say(f"  rule     {origin.source.rule}")
    for row in origin.rows:
        say(f"  {row.kind:<8} {row}")
    chain = f", file {origin.layer} of the {origin.layers} that extend each other" if origin.layers > 1 else ""
    say(f"  mapping  {origin.source.mapping}{chain}")


def _text(value: object) -> str:
    return value if isinstance(value, str) else str(value)
