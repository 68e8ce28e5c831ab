"""``transload find`` and ``transload failures``: what people look for when somebody calls."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

import typer

from transload.canonical.errors import ConfigurationError
from transload.runner.cli.criteria import (
    Control,
    FileName,
    Fingerprint,
    Kind,
    Number,
    Partner,
    Route,
    Since,
    States,
    Text,
    Until,
    criteria,
)
from transload.runner.cli.guard import guarded
from transload.runner.cli.ledger import finding_of, opened
from transload.runner.cli.options import HERE, AsJson, Environment, Reason, Unmasked, WorkspaceFolder
from transload.runner.cli.screen import counted, say, say_findings, say_json, say_table
from transload.runner.cli.unmasked import view
from transload.runner.ledger import Ledger, parse_ref
from transload.runner.ledger import references as names
from transload.runner.ledger.searching import Criteria
from transload.runner.workspace import load_mask

_KINDS: dict[str, names.Kind] = {"documents": "document", "receipts": "receipt", "deliveries": "delivery"}
_HEADS = ["ID", "STATE", "WHEN (UTC)", "ROUTE", "WHAT", "NUMBERS", "ERROR"]


@guarded
def find(
    word: Annotated[
        str | None,
        typer.Argument(metavar="TEXT", help="A document's, order's or control number, or the name of a file."),
    ] = None,
    what: Annotated[
        str | None, typer.Option("--what", metavar="KIND", help="documents (default), receipts or deliveries.")
    ] = None,
    number: Number = None,
    control: Control = None,
    partner: Partner = None,
    route: Route = None,
    state: States = None,
    kind: Kind = None,
    since: Since = None,
    until: Until = None,
    file: FileName = None,
    fingerprint: Fingerprint = None,
    text: Text = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, max=10_000, help="At most so many.")] = 50,
    before: Annotated[
        str | None, typer.Option("--before", metavar="ID", help="The next page: those before this one.")
    ] = None,
    ids: Annotated[
        bool, typer.Option("--ids", help="Only the IDs, one a line, all of them, the oldest first.")
    ] = False,
    unmasked: Unmasked = False,
    reason: Reason = None,
    workspace: WorkspaceFolder = HERE,
    environment: Environment = None,
    as_json: AsJson = False,
) -> None:
    """Find receipts, documents and deliveries by what you know of them, the newest first.

    A TEXT alone is looked for as the number of a document or its order, as a control number
    and as the name of a file. With options all of them must hold. `transload show ID` then
    tells the whole story of one, and names all that belongs to it.

    \b
    Examples:
      transload find PO-1001
      transload find --partner acme --state DEAD --state UNKNOWN --what deliveries --since 1d
      transload find --control 000004711
      transload find --file "orders-2026*" --what receipts
      transload find --text "unit code" --state QUARANTINED --json
    """
    if what is not None and what not in _KINDS:
        raise typer.BadParameter(f"{what!r} is none; say {', '.join(_KINDS)}", param_hint="--what")
    ref = parse_ref(before) if before is not None else None
    if before is not None and ref is None:
        raise typer.BadParameter(f"{before!r} is no ID, such as d12", param_hint="--before")
    wanted = criteria(
        number=number,
        control=control,
        partner=partner,
        route=route,
        state=state,
        kind=kind,
        since=since,
        until=until,
        file=file,
        fingerprint=fingerprint,
        text=text,
        before=ref.id if ref else None,
    )
    with opened(workspace, environment) as ledger:
        fields = load_mask(workspace, environment=environment)
        seen = view(ledger, "find", fields, unmasked=unmasked, reason=reason)
        if ids:
            if word is not None:
                raise typer.BadParameter("say what it is: --number, --control or --file", param_hint="TEXT")
            chosen = _KINDS[what or "documents"]
            for one in ledger.searching.ids(chosen, wanted):
                say(str(names.Ref(chosen, one)))
            return
        if word is not None:
            pages = _anything(ledger, word, wanted, what, limit)
        else:
            chosen = ref.kind if ref and what is None else _KINDS[what or "documents"]
            pages = {chosen: ledger.searching.page(chosen, wanted, limit)}
        rows = seen.rows([row for page in pages.values() for row in page])
    full = [page[-1]["ref"] for page in pages.values() if len(page) == limit]
    if as_json:
        say_json({"found": rows, "before": full[0] if full else None})
        return
    if not rows:
        say("nothing is found")
        return
    say_table(_HEADS, [_row(row) for row in rows])
    for last in full:
        say(f"there may be more: --before {last}")


def _anything(ledger: Ledger, word: str, wanted: Criteria, what: str | None, limit: int) -> dict[Any, Any]:
    """What ``word`` may be, by kind."""
    found: dict[names.Kind, dict[str, dict[str, Any]]] = {"receipt": {}, "document": {}, "delivery": {}}
    looks: list[tuple[names.Kind, Criteria]] = [
        ("receipt", replace(wanted, file=word)),
        ("document", replace(wanted, number=word)),
        ("document", replace(wanted, control=word)),
        ("delivery", replace(wanted, control=word)),
    ]
    if what is not None:
        chosen = _KINDS[what]
        looks = [
            (chosen, replace(wanted, number=word)),
            (chosen, replace(wanted, control=word)),
            (chosen, replace(wanted, file=word)),
        ]
    for kind, criteria_ in looks:
        found[kind] |= {row["ref"]: row for row in ledger.searching.page(kind, criteria_, limit)}
    return {kind: list(rows.values())[:limit] for kind, rows in found.items()}


def _row(row: Mapping[str, Any]) -> list[str]:
    error = next((one["message"] for one in row["findings"] if one["severity"] == "error"), "")
    if "origin" in row:
        return [row["ref"], row["state"], _when(row["received_at"]), row["route"], row["origin"], "", error]
    if "target" in row:
        facts = ", ".join(str(value) for value in row["metadata"].values())
        error = error or (f"waits behind {row['waits_behind']}" if row["waits_behind"] else "")
        return [row["ref"], row["state"], _when(row["staged_at"]), row["target"], facts, "", error]
    name = " ".join(part for part in (row["document"] or row["kind"], row["number"]) if part)
    about = f"order {row['about']}" if row["about"] else ""
    numbers = " ".join(part for part in (row["interchange"], row["reference"], about) if part)
    return [row["ref"], row["state"], _when(row["created_at"]), row["route"], name, numbers, error]


def _when(text: str) -> str:
    return text[:19].replace("T", " ")


@guarded
def failures(
    fingerprint: Annotated[
        str | None, typer.Argument(metavar="F", help="A fingerprint: show what failed in this way.")
    ] = None,
    partner: Partner = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="At most so many IDs of one.")] = 20,
    unmasked: Unmasked = False,
    reason: Reason = None,
    workspace: WorkspaceFolder = HERE,
    environment: Environment = None,
    as_json: AsJson = False,
) -> None:
    """List what is dead, quarantined, unknown or rejected and waits, in clusters: the same fault is one.

    What was replayed, corrected or resolved since is not among them. Mend the cause of one,
    look with `transload replay --fingerprint F --preview`, then replay.

    \b
    Examples:
      transload failures
      transload failures --partner acme
      transload failures 3f9a0c21b7de
      transload replay --fingerprint 3f9a0c21b7de --preview
    """
    with opened(workspace, environment) as ledger:
        found = ledger.failures.clusters(fingerprint, partner=partner)
        if fingerprint is not None and not found:
            raise ConfigurationError(
                f"nothing that failed with the fingerprint {fingerprint!r} waits", hint="transload failures lists them"
            )
        fields = load_mask(workspace, environment=environment)
        veil = view(ledger, "failures", fields, unmasked=unmasked, reason=reason).veil(one.example for one in found)
        for one in found:
            one.findings = veil.shown(one.findings, veil.values([one.example]))
        members = ledger.failures.members(fingerprint) if fingerprint is not None else {}
    if as_json:
        told = [cluster.as_dict() for cluster in found]
        refs = {kind: [str(names.Ref(kind, one)) for one in ids] for kind, ids in members.items()}
        say_json(told if fingerprint is None else {**told[0], "members": refs})
        return
    if not found:
        say("nothing that failed waits")
        return
    if fingerprint is None:
        rows = [
            [
                cluster.fingerprint,
                ", ".join(f"{count} {state}" for state, count in sorted(cluster.states.items())),
                ", ".join(cluster.partners),
                f"{cluster.first:%Y-%m-%d %H:%M}",
                f"{cluster.last:%Y-%m-%d %H:%M}",
                str(cluster.example),
                (finding_of(cluster.findings[0]).message if cluster.findings else "")
                + (f"; {cluster.holds_back} wait behind" if cluster.holds_back else ""),
            ]
            for cluster in found
        ]
        say_table(["FINGERPRINT", "COUNT", "PARTNERS", "FIRST (UTC)", "LAST (UTC)", "EXAMPLE", "WHAT"], rows)
        return
    (cluster,) = found
    states = ", ".join(f"{count} {state}" for state, count in sorted(cluster.states.items()))
    say(f"{cluster.fingerprint}: {states}, {cluster.first:%Y-%m-%d %H:%M} to {cluster.last:%Y-%m-%d %H:%M} UTC")
    say(f"at {', '.join(f'{route} ({count})' for route, count in sorted(cluster.routes.items()))}")
    say(f"for example {cluster.example}:")
    say_findings(finding_of(one) for one in cluster.findings)
    if cluster.holds_back:
        say(f"{counted(cluster.holds_back, 'delivery', 'deliveries')} of their sequences wait behind them")
    for kind, numbers in members.items():
        shown = ", ".join(str(names.Ref(kind, one)) for one in numbers[:limit])
        say(
            f"{counted(len(numbers), kind, 'deliveries' if kind == 'delivery' else None)}: {shown}"
            f"{', ...' if len(numbers) > limit else ''}"
        )
    say(f"when the cause is mended: transload replay --fingerprint {cluster.fingerprint} --preview")
