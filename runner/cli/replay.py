"""``transload replay``: doing again what was done, one by one or in bulk, after a look at what would come of it."""

import re
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, cast, get_args

import typer

from transload.canonical.errors import ConfigurationError
from transload.runner.cli import exits
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
from transload.runner.cli.ledger import opened, user
from transload.runner.cli.options import HERE, AsJson, Environment, Reason, Unmasked, WorkspaceFolder, Yes, agreed
from transload.runner.cli.plan import tell_plan
from transload.runner.cli.screen import counted, say, say_json, say_table
from transload.runner.cli.unmasked import uncovered, view
from transload.runner.ledger import Ledger
from transload.runner.ledger import references as names
from transload.runner.ledger.bulks import Bulk, Done, Way
from transload.runner.ledger.references import Ref, parse_ref
from transload.runner.ledger.repeating import Who
from transload.runner.ledger.searching import Criteria
from transload.runner.masking.values import Values
from transload.runner.masking.veil import Veil
from transload.runner.workspace import load_mask, load_workspace

_BULK = re.compile(r"b(\d{1,18})", re.IGNORECASE)
_WAYS: dict[str, Way] = {way: way for way in get_args(Way)}
_DEFAULT: dict[names.Kind, Way] = {"delivery": "redeliver", "document": "remap", "receipt": "remap"}


@guarded
def replay(
    references: Annotated[
        list[str] | None, typer.Argument(metavar="ID", help="Deliveries (s1), documents (d1) or receipts (r1).")
    ] = None,
    way: Annotated[
        str | None, typer.Option("--as", metavar="WAY", help="redeliver, remap or reingest; see above.")
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
    ids: Annotated[
        Path | None, typer.Option("--ids", metavar="FILE", help="All whose IDs stand in FILE; - is standard input.")
    ] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Only show what would come of it.")] = False,
    yes: Yes = False,
    batch: Annotated[int, typer.Option("--batch", metavar="N", min=1, max=1000, help="So many at once.")] = 100,
    rate: Annotated[
        float | None, typer.Option("--rate", metavar="N", min=0.01, help="So many a second at most.")
    ] = None,
    resume: Annotated[str | None, typer.Option("--resume", metavar="ID", help="Go on with a bulk (b1).")] = None,
    bulks: Annotated[bool, typer.Option("--bulks", help="List the replays in bulk.")] = False,
    although_refused: Annotated[
        bool,
        typer.Option(
            "--although-refused", help="Also what its sender was told is not taken: he will not send it again."
        ),
    ] = False,
    reason: Reason = None,
    unmasked: Unmasked = False,
    workspace: WorkspaceFolder = HERE,
    environment: Environment = None,
    as_json: AsJson = False,
) -> None:
    """Do again what was done: send the same bytes once more, or read what arrived with the mappings of now.

    \b
    redeliver  the same bytes are sent again, with a key of its own; control numbers are kept
    remap      messages are mapped again, and what comes of it is delivered; control numbers are new
    reingest   the bytes arrive once more, as if they came now: unwrapped, looked up among the
               duplicates, mapped, acknowledged

    A delivery (s1) is sent again, a document (d1) is mapped again, of a receipt (r1) all
    quarantined messages are, unless --as says otherwise. The work is queued: a running service
    takes it up, or the next `transload run` does. What is made anew is linked to what was
    before; the old stays as it is.

    With options of a search, --ids or --fingerprint it is a replay in bulk: what was replayed
    already or is under way is left out, what would come of it is shown, then it is asked or
    --yes does it. It has an ID (b1). If it is interrupted, the same command or --resume b1 goes
    on where it was, and does nothing twice; `transload cancel b1` stops it.

    A message that a partner brought and that could not be decrypted or verified is opened with
    the certificates of now. Its sender was told that it was not taken, so he may have sent it
    again: it is only done with --although-refused, and he is told nothing more.

    \b
    Examples:
      transload replay s12 s13 --reason "their disk was full"
      transload replay r7 && transload run
      transload replay --fingerprint 3f9a0c21b7de --preview
      transload replay --state DEAD --partner acme --since 1d --as redeliver --yes --rate 20
      transload find --number PO-1001 --ids | transload replay --ids - --preview
      transload replay r9 --although-refused
    """
    if way is not None and way not in _WAYS:
        raise typer.BadParameter(f"{way!r} is none; say {', '.join(_WAYS)}", param_hint="--as")
    chosen_way = cast("Way | None", way)
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
    )
    who = Who(by=user(), reason=reason)
    ways = [bool(references), wanted != Criteria(), ids is not None, resume is not None, bulks]
    if sum(ways) != 1:
        raise typer.BadParameter("say what: IDs, a search, --ids, --resume or --bulks, and one of them")
    with opened(workspace, environment) as ledger:
        veil = Veil(load_mask(workspace, environment=environment))
        if bulks:
            _list(ledger, veil, as_json=as_json)
            return
        if resume is not None:
            number_ = bulk_number(resume)
            if number_ is None:
                raise typer.BadParameter(f"{resume!r} is no bulk, such as b1", param_hint="--resume")
            bulk = ledger.bulks.get(number_)
            if not bulk.goes_on:
                raise ConfigurationError(f"{bulk.ref} is {bulk.state}", hint="transload replay --bulks lists them")
            _work(ledger, bulk, veil, batch=batch, rate=rate, as_json=as_json)
            return
        if references and not preview:
            refs = [named(one) for one in dict.fromkeys(references)]
            _singly(ledger, refs, chosen_way, who, (workspace, environment), sure=although_refused, as_json=as_json)
            return
        asked, kind_, numbers = _wanted(ledger, wanted, references, ids, chosen_way)
        chosen_way = chosen_way or _DEFAULT[kind_]
        left = None if preview else ledger.bulks.left(chosen_way, asked)
        if left is not None:
            if not as_json:
                say(f"{left.ref} was begun for the same and is not at its end: {left.position} of {left.total} done")
            if agreed(f"go on with {left.ref}?", yes=yes, as_json=as_json):
                _work(ledger, left, veil, batch=batch, rate=rate, as_json=as_json)
                return
            raise ConfigurationError(f"{left.ref} is not at its end", hint=f"--resume {left.ref}, or cancel it first")
        _bulk(
            ledger,
            chosen_way,
            asked,
            (kind_, numbers),
            who,
            (workspace, environment),
            preview=preview,
            yes=yes,
            unmasked=unmasked,
            batch=batch,
            rate=rate,
            as_json=as_json,
        )


def named(text: str) -> Ref:
    """The reference that a user names.  Raises `ConfigurationError`."""
    ref = parse_ref(text)
    if ref is None:
        raise ConfigurationError(f"{text!r} is no ID", hint="IDs are r1, d1 and s1; transload find lists them")
    return ref


def bulk_number(text: str) -> int | None:
    """The number of the bulk that ``text`` names; None where it names something else."""
    match = _BULK.fullmatch(text.strip())
    return int(match[1]) if match else None


def _wanted(
    ledger: Ledger, wanted: Criteria, references: Sequence[str] | None, ids: Path | None, way: Way | None
) -> tuple[dict[str, Any], names.Kind, Sequence[int]]:
    """What is asked for, for the record, and the numbers of what that is now."""
    from transload.runner.replays.chosen import SUBJECT

    if references or ids is not None:
        refs = sorted({named(text) for text in (references or _words(cast("Path", ids)))})
        kinds = {ref.kind for ref in refs}
        if len(kinds) != 1:
            raise ConfigurationError(
                "the IDs are of several kinds" if kinds else "there is no ID",
                hint="give receipts, documents or deliveries",
            )
        (only,) = kinds
        return {"ids": [str(ref) for ref in refs]}, only, [ref.id for ref in refs]
    if wanted == Criteria(fingerprint=wanted.fingerprint):
        members = ledger.failures.members(str(wanted.fingerprint))
        if len(members) > 1:
            raise ConfigurationError(
                f"{', '.join(members)} have failed in this way", hint="say which with --state, and how with --as"
            )
        for kind, numbers in members.items():
            return wanted.as_dict(), kind, numbers
        return wanted.as_dict(), "delivery", []
    if way is None:
        raise typer.BadParameter("say how: redeliver, remap or reingest", param_hint="--as")
    return wanted.as_dict(), SUBJECT[way], ledger.searching.ids(SUBJECT[way], wanted)


def _words(file: Path) -> list[str]:
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file} cannot be read: {error}") from error
    return text.split()


def _bulk(
    ledger: Ledger,
    way: Way,
    asked: dict[str, Any],
    found: tuple[names.Kind, Sequence[int]],
    who: Who,
    folder: tuple[Path, str | None],
    *,
    preview: bool,
    yes: bool,
    unmasked: bool,
    batch: int,
    rate: float | None,
    as_json: bool,
) -> None:
    """Show what would come of it, and do it when a person says so."""
    from transload.runner.replays.chosen import chosen
    from transload.runner.replays.plan import Planning

    picked = chosen(ledger, way, *found)
    workspace = load_workspace(folder[0], environment=folder[1])
    seen = view(ledger, "replay", workspace.mask, unmasked=unmasked, reason=who.reason)
    workspace = uncovered(workspace, seen.veil(Ref(found[0], item.subject) for item in picked.items))
    plan = Planning(workspace, ledger, clock=lambda: datetime.now(UTC)).plan(picked)
    done = preview or not picked.items
    if not as_json:
        tell_plan(plan)
    elif done:
        say_json(plan.as_dict())
    if done:
        raise typer.Exit(exits.CLEAN if preview else exits.ERRORS)
    if not agreed(f"{way} {counted(plan.items, 'item')}?", yes=yes, as_json=as_json):
        if as_json:
            say_json(plan.as_dict())
        say("nothing was done; --yes does it", to_error=True)
        raise typer.Exit(exits.ERRORS)
    bulk = ledger.bulks.begin(way, asked, picked.items, datetime.now(UTC), who=who)
    _work(ledger, bulk, Veil(workspace.mask), batch=batch, rate=rate, as_json=as_json)


def _work(ledger: Ledger, bulk: Bulk, veil: Veil, *, batch: int, rate: float | None, as_json: bool) -> None:
    """Do a bulk to its end, step by step; what is done is noted with it."""
    if not as_json:
        say(f"{bulk.ref}: {bulk.way} {counted(bulk.total - bulk.position, 'item')}")
    begun, count = time.monotonic(), 0
    most = batch if rate is None else max(1, min(batch, int(rate)))
    refused = 0
    try:
        while done := ledger.bulks.step(bulk.id, datetime.now(UTC), most=most):
            count += len(done)
            refused += sum(one.note is not None for one in done)
            if rate is not None and len(done) == most:
                time.sleep(max(0.0, begun + count / rate - time.monotonic()))
    except KeyboardInterrupt:
        say(
            f"{bulk.ref} is not at its end; --resume {bulk.ref} goes on, transload cancel {bulk.ref} stops it",
            to_error=True,
        )
        raise
    ended = ledger.bulks.get(bulk.id)
    if as_json:
        say_json(
            {**veil.shown(ended.as_dict(), Values()), "refused": [_done(one) for one in ledger.bulks.refused(bulk.id)]}
        )
    else:
        for one in ledger.bulks.refused(bulk.id):
            say(f"{one.subject} was left out: {one.note}")
        say(f"{ended.ref} is {ended.state}: {counted(count - refused, 'item')} queued")
    if refused or ended.state != "DONE":
        raise typer.Exit(exits.ERRORS)


def _done(one: Done) -> dict[str, Any]:
    return {"ref": one.subject, "note": one.note}


def _list(ledger: Ledger, veil: Veil, *, as_json: bool) -> None:
    found = ledger.bulks.newest()
    if as_json:
        say_json(veil.shown([bulk.as_dict() for bulk in found], Values()))
        return
    rows = [
        [
            bulk.ref,
            bulk.state,
            bulk.way,
            f"{bulk.position} of {bulk.total}",
            f"{bulk.made_at:%Y-%m-%d %H:%M}",
            bulk.by,
            bulk.reason or "",
        ]
        for bulk in found
    ]
    say_table(["ID", "STATE", "WAY", "DONE", "SINCE (UTC)", "BY", "WHY"], rows)


def _singly(
    ledger: Ledger,
    refs: Sequence[Ref],
    way: Way | None,
    who: Who,
    folder: tuple[Path, str | None],
    *,
    sure: bool,
    as_json: bool,
) -> None:
    """What is named one by one is done at once, also what was done before: a person has chosen it."""
    told = []
    for ref in refs:
        for one in _again(ledger, ref, way or _DEFAULT[ref.kind], who, folder, sure=sure):
            told.append(one)
            if not as_json:
                say(one["what"])
    if as_json:
        say_json(told)


def _again(
    ledger: Ledger, ref: Ref, way: Way, who: Who, folder: tuple[Path, str | None], *, sure: bool
) -> Iterator[dict[str, str]]:
    from transload.runner.replays.chosen import counterparts

    now = datetime.now(UTC)
    if way == "redeliver":
        for delivery in counterparts(ledger, ref, "delivery"):
            new = Ref("delivery", ledger.actions.redeliver(delivery.id, now, by=who.by, reason=who.reason))
            yield {"ref": str(delivery), "new": str(new), "what": f"{delivery} will be sent again as {new}"}
    elif way == "reingest":
        for receipt in counterparts(ledger, ref, "receipt"):
            new = Ref("receipt", ledger.actions.reingest(receipt.id, now, by=who.by, reason=who.reason))
            yield {"ref": str(receipt), "new": str(new), "what": f"{receipt} is taken in again as {new}"}
    else:
        opened_ = _reopened(ledger, ref, who, folder, sure=sure)
        if opened_ is not None:
            yield opened_
            return
        for one in [ref] if ref.kind == "receipt" else counterparts(ledger, ref, "document"):
            of = Ref("receipt", ledger.actions.remap(one, now, by=who.by, reason=who.reason))
            yield {"ref": str(one), "new": str(of), "what": f"{one} will be mapped again from {of}"}


def _reopened(
    ledger: Ledger, ref: Ref, who: Who, folder: tuple[Path, str | None], *, sure: bool
) -> dict[str, str] | None:
    """A receipt that was refused when it came, opened; None for anything else."""
    refused = ledger.reopening.candidate(ref.id) if ref.kind == "receipt" else None
    if refused is None:
        return None
    from transload.runner.receiving.reopening import reopen

    workspace = load_workspace(folder[0], environment=folder[1])
    made = reopen(workspace, ledger, refused, datetime.now(UTC), by=who.by, reason=who.reason, sure=sure)
    if made is None:
        return None
    new = Ref("receipt", made)
    return {"ref": str(ref), "new": str(new), "what": f"{ref} was opened, and will be read as {new}"}
