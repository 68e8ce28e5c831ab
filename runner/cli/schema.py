"""``transload schema``: JSON Schemas of the documents of a mapping, and of mapping files."""

from typing import Annotated

import typer

from transload.runner.cli.guard import guarded
from transload.runner.cli.naming import mapping_named
from transload.runner.cli.screen import say_json


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
) -> None:
    """Print a JSON Schema: of the documents that a mapping reads, or of the mapping files of one message.

    The schema of documents is the canonical one, narrowed: only fields that the mapping has a place for, the values of
    its code tables, the lengths of the message's guide, the limits of the file.

    The schema of mapping files lets an editor propose places, fields, converters and codes. Save it, and
    name it in the first line of a mapping, for editors with yaml-language-server:
    # yaml-language-server: $schema=orders.schema.json

    \b
    Examples:
      transload schema orders.yaml
      transload schema library:x12/850-004010 > order-of-850.json
      transload schema --for ORDERS:D:96A --document order/1 > orders.schema.json
    """
    if (mapping is None) == (message is None):
        raise typer.BadParameter("name a mapping, or a message with --for", param_hint="MAPPING")
    if message is not None:
        from transload.mappings.views.editor import editor_schema

        say_json(editor_schema(message, document))
        return
    from transload.mappings.views.narrowed import document_schema

    say_json(document_schema(mapping_named(mapping or "")))
