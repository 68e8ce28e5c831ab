"""A run: the actors are put on stage, trouble is made for a while, all settles, and it is judged."""

import json
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import make_url
from tests.chaos.judging import Verdict, judged, landed, unknown, unsettled
from tests.chaos.partner import Partner
from tests.chaos.producer import Producer
from tests.chaos.trouble import Trouble
from tests.chaos.workers import Worker, tracebacks
from tests.chaos.workspace import Place
from tests.postgresql import PASSWORD, Server, binaries, running

from transload.canonical.errors import TransloadError
from transload.runner.cli.run import checked
from transload.runner.demo.partners.servers import http_server
from transload.runner.ledger import Ledger
from transload.runner.workspace import load_workspace

_FIRST = 30.0
"""How long the first documents may take to arrive, before there is trouble."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How fast all goes, in seconds: pauses on the average, spans at most.

    ``large`` is the number of orders in a large interchange, ``most`` that of interchanges.  ``only`` are the troubles,
    each made once in this order; else any of them are made as long as the run goes on.
    """

    delivering: float = 1.0
    trouble: float = 6.0
    stood: float = 8.0
    away: float = 4.0
    quiet: float = 1.5
    patience: float = 0.0
    settling: float = 300.0
    large: int = 150
    most: int | None = None
    only: tuple[str, ...] = ()


@dataclass
class Report:
    """What a run came to."""

    facts: dict[str, Any] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


def chaos(
    folder: Path, *, store: str, workers: int, seconds: float, seed: int, pace: Pace, server: Server | None = None
) -> Report:
    """Run in ``folder`` for ``seconds``, and until all has settled; ``server`` is there where PostgreSQL is meant."""
    with ExitStack() as stack:
        if store == "postgresql" and server is None:
            programs = binaries()
            if programs is None:
                raise SystemExit("no PostgreSQL server: apt-get install postgresql")
            server = stack.enter_context(running(programs))
        mark = f"{seed}:{store}"
        partner = Partner(mark)
        address = stack.enter_context(http_server(partner))
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        database = server.make_database() if server else ""
        url = server.url(database) if server else f"sqlite:///{folder}/var/ledger.db"
        place = Place(folder=folder / "workspace", root=folder / "partner", port=port, quiet=pace.quiet)
        place.write(_written(url), PASSWORD, address)
        checked(load_workspace(place.folder))  # what is wrong with the workspace itself needs no trouble to show
        logs = folder / "logs"
        logs.mkdir()
        crew = [Worker(place.folder, logs, number, pace.patience) for number in range(1, workers + 1)]
        producer = Producer(place, mark, pause=pace.delivering, large=pace.large, most=pace.most)
        trouble = Trouble(
            crew, partner, server, place.root / "in", mark, pause=pace.trouble, stood=pace.stood, away=pace.away
        )
        try:
            return _played(place, url, crew, producer, partner, trouble, seconds, pace, logs)
        finally:
            producer.stop()
            for worker in crew:
                worker.kill()


def _written(url: str) -> dict[str, str]:
    """The store as a workspace has it, its password a reference."""
    if url.startswith("sqlite"):
        return {"url": url}
    plain = make_url(url)._replace(password=None).render_as_string()
    return {"url": plain, "password": "${file:keys/ledger}"}


def _played(
    place: Place,
    url: str,
    crew: list[Worker],
    producer: Producer,
    partner: Partner,
    trouble: Trouble,
    seconds: float,
    pace: Pace,
    logs: Path,
) -> Report:
    began = time.monotonic()
    for worker in crew:
        worker.start()
    producer.start()
    until = time.monotonic() + _FIRST
    while not all(partner.arrived.values()) and time.monotonic() < until:
        trouble.tend()
        time.sleep(0.05)
    trouble.run(seconds, only=pace.only)
    producer.stop()
    report = Report()
    settled = time.monotonic()
    with Ledger(url) as ledger:
        left = _settle(ledger, producer, place, trouble, pace.settling)
        asked = unknown(ledger)
        if not left and asked:
            _resolve(place, asked, landed(partner, place.root))
            left = _settle(ledger, producer, place, trouble, pace.settling)
        codes = [worker.end() for worker in crew]
        verdict = judged(ledger, producer, partner, place.root)
    report.facts = _facts(producer, partner, trouble, crew, verdict)
    report.facts["UNKNOWN, resolved by the command"] = _summed([target for target, _ in asked.values()])
    report.facts["seconds: trouble / settling"] = f"{settled - began:.0f} / {time.monotonic() - settled:.0f}"
    report.wrong += verdict.wrong + trouble.faults
    report.wrong += [f"not settled after {pace.settling:.0f} s: {what}" for what in left]
    report.wrong += [
        f"{target}: s{n} ({number}) is UNKNOWN" for n, (target, number) in asked.items() if target != "blind"
    ]
    report.wrong += [f"a worker ended with {code} at the end" for code in codes if code]
    report.wrong += tracebacks(logs)
    return report


def _settle(ledger: Ledger, producer: Producer, place: Place, trouble: Trouble, seconds: float) -> list[str]:
    """Wait until nothing moves any more; gives what still does when the time is up."""
    until, still = time.monotonic() + seconds, 0
    left: list[str] = []
    while time.monotonic() < until:
        trouble.tend()
        try:
            left = [f"{count} {what}" for what, count in unsettled(ledger).items()]
        except TransloadError as error:
            left = [error.message]
        left += [f"{name}/{file.name}" for name in ("edi", "csv") for file in (place.root / name).glob("*.*")]
        left += [f"{producer.waiting} callers"] if producer.waiting else []
        still = 0 if left else still + 1
        if still == 3:
            return []
        time.sleep(0.25)
    return left


def _resolve(place: Place, asked: dict[int, tuple[str, str]], there: dict[str, list[str]]) -> None:
    """Ask the other side, and say by the command which landed and which did not."""
    for word in ("--landed", "--send-again"):
        which = [f"s{n}" for n, (target, number) in asked.items() if (number in there[target]) == (word == "--landed")]
        if which:
            command = [sys.executable, "-m", "transload.runner.cli", "resolve", word, "--workspace", str(place.folder)]
            subprocess.run([*command, *which], check=True, capture_output=True, timeout=60)


def _facts(
    producer: Producer, partner: Partner, trouble: Trouble, crew: list[Worker], verdict: Verdict
) -> dict[str, Any]:
    ends = sum((worker.ends for worker in crew), start=type(crew[0].ends)())
    return {
        "interchanges delivered": _counted(producer.delivered),
        "orders in them": f"{len(producer.orders)}, and {len(producer.never)} broken",
        "trouble": _counted(trouble.made),
        "faults of targets": _counted(partner.faults),
        "starts of workers": sum(worker.starts for worker in crew),
        "ends of workers": json.dumps(dict(sorted(ends.items()))),
        "known again by its key": partner.repeats,
        **verdict.facts,
    }


def _counted(counts: Any) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "none"


def _summed(names: list[str]) -> str:
    return ", ".join(f"{names.count(name)} {name}" for name in sorted(set(names))) or "none"
