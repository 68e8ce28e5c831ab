"""``transload impact``: what a changed file would change, if what arrived had been read with it."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from transload.runner.cli import exits
from transload.runner.cli.files import write_text
from transload.runner.cli.guard import guarded
from transload.runner.cli.ledger import moment, opened
from transload.runner.cli.options import HERE, AsJson, Environment, Reason, Unmasked, WorkspaceFolder
from transload.runner.cli.run import checked
from transload.runner.cli.screen import say, say_findings, say_json
from transload.runner.cli.shadow import tell_impact
from transload.runner.cli.unmasked import view
from transload.runner.impact import Asked, impact_of
from transload.runner.ledger.references import Ref
from transload.runner.masking.fields import Fields
from transload.runner.workspace import load_workspace


@guarded
def impact(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE",
            help="Changed mappings, guides, tables, partner files, or library:NAME; without any all routes.",
        ),
    ] = None,
    routes: Annotated[
        list[str] | None,
        typer.Option("--route", metavar="PARTNER/ROUTE", help="Only this receive route; may be given several times."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="WHEN", help="Only what arrived from then on: 2026-01-14, or 30d for 30d ago."),
    ] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="WHEN", help="Only what arrived before then.")] = None,
    last: Annotated[
        int | None, typer.Option("--last", metavar="N", min=1, help="Only the newest N receipts of each route.")
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            "--against",
            metavar="now|DIGEST",
            help="Compare with what the versions in use, or this kept version, would make, not with what is stored.",
        ),
    ] = None,
    sample: Annotated[
        int, typer.Option("--sample", metavar="N", min=0, help="Show N examples of each kind of difference.")
    ] = 3,
    fields: Annotated[
        list[str] | None,
        typer.Option("--fields", metavar="PATH", help="Tell only of this field or place; may be given several times."),
    ] = None,
    values: Annotated[
        bool, typer.Option("--values", help="Show all values; without it names, addresses, numbers, prices are masked.")
    ] = False,
    unmasked: Unmasked = False,
    reason: Reason = None,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Also write it as a page.")] = None,
    workspace: WorkspaceFolder = HERE,
    environment: Environment = None,
    as_json: AsJson = False,
) -> None:
    """Show what would come out differently if what arrived were read with the files as they are now.

    What is stored (documents, and the bytes that went to targets) is compared with what the workspace on disk would
    make of the same bytes, at the same moment and with the same control numbers. Nothing is changed, nothing is sent,
    and no number is used. A document that was made by an older version than the one in use is compared with what the
    version in use makes of it, so that only the change is told. See docs/impact.md for what is not compared.

    \b
    The exit code is 0 when nothing differs, 4 when something would come out
    differently, 1 when something is wrong.

    \b
    Examples:
      transload impact mappings/acme/orders.yaml
      transload impact mappings/acme/units.csv --since 30d
      transload impact --route acme/orders --last 500 --html impact.html
      transload impact mappings/acme/orders.yaml --fields lines[].uom --json | jq -r '.changed[]'
      transload impact mappings/acme/orders.yaml --against 3f2a91c0
    """
    begin, end = moment(since, "--since"), moment(until, "--until")
    loaded = checked(load_workspace(workspace, environment=environment))
    asked = Asked(
        files=tuple(files or ()),
        routes=tuple(routes or ()),
        since=begin,
        until=end,
        last=last,
        against=against,
        samples=sample,
        fields=tuple(fields or ()),
        masked=not values,
    )
    if not as_json:
        say_findings(loaded.findings, to_error=True)
    with opened(workspace, environment) as ledger:
        seen = view(ledger, "impact", loaded.mask, unmasked=unmasked, reason=reason)
        found = impact_of(replace(loaded, mask=Fields()) if unmasked else loaded, ledger, asked)
        seen.veil(Ref("document", number) for number in found.changed)
    told = found.as_dict()
    if html is not None:
        from transload.runner.impact.page import page_of  # here: it is hardly ever wanted

        write_text(html, page_of(told))
    if as_json:
        say_json(told)
    else:
        tell_impact(told)
        if html is not None:
            say(f"{html}: written")
    raise typer.Exit(exits.DIFFERENT if found.differs else exits.CLEAN)
