"""``transload diff``: how two versions of a mapping differ in meaning."""

from typing import Annotated

import typer

from transload.mappings.views.changes import Change, changes
from transload.runner.cli import exits
from transload.runner.cli.guard import guarded
from transload.runner.cli.naming import mapping_named
from transload.runner.cli.options import AsJson
from transload.runner.cli.screen import counted, say, say_json


@guarded
def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="A mapping file, or library:NAME.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The other version.")],
    as_json: AsJson = False,
) -> None:
    """Compare two versions of a mapping by what they mean, not by their lines.

    For each difference in fields, places, converters, codes, literals and repeats it says whether
    reading or writing is widened (takes or gives more), narrowed or changed. Notes,
    layout of the file and what is split over extended files make no difference. The exit code is 1 where there is one.

    \b
    Examples:
      transload diff orders-v1.yaml orders-v2.yaml
      transload diff library:edifact/orders-d96a mappings/acme/orders.yaml
      transload diff old.yaml new.yaml --json
    """
    one, two = mapping_named(old), mapping_named(new)
    found = changes(one, two)
    if as_json:
        say_json({"old": one.digest, "new": two.digest, "changes": [change.as_dict() for change in found]})
    else:
        for change in found:
            _tell(change)
        say(f"{counted(len(found), 'difference')} between {one.name} {one.version} and {two.name} {two.version}")
    if found:
        raise typer.Exit(exits.ERRORS)


def _tell(change: Change) -> None:
    ways = [
        f"{way} is {effect}" for way, effect in (("reading", change.reading), ("writing", change.writing)) if effect
    ]
    say(f"{change.kind} {change.what} {change.where}: {', '.join(ways) or 'neither way'}", style="bold")
    if change.old:
        say(f"  - {change.old}")
    if change.new:
        say(f"  + {change.new}")
    if change.at is not None:
        say(f"  {change.at}")
