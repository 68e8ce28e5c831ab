"""What came of everything: each order accounted for, each state final, the ledger as it was written, the logs clean."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from tests.chaos.partner import Partner
from tests.chaos.producer import Producer

from transload.runner.ledger import Ledger, State
from transload.runner.ledger.schema import attempts, deliveries, delivery_documents, documents, receipts
from transload.runner.ledger.states import FINAL

TARGETS = ("keyed", "asked", "blind", "files")
_FINAL = {state.value for state in FINAL}


@dataclass
class Verdict:
    """``wrong`` is what must not be, each with its evidence; ``facts`` are numbers for the table."""

    wrong: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)


def unsettled(ledger: Ledger) -> dict[str, int]:
    """What is not final yet, by kind and state; UNKNOWN is, since nothing but a person ends it."""
    found = Counter[str]()
    with ledger.read() as connection:
        for table in (receipts, deliveries):
            query = select(table.c.state, func.count()).where(table.c.finished_at.is_(None)).group_by(table.c.state)
            for state, count in connection.execute(query):
                if state != State.UNKNOWN:
                    found[f"{table.name} {state}"] += count
    return dict(found)


def unknown(ledger: Ledger) -> dict[int, tuple[str, str]]:
    """The deliveries that are UNKNOWN: target and order number of each."""
    with ledger.read() as connection:
        query = _numbered().where(deliveries.c.state == State.UNKNOWN.value)
        return {row.id: (row.target.partition("/")[2], row.number) for row in connection.execute(query)}


def _numbered() -> Any:
    return (
        select(
            deliveries.c.id,
            deliveries.c.lane,
            deliveries.c.target,
            deliveries.c.order_key,
            deliveries.c.state,
            documents.c.number,
        )
        .join(delivery_documents, delivery_documents.c.delivery_id == deliveries.c.id)
        .join(documents, documents.c.id == delivery_documents.c.document_id)
        .order_by(deliveries.c.id)
    )


def landed(partner: Partner, root: Path) -> dict[str, list[str]]:
    """The order numbers at each target, as often as they came."""
    files = [file.name.partition("_")[0] for file in sorted((root / "in").iterdir()) if file.suffix == ".json"]
    return {**partner.arrived, "files": files}


def judged(ledger: Ledger, producer: Producer, partner: Partner, root: Path) -> Verdict:
    """The verdict on a run that has settled."""
    verdict = Verdict()
    there = landed(partner, root)
    rows: dict[str, list[Any]] = defaultdict(list)
    with ledger.read() as connection:
        for row in connection.execute(_numbered()):
            rows[row.target.partition("/")[2]].append(row)
        cut = set(connection.scalars(select(attempts.c.delivery_id).where(attempts.c.outcome == "interrupted")))
    for target in TARGETS:
        _account(verdict, target, there[target], rows[target], producer, cut)
    for target in ("keyed", "asked"):
        _order(verdict, target, there[target], rows[target])
    _states(verdict, ledger)
    _acknowledged(verdict, root, producer)
    left = [file.name for name in ("in", "acks") for file in (root / name).iterdir() if ".part" in file.name]
    left += [file.name for name in ("edi", "csv") for file in (root / name).iterdir() if file.is_file()]
    if verdict.wrong:
        verdict.wrong += _reasons(ledger)
    if left:
        verdict.wrong.append(f"left lying about: {left}")
    verdict.wrong += [f"ledger: {finding.code} {finding.message}" for finding in ledger.verify()]
    return verdict


def _account(
    verdict: Verdict, target: str, there: list[str], rows: list[Any], producer: Producer, cut: set[int]
) -> None:
    counts = Counter(there)
    states = {row.number: row for row in rows}
    lost = [number for number in producer.orders if counts[number] == 0]
    twice = [number for number, count in counts.items() if count > 1]
    strange = [number for number in counts if number not in producer.orders]
    excused = {row.number for row in rows if row.id in cut} if target == "blind" else set()
    verdict.facts[f"{target}: landed / lost / twice"] = f"{len(counts)} / {len(lost)} / {len(twice)}"
    for what, numbers in (("lost", lost), ("twice", [n for n in twice if n not in excused]), ("never sent", strange)):
        verdict.wrong += [
            f"{target}: {number} {what}: {counts[number]} times there, delivery"
            f" {f's{states[number].id} {states[number].state}' if number in states else 'none'}"
            for number in numbers[:20]
        ]


def _order(verdict: Verdict, target: str, there: list[str], rows: list[Any]) -> None:
    """Deliveries of a lane with one order key must arrive as they were staged."""
    position = {number: at for at, number in reversed(list(enumerate(there)))}
    last: dict[tuple[str, str], Any] = {}
    for row in rows:
        at = position.get(row.number)
        if at is None or row.order_key is None:
            continue
        before = last.get((row.lane, row.order_key))
        if before is not None and position[before.number] > at:
            verdict.wrong.append(f"{target}: s{before.id} ({before.number}) came after s{row.id} ({row.number})")
        last[row.lane, row.order_key] = row
    verdict.facts[f"{target}: lanes and order keys"] = len(last)


def _states(verdict: Verdict, ledger: Ledger) -> None:
    with ledger.read() as connection:
        for table in (receipts, documents, deliveries):
            query = select(table.c.state, func.count()).group_by(table.c.state).order_by(table.c.state)
            counts = {str(row[0]): int(row[1]) for row in connection.execute(query)}
            verdict.facts[table.name] = ", ".join(f"{count} {state}" for state, count in counts.items())
            verdict.wrong += [f"{n} {table.name} are {state}" for state, n in counts.items() if state not in _FINAL]
            if State.DEAD in counts:
                verdict.wrong.append(f"{counts[State.DEAD]} {table.name} were given up")
        tries = connection.execute(select(attempts.c.outcome, func.count()).group_by(attempts.c.outcome)).all()
        verdict.facts["attempts"] = ", ".join(f"{count} {said}" for said, count in sorted(tries, key=str))


def _reasons(ledger: Ledger) -> list[str]:
    """Why documents are quarantined, each reason once with how often: it may tell where an order has gone."""
    with ledger.read() as connection:
        query = select(documents.c.route, documents.c.findings)
        rows = connection.execute(query.where(documents.c.state == State.QUARANTINED.value)).all()
    counts = Counter((row.route, row.findings[0]["code"] if row.findings else "") for row in rows)
    return [f"(quarantined: {count} times {code} of {route})" for (route, code), count in counts.items()]


def _acknowledged(verdict: Verdict, root: Path, producer: Producer) -> None:
    """Each good interchange has a CONTRL that says so."""
    taken = Counter[str]()
    for file in (root / "acks").iterdir():
        for segment in file.read_text("latin-1").replace("\n", "").split("'"):
            parts = segment.split("+")
            if parts[0] == "UCI" and parts[4] in ("7", "8"):
                taken[parts[1]] += 1
    missing = sorted(reference for reference in producer.interchanges if not taken[reference])
    verdict.facts["interchanges acknowledged"] = f"{len(taken)} of {len(producer.interchanges)}"
    verdict.wrong += [f"interchange {reference} was not acknowledged" for reference in missing[:20]]
