"""``transload show``: the journey of one document, and the state of everything."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from transload.canonical.errors import ConfigurationError
from transload.canonical.findings import Finding, Severity
from transload.canonical.places import MappingPlace
from transload.runner.cli.guard import guarded
from transload.runner.cli.ledger import finding_of, opened
from transload.runner.cli.options import HERE, AsJson, Environment, Reason, Unmasked, WorkspaceFolder
from transload.runner.cli.screen import counted, say, say_bytes, say_findings, say_json
from transload.runner.cli.unmasked import View, view
from transload.runner.ledger import Ledger
from transload.runner.ledger.receipts import KEPT
from transload.runner.ledger.references import Ref, parse_ref
from transload.runner.workspace import load_mask

_ROOM = 48
"""Behind so many characters of a message with holes stands what is said of a line."""


@guarded
def show(
    reference: Annotated[
        str | None,
        typer.Argument(
            metavar="ID|MAPPING",
            help="r1 (receipt), d1 (document), s1 (delivery), or a document's own number; or a mapping, see below.",
        ),
    ] = None,
    content: Annotated[
        bool,
        typer.Option("--content", help="Only the bytes: a receipt's, a delivery's, or a document's canonical JSON."),
    ] = False,
    evidence: Annotated[
        str | None,
        typer.Option(
            "--evidence",
            metavar="NAME",
            help="Only the bytes of what was kept beside it: a receipt's request or mdn (AS2), a delivery's answer.",
        ),
    ] = None,
    resolved: Annotated[
        bool, typer.Option("--resolved", help="MAPPING with all that it extends merged in, and each line's origin.")
    ] = False,
    holes: Annotated[
        bool, typer.Option("--holes", help="MAPPING as a message with the fields' names where values stand.")
    ] = False,
    unmasked: Unmasked = False,
    reason: Reason = None,
    workspace: WorkspaceFolder = HERE,
    environment: Environment = None,
    as_json: AsJson = False,
) -> None:
    """Show what happened to a receipt, a document or a delivery; without an ID, how much there is of everything.

    The journey goes from the bytes that arrived through the documents made of them to
    each delivery with its attempts, with every finding and event on the way. Fields that the
    workspace masks are told without their values.

    \b
    Examples:
      transload show
      transload show PO-1001
      transload show d12 --json
      transload show r7 --content > as-it-arrived.edi
      transload show r7 --evidence request > signed.http
      transload show --resolved mappings/acme/orders.yaml
      transload show --holes library:edifact/orders-d96a
    """
    if resolved or holes:
        if reference is None or content or resolved is holes:
            raise typer.BadParameter("one of --resolved and --holes, with a mapping", param_hint="MAPPING")
        _mapping(reference, resolved=resolved, as_json=as_json)
        return
    if content and reference is None:
        raise typer.BadParameter("whose? name an ID", param_hint="--content")
    if evidence is not None and (reference is None or content):
        raise typer.BadParameter("it goes with an ID, and without --content", param_hint="--evidence")
    with opened(workspace, environment) as ledger:
        fields = load_mask(workspace, environment=environment)
        seen = view(ledger, "show", fields, unmasked=unmasked, reason=reason)
        if reference is None:
            _counts(ledger, seen, as_json)
            return
        refs = ledger.queries.find(reference)
        if content or evidence is not None:
            say_bytes(_bytes(ledger, _only(reference, refs), evidence, seen))
            return
        journeys = [_seen(ledger.queries.journey(ref), seen) for ref in refs]
    if as_json:
        say_json(journeys[0] if len(journeys) == 1 else journeys)
        return
    for number, journey in enumerate(journeys):
        if number:
            say()
        _journey(journey)


def _mapping(reference: str, *, resolved: bool, as_json: bool) -> None:
    from transload.mappings.views.holes import holes  # here: a journey needs no views
    from transload.mappings.views.resolved import resolved_lines, resolved_text
    from transload.runner.cli.naming import mapping_named

    mapping = mapping_named(reference)
    if resolved:
        if as_json:
            told = [{"text": one.text, **_at(one.at)} for one in resolved_lines(mapping.table)]
            say_json({"mapping": mapping.name, "version": mapping.version, "lines": told})
        else:
            say(resolved_text(mapping.table).rstrip("\n"))
        return
    lines = holes(mapping.meaning)
    if as_json:
        shown = [{"text": str(line), "note": line.note, **_at(line.at)} for line in lines]
        say_json({"mapping": mapping.name, "version": mapping.version, "lines": shown})
        return
    for line in lines:
        say(f"{line!s:<{_ROOM}}  * {line.note}" if line.note else str(line))


def _at(place: MappingPlace) -> dict[str, Any]:
    return {"file": place.file, "line": place.line}


def _only(reference: str, refs: list[Ref]) -> Ref:
    if len(refs) > 1:
        names = ", ".join(map(str, refs))
        raise ConfigurationError(f"{reference!r} is {len(refs)} documents", hint=f"name one of {names}")
    return refs[0]


def _bytes(ledger: Ledger, ref: Ref, evidence: str | None, seen: View) -> bytes:
    """What is kept of ``ref``; of a document without its masked fields, and else only where it may be shown whole."""
    if evidence is None and ref.kind == "document":
        found = ledger.queries.payload(ref)
        model = str(ledger.queries.journey(ref)["documents"][0]["document"])
        return seen.veil([ref], "the content").fields_of([ref]).bytes_without(model, found)
    found = ledger.queries.payload(ref) if evidence is None else ledger.queries.evidence(ref, evidence)
    seen.whole(ref, "the bytes" if evidence is None else f"the {evidence}")
    return found


def _seen(journey: dict[str, Any], seen: View) -> dict[str, Any]:
    """A journey without the masked fields of all that it tells of."""
    rows = [journey["receipt"], *journey["documents"], *journey["deliveries"]]
    told = [ref for row in rows if row is not None and (ref := parse_ref(row["ref"]))]
    veil = seen.veil([ref for ref in [parse_ref(journey["ref"])] if ref])
    shown: dict[str, Any] = veil.shown(journey, veil.values(told))
    return shown


def _counts(ledger: Ledger, seen: View, as_json: bool) -> None:
    counts, clusters = ledger.queries.counts(), ledger.failures.clusters()
    veil = seen.veil([cluster.example for cluster in clusters])
    for cluster in clusters:
        cluster.findings = veil.shown(cluster.findings, veil.values([cluster.example]))
    counts = veil.shown(counts, veil.values([]))
    if as_json:
        say_json({**counts, "failures": [cluster.as_dict() for cluster in clusters]})
        return
    for what in ("receipts", "documents", "deliveries"):
        parts = [f"{count} {state}" for state, count in counts[what].items()]
        say(f"{what}: {', '.join(parts) or 'none'}")
    for cluster in clusters:
        first = finding_of(cluster.findings[0]).message if cluster.findings else "without a finding"
        say(f"{cluster.count} failed at {', '.join(cluster.routes)}, {cluster.example} the last: {first}")
    for batch in counts["batches"]:
        when = f"leaves at {_time(batch['leaves_at'])}" if batch["leaves_at"] else "leaves once there are enough"
        say(f"{counted(batch['documents'], 'document')} gathered in {batch['lane']} for a batch, which {when}")
    for breaker in counts["breakers"]:
        say(f"connection {breaker['connection']} is left alone until {_time(breaker['open_until'])}", style="yellow")
        _findings(breaker["findings"])
    for pause in ledger.pauses.all():
        say(pause.what, style="yellow")


def _journey(journey: Mapping[str, Any]) -> None:
    receipt = journey["receipt"]
    if receipt:
        say(
            f"receipt {receipt['ref']}  {receipt['state']}  {receipt['origin']}, {receipt['size']} bytes,"
            f" by {receipt['route']} at {_time(receipt['received_at'])}",
            style="bold",
        )
        _relatives(receipt)
        if "response" in receipt:
            said = "it was taken" if receipt["response"]["taken"] else "it was not taken"
            body = ", by --evidence response" if receipt["response"]["digest"] else ""
            say(f"  its sender was told that {said}, at {_time(receipt['response']['at'])}{body}")
        kept = [name.removeprefix(KEPT) for name in receipt["metadata"] if name.startswith(KEPT)]
        if kept:
            say(f"  kept beside it: {', '.join(kept)}")
        _erased(receipt)
        _findings(receipt["findings"])
    for document in journey["documents"]:
        passed_on = any(document["ref"] in delivery["documents"] for delivery in journey["deliveries"])
        _document(document, "passed on as it is" if passed_on else "no document")
    for delivery in journey["deliveries"]:
        _delivery(delivery)
    for item in journey["acknowledgements"]:
        verdict = "accepted" if item["accepted"] else "rejected"
        say(f"acknowledgement {item['kind']} of {item['reference']}: {verdict}, sent as {item['delivery']}")
    for item in journey["verdicts"]:
        verdict = item["verdict"] or "nothing that can be understood"
        later = ", to take effect when its outcome is known" if item["pending"] else ""
        who = f"the partner's {item['kind']} ({item['document']} of {item['receipt']})"
        say(f"{who} on {item['delivery']}: {verdict}, {_time(item['at'])}{later}", style="bold")
        _findings(item["findings"])
    say("events", style="bold")
    for event in journey["events"]:
        who = event["delivery"] or event["document"] or event["receipt"] or ""
        detail = ", ".join(f"{name} {value}" for name, value in event["detail"].items())
        say(f"  {_time(event['at'])}  {who:<6} {event['what']:<12} {detail}".rstrip())


def _relatives(receipt: Mapping[str, Any]) -> None:
    """What it was made of, and what was made of it."""
    if "filters" in receipt:
        say(f"  unpacked from {receipt['unpacked_from']} by {receipt['filters']}; places are in its own bytes")
    if receipt["origin_id"]:
        say(f"  a person has made it of {Ref('receipt', receipt['origin_id'])}")
    if "made_again" in receipt:
        say(f"  a person has made of it {', '.join(receipt['made_again'])}")
    if "parts" in receipt:
        say(f"  unpacked to {', '.join(receipt['parts'])}")


def _document(document: Mapping[str, Any], otherwise: str) -> None:
    """Print a document; ``otherwise`` is its name where a message gave none."""
    message = " ".join(part for part in (document["kind"], document["version"], document["reference"]) if part)
    name = f"{document['document']} {document['number'] or ''}".strip() if document["document"] else otherwise
    mapping = f", by mapping {document['mapping']}" if document["mapping"] else ""
    say(
        f"document {document['ref']}  {document['state']}  {name}, from message {document['message']}"
        f" ({message}){mapping}",
        style="bold",
    )
    for target, due in document.get("gathers", {}).items():
        when = f"which leaves at {_time(due)}" if due else "which leaves once there are enough"
        say(f"  waits for a batch to {target}, {when}", style="yellow")
    _erased(document)
    _findings(document["findings"])


def _delivery(delivery: Mapping[str, Any]) -> None:
    of = f" of {', '.join(delivery['documents'])}" if delivery["documents"] else ""
    shown = {name: value for name, value in delivery["metadata"].items() if not name.startswith("headers.")}
    facts = ", ".join(f"{name} {value}" for name, value in shown.items())
    say(
        f"delivery {delivery['ref']}  {delivery['state']}  {delivery['kind']}{of} to {delivery['target']}"
        f"{f' ({facts})' if facts else ''}, {counted(len(delivery['attempts']), 'attempt')}",
        style="bold",
    )
    if delivery["waits_behind"]:
        say(f"  waits behind {delivery['waits_behind']} of its sequence", style="yellow")
    if delivery["holds_back"]:
        say(
            f"  {counted(delivery['holds_back'], 'delivery', 'deliveries')} of its sequence wait behind it",
            style="yellow",
        )
    _erased(delivery)
    _findings(delivery["findings"])
    for attempt in delivery["attempts"]:
        say(f"  attempt {attempt['number']}  {_time(attempt['started_at'])}  {attempt['outcome'] or 'no outcome yet'}")


def _erased(row: Mapping[str, Any]) -> None:
    if "erased" in row:
        facts = row["erased"]
        say(f"  erased at {_time(facts['at'])} by {facts['by']}: {facts['reason']}", style="yellow")


def _findings(kept: list[Mapping[str, Any]]) -> None:
    found: list[Finding] = [finding_of(item) for item in kept]
    say_findings(sorted(found, key=lambda item: list(Severity).index(item.severity)))


def _time(text: str) -> str:
    return text[:19].replace("T", " ")
