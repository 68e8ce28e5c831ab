"""``transload diff``: how two versions of a mapping differ in meaning."""

from typing import Annotated

import typer

from transload.mappings.views.changes import Change, Effect
from transload.mappings.views.differing import differences
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

    It compares fields, places, converters, codes, literals, limits, conditions, repeats, order and headers. Notes, the
    layout of the file and what is split over extended files make no difference. Each difference says whether it
    changes reading, writing or both, and whether more passes than before (wider), less (narrower) or something else
    (other). The exit code is 1 where there is one.

    \b
    Examples:
      transload diff orders-v1.yaml orders-v2.yaml
      transload diff library:edifact/orders-d96a mappings/acme/orders.yaml
      transload diff old.yaml new.yaml --json | jq '.changes[] | select(.effect == "narrower")'
    """
    one, two = mapping_named(old), mapping_named(new)
    found = differences(one.meaning, two.meaning)
    if as_json:
        say_json({"old": one.digest, "new": two.digest, "changes": [change.as_dict() for change in found]})
    else:
        _tell(found)
        say(f"{counted(len(found), 'difference')} between {one.name} {one.version} and {two.name} {two.version}")
    if found:
        raise typer.Exit(exits.ERRORS)


def _tell(found: list[Change]) -> None:
    """The differences by topic."""
    topic = ""
    for change in found:
        if change.topic != topic:
            topic = change.topic
            say(topic, style="bold")
        say(f"  {change.what}: {change.message}")
        effect = f", {change.effect.value}" if change.effect is not Effect.NONE else ""
        what = "changes nothing" if change.directions == "neither" else f"changes {change.directions}{effect}"
        say(f"    {what}")
        for sign, at in (("-", change.before), ("+", change.after)):
            if at is not None:
                say(f"    {sign} {at}")
