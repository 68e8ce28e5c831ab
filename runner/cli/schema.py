"""``transload schema``: JSON Schemas of the documents of a mapping, and of mapping files."""

from pathlib import Path
from typing import Annotated, Any

import typer

from transload.runner.cli.files import write_text
from transload.runner.cli.given import guides_for
from transload.runner.cli.guard import guarded
from transload.runner.cli.naming import mapping_named
from transload.runner.cli.screen import json_text, say, say_bytes


@guarded
def schema(
    mapping: Annotated[
        str | None, typer.Argument(metavar="MAPPING", help="A mapping file, or library:NAME: of its documents.")
    ] = None,
    message: Annotated[
        str | None,
        typer.Option("--for", metavar="MESSAGE", help="Of mapping files: ORDERS:D:96A, 850:004010, or xml, csv ..."),
    ] = None,
    document: Annotated[
        str, typer.Option("--document", metavar="NAME", help="With --for: the canonical document.")
    ] = "order/1",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write it; else standard output.")
    ] = None,
) -> None:
    """Print a JSON Schema: of the documents that a mapping reads, or of the mapping files of one message.

    The schema of documents is the canonical one, narrowed: only fields that the mapping has a place for, the values of
    its code tables, the lengths of the message's guide, the limits of the file.

    The schema of mapping files is for editors with the YAML language server: it completes segments and places with
    their titles, fields, converters, codes and modifiers, and marks what is wrong. Guides of the workspace that this
    folder lies in count too. Write it beside the mapping, and name it in the mapping's first line:

    \b
      # yaml-language-server: $schema=orders.schema.json

    \b
    Examples:
      transload schema orders.yaml
      transload schema library:x12/850-004010 -o order-of-850.json
      transload schema --for ORDERS:D:96A --document order/1 -o orders.schema.json
      transload schema --for csv --document invoice/1
    """
    if (mapping is None) == (message is None):
        raise typer.BadParameter("name a mapping, or a message with --for", param_hint="MAPPING")
    made = _of_files(message, document) if message is not None else _of_documents(mapping or "")
    text = f"{json_text(made)}\n"
    if output is None:
        say_bytes(text.encode())
        return
    write_text(output, text)
    first = f"; a mapping's first line:  # yaml-language-server: $schema={output.name}" if message is not None else ""
    say(f"{output}: written{first}")


def _of_documents(mapping: str) -> dict[str, Any]:
    from transload.mappings.views.narrowed import document_schema  # here: the help needs none of it

    return document_schema(mapping_named(mapping))


def _of_files(message: str, document: str) -> dict[str, Any]:
    from transload.mappings.views.editor import editor_schema, wanted

    named = wanted(message, document, guides_for(Path.cwd() / "x"))
    if named.message and named.guide is None:
        say(f"there is no guide for {message}, so segments and places are not known: positions only", to_error=True)
    return editor_schema(named)
