"""The shadow replay: receipt by receipt, the newest first, what is stored beside what would be made now."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from transload.canonical.errors import ConfigurationError
from transload.canonical.findings import Severity
from transload.runner.impact.comparing import Comparison
from transload.runner.impact.hiding import Hiding
from transload.runner.impact.made import Made, Outcome, of_stored
from transload.runner.impact.rebuilding import Rebuilt, rebuilt
from transload.runner.impact.replaying import Replay, Side, unfiltered
from transload.runner.impact.report import Impact
from transload.runner.impact.selecting import Concern, concerned, path_of
from transload.runner.impact.versions import Versions, version_named
from transload.runner.ledger import Erased, Ledger, LedgerError, State
from transload.runner.ledger.history import MESSAGES, Arrived, Sent, Stored
from transload.runner.lines.lines import Line
from transload.runner.workspace import Workspace

NOW = "now"
"""Written for ``against``: the versions in use, also where what is stored was made by them."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is asked.

    ``files`` leaves the routes that they concern, ``routes`` those named; with ``only_changed`` those whose own files
    are not what is in use.  ``last`` is how many receipts of each route are read at most.  ``against`` is `NOW`, or
    the beginning of the digest of a version to compare with; None compares with what is stored, and where that was
    made by an older version than the one in use, with what this one makes.  ``samples`` are told of each kind of
    difference, ``fields`` the only places of which differences are told.  ``masked`` hides values.
    """

    files: Sequence[str] = ()
    routes: Sequence[str] = ()
    only_changed: bool = False
    since: datetime | None = None
    until: datetime | None = None
    last: int | None = None
    against: str | None = None
    samples: int = 3
    fields: Sequence[str] = ()
    masked: bool = True


def impact_of(workspace: Workspace, ledger: Ledger, asked: Asked) -> Impact:
    """Compare what is stored in ``ledger`` with what ``workspace`` would make.

    Raises `ConfigurationError` where files or routes are not there or have errors, `Retry` and `Stop` where something
    that mappings look up cannot be had, and `LedgerError`.
    """
    chosen = [] if asked.against in (None, NOW) else [version_named(ledger, str(asked.against))]
    versions = Versions(ledger, chosen)
    routes = list(dict.fromkeys(asked.routes)) or list(workspace.receive_routes)
    lines = [Line(workspace=workspace, route=unfiltered(workspace.receive_route(ref))) for ref in routes]
    for line in lines:
        line.make_ready()
    concerns: Mapping[str, Concern] | None = None
    if asked.files:
        concerns = concerned(lines, workspace.folder, asked.files)
        lines = [line for line in lines if line.route.ref in concerns]
    if asked.only_changed:
        named = {path_of(file, workspace.folder) for file in asked.files}
        lines = [line for line in lines if _is_changed(line, versions, named)]
    for version in chosen:
        if not any(
            (one.kind, one.name) == (version.kind, version.name) for line in lines for one in versions.of_line(line)
        ):
            message = (
                f"{version.digest[:12]} is a version of the {version.kind} {version.name}, which no route here uses"
            )
            raise ConfigurationError(message, hint="choose other routes or another version")
    result = Impact(samples=asked.samples, wanted=asked.fields, **_hiding(lines, workspace, masked=asked.masked))
    with rebuilt(workspace, versions) as before:
        for line in lines:
            concern = concerns.get(line.route.ref) if concerns is not None else None
            result.routes.append(line.route.ref)
            result.versions += [version for version in versions.of_line(line) if version not in result.versions]
            _Route(
                ledger=ledger,
                line=line,
                real=Line(workspace=workspace, route=workspace.receive_route(line.route.ref)),
                versions=versions,
                before=before,
                asked=asked,
                concern=concern or Concern(),
                only=_only(line, versions, concern, asked),
                result=result,
            ).work()
    return result


def _is_changed(line: Line, versions: Versions, files: set[Path]) -> bool:
    """Whether something that a line depends on, and that is made of one of ``files``, is not what is in use."""
    return any(one.changed and (not files or one.sources & files) for one in versions.of_line(line))


def _hiding(lines: Sequence[Line], workspace: Workspace, *, masked: bool) -> dict[str, Hiding]:
    wanted = masked or workspace.mask
    return {"hide": Hiding(lines, fields=workspace.mask, others=masked)} if wanted else {}


def _only(line: Line, versions: Versions, concern: Concern | None, asked: Asked) -> frozenset[str] | None:
    """The targets whose own files may make a difference; None where that is not known, and all are written."""
    if asked.only_changed:
        return versions.changed_targets(line)
    return concern.targets | versions.changed_targets(line) if concern is not None else None


@dataclass(kw_only=True)
class _Route:
    """The work on one receive route: ``line`` is without filters, ``real`` as it is."""

    ledger: Ledger
    line: Line
    real: Line
    versions: Versions
    before: Rebuilt
    asked: Asked
    concern: Concern
    only: frozenset[str] | None
    result: Impact
    _older: bool = False
    """Whether what is read by now was made with older versions than those in use."""
    _then: Side | None = None
    _gone: str = ""
    """Why the side before cannot be built."""

    def work(self) -> None:
        """Read all receipts that were asked for."""
        now = Side(self.line, self.ledger)
        found = self.ledger.history.arrived(
            self.line.route.ref,
            since=self.asked.since,
            until=self.asked.until,
            kinds=tuple(sorted(self.concern.kinds)),
            last=self.asked.last,
        )
        for arrived in found:
            reason = self._unread(arrived)
            if reason is not None:
                self.result.apart[reason] += 1
                continue
            try:
                payload = arrived.payload()
            except Erased:
                self.result.apart["its bytes were erased"] += 1
                continue
            except LedgerError:
                self.result.apart["its bytes are not there any more"] += 1
                continue
            self.result.receipts += 1
            _Receipt(self, arrived, payload, now).work()

    def _unread(self, arrived: Arrived) -> str | None:
        """Why what is in a receipt was never read, so that there is nothing to compare with; None where it was."""
        if arrived.state is not State.QUARANTINED or arrived.receipt.position or arrived.stored(1, 1):
            return None
        if self.real.route.filters and not arrived.receipt.unpacked:
            return "filters did not unwrap it"
        return "it was refused when the partner brought it" if self.real.route.is_called else None

    def then(self) -> Side | None:
        """The side before; None where it cannot be built."""
        if self._then is None and not self._gone:
            try:
                self._then = Side(self.before.line(self.line.route.ref), self.ledger)
            except ConfigurationError as error:
                self._gone = error.message
        return self._then

    @property
    def gone(self) -> str:
        """Why the side before cannot be built."""
        return self._gone

    def is_baseline(self, stored: Sequence[Stored]) -> bool:
        """Whether what is stored of a message was made by what is in use, and so can be compared with."""
        if self.asked.against is not None:
            return False
        made = [self._made_in_use(item) for item in stored]  # all of them, as each is looked at for older ones
        return all(made)

    def _made_in_use(self, stored: Stored) -> bool:
        if stored.product != self.real.product:
            return False
        if not self.versions.same(stored.partner_digest, self.versions.partner(self.line.partner.name)):
            self._older = True
            return False
        if stored.mapping is None or stored.mapping_digest is None:
            return self._refused_in_use(stored)
        if not self.versions.same(stored.mapping_digest, self.versions.reading(self.line.route.ref, stored.mapping)):
            self._older = True
            return False
        return all(self._written_in_use(sent) for sent in stored.sent.values())

    def _refused_in_use(self, stored: Stored) -> bool:
        """Whether a message was refused by what is in use, as far as is known: its mapping is not recorded."""
        return not self._older and (self.concern.unrecorded or stored.created_at >= self._in_use_since)

    @cached_property
    def _in_use_since(self) -> datetime:
        """When the last of the mappings that read came into use."""
        used = (self.versions.reading(self.line.route.ref, mapping.name) for mapping in self.line.route.mappings)
        kept = (self.versions.kept(digest) for digest in used if digest is not None)
        return max((one.since for one in kept if one is not None), default=datetime.min.replace(tzinfo=UTC))

    def _written_in_use(self, sent: Sent) -> bool:
        writer = next((one for one in self.real.writers if one.outlet.target == sent.target), None)
        if any(send.ref == sent.target and (send.filters or send.batch) for send in self.real.route.to):
            return False  # what was sent is wrapped, or holds other documents as well
        partner = sent.target.partition("/")[0]
        if not self.versions.same(sent.partner_digest, self.versions.partner(partner)):
            return False
        if sent.mapping_digest is None or writer is None:
            return True  # passed on as it is; or the target is no more, which the partner's file says
        used = self.versions.writing(sent.target, writer.mapping.name)
        return sent.product == writer.product and self.versions.same(sent.mapping_digest, used)


class _Receipt:
    """The work on one receipt."""

    def __init__(self, route: _Route, arrived: Arrived, payload: bytes, now: Side) -> None:
        self.route = route
        self.arrived = arrived
        self.payload = payload
        self.now = now
        self.then: Replay | None = None
        self.known: dict[int, list[Stored]] = {}
        self.until = 0
        self.told: set[str] = set()

    def work(self) -> None:
        """Compare each of its messages."""
        receipt = replace(self.arrived.receipt, again=None)
        replay = self.now.read(receipt, self.payload)
        last = 0
        for number in replay:
            last = number
            self._message(number, self._stored(number), replay)
        for number, stored in self._beyond(last):
            self._message(number, stored, replay)

    def _stored(self, number: int) -> list[Stored]:
        """What is stored of a message, taken from the ledger in windows."""
        if number > self.until:
            self.known = self.arrived.stored(number, number + MESSAGES - 1)
            self.until = number + MESSAGES - 1
        return self.known.get(number, [])

    def _beyond(self, last: int) -> Iterator[tuple[int, list[Stored]]]:
        """What is stored of messages that are not found any more."""
        number = last + 1
        while stored := self.arrived.stored(number, number + MESSAGES - 1):
            yield from sorted(stored.items())
            number += MESSAGES

    def _message(self, number: int, stored: list[Stored], replay: Replay) -> None:
        result, route = self.route.result, self.route
        result.messages += 1
        if not stored and self.arrived.state is not State.QUARANTINED:
            result.apart["a person has put it out of force"] += 1
            return
        if any(item.state is State.DUPLICATE for item in stored):
            result.duplicates += 1
            return
        if any(sent.erased for item in stored for sent in item.sent.values()):
            result.apart["what was sent of it was erased"] += 1
            return
        moment = stored[0].created_at if stored else self.arrived.receipt.received_at
        if route.is_baseline(stored):
            old = [of_stored(item, self.now.formats) for item in stored] or [_unread(self.arrived)]
            moments = {sent.target: sent.staged_at for item in stored for sent in item.sent.values()}
        else:
            then = self._then()
            if then is None:
                result.apart[route.gone] += 1
                return
            then.advance(number)
            result.rebuilt += 1
            ids = {item.ordinal: item.id for item in stored}
            first = stored[0].id if stored else None
            old = [replace(one, id=ids.get(one.ordinal, first)) for one in then.made(moment)]
            moments = {}
        new = replay.made(moment)
        if not old or not new:
            return
        compare = Comparison(again=_again(replay, moment, moments), told=self.told, only=route.only)
        partner = route.line.partner.name
        for changed in compare.changes(old, new):
            result.add(partner, route.line.route.ref, self.arrived.receipt.id, number, changed)

    def _then(self) -> Replay | None:
        if self.then is None:
            side = self.route.then()
            if side is not None:
                self.then = side.read(replace(self.arrived.receipt, again=None), self.payload)
        return self.then


def _unread(arrived: Arrived) -> Made:
    """What is stored of a message that was not found when its payload was read."""
    errors = [finding for finding in arrived.findings if finding["severity"] == Severity.ERROR.value]
    reason = f"{errors[0]['code']} {errors[0]['message']}" if errors else ""
    return Made(ordinal=0, outcome=Outcome.REFUSED, reason=reason)


def _again(replay: Replay, moment: datetime, moments: Mapping[str, datetime]) -> Callable[[str, Made], Made]:
    """Makes a document as at the moment at which its delivery to a target was made."""

    def again(target: str, new: Made) -> Made:
        then = moments.get(target, moment)
        if then == moment:
            return new
        return next((one for one in replay.made(then) if one.ordinal == new.ordinal), new)

    return again
