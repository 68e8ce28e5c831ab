"""What is wrong now, made into incidents: by the ledger, the disk, and our own certificate."""

import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from cryptography.x509 import load_pem_x509_certificates

from transload.runner.alarms.wording import line
from transload.runner.ledger.conditions import KINDS, Bad, Conditions, Holding
from transload.runner.ledger.incidents import Change, Closing, Incident, Judged, Opening, Severity
from transload.runner.ledger.states import State

STANDS = timedelta(minutes=30)
"""How long nothing may happen on a lane with work that is due."""
LEAST_SHARE, LEAST_FREE = 0.05, 5 * 2**30
"""A disk is nearly full below both."""
CERTIFICATE_WARNING, CERTIFICATE_ERROR = timedelta(days=21), timedelta(days=3)
_WORDS = {
    "dead": ("delivery is", "deliveries are", "DEAD", "transload documents --state DEAD; then transload replay"),
    "rejected": ("delivery is", "deliveries are", "rejected by the partner", "transload documents --state REJECTED"),
    "unknown": (
        "delivery is",
        "deliveries are",
        "UNKNOWN: sent, and the answer was lost",
        "ask the other side, then transload resolve",
    ),
    "quarantined": (
        "document is",
        "documents are",
        "quarantined",
        "transload documents --state QUARANTINED; mend it, then transload replay",
    ),
    "quarantined receipt": (
        "receipt is",
        "receipts are",
        "quarantined: nothing could be read",
        "transload show tells why; mend it, then transload replay",
    ),
    "quarantined delivery": ("acknowledgement", "acknowledgements", "could not be made", "transload show tells why"),
}
_WORST: dict[str, Severity] = {"rejected": "warning"}


def waiting(conditions: Conditions, incidents: Iterable[Incident]) -> Judged:
    """Things that wait for people: dead, rejected, unknown, quarantined; each kind of failure is one incident."""
    changes: list[Opening | Change | Closing] = []
    by_kind: dict[str, list[Incident]] = defaultdict(list)
    for incident in incidents:
        by_kind[incident.source].append(incident)
    for kind in KINDS:
        groups: dict[str, list[Bad]] = defaultdict(list)
        for bad in conditions.fresh(kind):
            groups[f"{kind}|{bad.about}|{bad.cluster}"].append(bad)
        for incident in by_kind[kind]:
            fresh = [bad.id for bad in groups.pop(incident.subject, [])]
            count = conditions.lasting(kind, incident.id) + len(fresh)
            if count == 0:
                changes.append(Closing(incident=incident.id, why="nothing of it waits any more"))
            elif fresh or count != incident.count:
                title = _title(kind, count, incident.about, incident.detail["code"])
                detail = incident.detail
                changes.append(Change(incident=incident.id, title=title, count=count, members=fresh, detail=detail))
        changes += [_opening(kind, subject, group) for subject, group in groups.items()]
    return Judged(changes=changes)


def _opening(kind: str, subject: str, group: list[Bad]) -> Opening:
    first = group[0]
    letter = {"quarantined": "d", "quarantined receipt": "r"}.get(kind, "s")
    return Opening(
        source=kind,
        subject=subject,
        key=f"{subject}|{first.id}" + (f"|after i{first.before}" if first.before else ""),
        severity=_WORST.get(kind, "error"),
        partner=first.about.partition("/")[0],
        about=first.about,
        title=_title(kind, len(group), first.about, first.code),
        hint=_WORDS[kind][3],
        detail={"code": first.code, "first": f"{letter}{first.id}"},
        count=len(group),
        members=[bad.id for bad in group],
    )


def _title(kind: str, count: int, about: str, code: str) -> str:
    one, many, what, _ = _WORDS[kind]
    return f"{count} {one if count == 1 else many} {what} on {about}" + (f" ({code})" if code else "")


def lasting(source: str, found: Mapping[str, Callable[[], Opening]], incidents: Iterable[Incident], why: str) -> Judged:
    """Open what is found (by subject) and not open, close what is open and not found."""
    known = {incident.subject: incident for incident in incidents if incident.source == source}
    changes: list[Opening | Change | Closing] = [
        Closing(incident=incident.id, why=why) for subject, incident in known.items() if subject not in found
    ]
    changes += [make() for subject, make in found.items() if subject not in known]
    return Judged(changes=changes)


def breakers(conditions: Conditions, incidents: Iterable[Incident]) -> Judged:
    """Connections that are left alone, since login, certificate or address are wrong."""

    def opening(connection: str, row: Mapping[str, Any]) -> Opening:
        codes = sorted({finding["code"] for finding in row["findings"]})
        why = next((finding["message"] for finding in row["findings"]), None) or "it failed"
        return Opening(
            source="breaker",
            subject=f"breaker|{connection}",
            key=f"breaker|{connection}|{row['opened_at'].isoformat()}",
            severity="error",
            partner=connection.partition("/")[0],
            about=connection,
            title=f"the connection {connection} is not used for now: {line(why)}",
            hint=f"transload probe {connection} tells what is wrong",
            detail={"codes": codes},
            lasting=True,
        )

    rows = conditions.open_breakers().items()
    found = {f"breaker|{name}": partial(opening, name, row) for name, row in rows}
    return lasting("breaker", found, incidents, "the connection works again")


def held(conditions: Conditions, incidents: Iterable[Incident], now: datetime) -> Judged:
    """Failed deliveries behind which others of their sequences wait, since their route says hold; or unknown ones."""
    known = {incident.subject: incident for incident in incidents if incident.source == "held"}
    found = {f"held|s{one.delivery}": one for one in conditions.holding()}
    changes: list[Opening | Change | Closing] = [
        Closing(incident=incident.id, why="nothing waits behind it any more")
        for subject, incident in known.items()
        if subject not in found
    ]
    for subject, one in found.items():
        incident = known.get(subject)
        if incident is None:
            changes.append(_holding(subject, one, now))
        elif incident.count != one.count:
            title = _held_title(one)
            changes.append(
                Change(incident=incident.id, title=title, count=one.count, members=[], detail=incident.detail)
            )
    return Judged(changes=changes)


def _holding(subject: str, one: Holding, now: datetime) -> Opening:
    name = f"s{one.delivery}"
    ways = (
        f"transload resolve {name} says whether it landed"
        if one.state is State.UNKNOWN
        else f"transload replay {name} sends it first; transload cancel {name} lets the others go without it"
    )
    return Opening(
        source="held",
        subject=subject,
        key=f"{subject}|{now.isoformat()}",
        severity="error",
        partner=one.route.partition("/")[0],
        about=one.route,
        title=_held_title(one),
        hint=ways,
        detail={"delivery": name, "state": one.state.value},
        count=one.count,
        lasting=True,
    )


def _held_title(one: Holding) -> str:
    many = "delivery waits" if one.count == 1 else "deliveries wait"
    return f"{one.count} {many} on {one.route} behind s{one.delivery} of their sequence, which is {one.state.value}"


def crowds(counts: Mapping[str, tuple[int, int]], incidents: Iterable[Incident], now: datetime) -> Judged:
    """Receive routes of which more waits than may, by name with what waits and what may; their sources rest."""
    found = {
        f"crowd|{route}": partial(_crowd, route, most, now)
        for route, (waiting, most) in counts.items()
        if waiting > most
    }
    return lasting("crowd", found, incidents, "less waits again")


def _crowd(route: str, most: int, now: datetime) -> Opening:
    return Opening(
        source="crowd",
        subject=f"crowd|{route}",
        key=f"crowd|{route}|{now.isoformat()}",
        severity="warning",
        partner=route.partition("/")[0],
        about=route,
        title=f"the source of {route} is not asked: more than {most} wait, to be read or sent",
        hint="transload pause --lanes tells what waits where; mend the targets that stand still",
        lasting=True,
    )


def lanes(
    conditions: Conditions, state: Mapping[str, Any] | None, incidents: Iterable[Incident], now: datetime
) -> Judged:
    """Lanes with work that is due, on which nothing has happened for half an hour; held ones too."""
    before = dict((state or {}).get("lanes", {}))
    seen: dict[str, Any] = {}
    found: dict[str, Callable[[], Opening]] = {}
    for lane in conditions.standing(now - STANDS):
        sequence, since = before.get(lane.lane, (None, None))
        moved = sequence != lane.sequence or datetime.fromisoformat(since) > now
        seen[lane.lane] = [lane.sequence, now.isoformat() if moved else since]
        if not moved and now - datetime.fromisoformat(since) >= STANDS:
            found[f"lane|{lane.lane}"] = partial(_standing, lane.lane, lane.count, lane.paused, now)
    judged = lasting("lane", found, incidents, "it moves again")
    states = {"lanes": (now, {"lanes": seen})} if seen != before else {}
    return Judged(changes=judged.changes, states=states)


def _standing(lane: str, count: int, paused: bool, now: datetime) -> Opening:
    return Opening(
        source="lane",
        subject=f"lane|{lane}",
        key=f"lane|{lane}|{now.isoformat()}",
        severity="warning" if paused else "error",
        partner=lane.removeprefix("in:").partition("/")[0],
        about=lane,
        title=f"{count} wait in the lane {lane}, which {'is held' if paused else 'does not move'}",
        hint="release it when the reason is gone" if paused else "see the service's log; is the route still there?",
        lasting=True,
    )


def disk(folders: Iterable[Path], incidents: Iterable[Incident], now: datetime) -> Judged:
    """The disks that hold the ledger, each told once: nearly full below 5 % and 5 GiB."""
    found: dict[str, Callable[[], Opening]] = {}
    disks: set[int] = set()
    for folder in folders:
        try:
            usage, disk = shutil.disk_usage(folder), folder.stat().st_dev
        except OSError:  # what is wrong with the folder is told by whoever needs it
            continue
        if disk in disks:
            continue
        disks.add(disk)
        if usage.free < LEAST_FREE and usage.free < LEAST_SHARE * usage.total:
            found[f"disk|{folder}"] = partial(_nearly_full, folder, usage.free, now)
    return lasting("disk", found, incidents, "there is space again")


def _nearly_full(folder: Path, free: int, now: datetime) -> Opening:
    return Opening(
        source="disk",
        subject=f"disk|{folder}",
        key=f"disk|{folder}|{now.isoformat()}",
        severity="error",
        partner=None,
        about=str(folder),
        title=f"the disk of {folder} is nearly full: {free // 2**20} MiB are left",
        hint="free some space; nothing is acknowledged or deleted at partners while the ledger cannot be written",
        lasting=True,
    )


def certificates(files: Iterable[Path], incidents: Iterable[Incident], now: datetime) -> Judged:
    """Certificates of ours in PEM files that end within three weeks."""
    found: dict[str, Callable[[], Opening]] = {}
    for file in files:
        for end in _ends(file):
            if end - now < CERTIFICATE_WARNING:
                found.setdefault(f"certificate|{file}", partial(_ending, file, end, now))
    return lasting("certificate", found, incidents, "there is a newer one")


def _ends(file: Path) -> Iterator[datetime]:
    try:
        yield from (found.not_valid_after_utc for found in load_pem_x509_certificates(file.read_bytes())[:1])
    except (OSError, ValueError):  # the web server, which needs it, says what is wrong with it
        return


def _ending(file: Path, end: datetime, now: datetime) -> Opening:
    return Opening(
        source="certificate",
        subject=f"certificate|{file}",
        key=f"certificate|{file}|{end.isoformat()}",
        severity="error" if end - now < CERTIFICATE_ERROR else "warning",
        partner=None,
        about=str(file),
        title=f"the certificate in {file} ends on {end:%Y-%m-%d %H:%M} UTC",
        hint="get a new one, put it there, and tell partners who pin it",
        detail={"ends": end.isoformat()},
        lasting=True,
    )
