"""Scenes about the ledger itself: a pass and a service on each database, and what people do to a ledger by command."""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import func, or_, select, text, update
from tests.crashes.scenes.stage import HAND_OVER, PICK_UP, Stage, keep_secret, left, made, taken
from tests.postgresql import ALONE, PASSWORD, Server

from transload.runner.ledger import Ledger
from transload.runner.ledger.blobs import ERASED
from transload.runner.ledger.schema import blobs, contents, receipts
from transload.runner.workspace import load_workspace

ONE, TWO, THREE = (json.dumps({"number": f"PO-{n}", "text": f"{n} " * 40_000}).encode() for n in (1, 2, 3))
DOCUMENTS = (ONE, TWO)
"""Larger than what a database keeps where there is a folder for them."""
PASS = ("run",)
MOVES = ("commit ", "file: replace", "file: link", "file: unlink")
"""What the death of a process can be told by: whether a file was forced to disk is for a machine's."""
Scene = Callable[[Path], AbstractContextManager[Stage]]


@contextmanager
def ledger_pass(folder: Path, kept: dict[str, Any], **more: Any) -> Iterator[Stage]:
    """A pass: every commit of it."""
    root = folder / "partner"
    for name in ("out", "out/done", "out/claimed", "in"):
        (root / name).mkdir(parents=True)
    for number, content in enumerate(DOCUMENTS, start=1):
        (root / f"out/PO-{number}.json").write_bytes(content)
    connection = {"box": {"adapter": "files", "root": str(root)}}
    workspace = made(
        folder, connection, {"connection": "box", **PICK_UP}, {"connection": "box", **HAND_OVER}, every="1h"
    )
    keep_secret(workspace, "ledger", PASSWORD)
    for number, name in enumerate(("one", "two")):
        keep_secret(workspace, name, base64.b64encode(bytes([number]) * 32).decode())
    described(workspace, kept)
    stage = {"expected": DOCUMENTS, "inside": True, **more}
    yield Stage(workspace, lambda: taken(root), lambda: left(root), **stage)


@contextmanager
def ledger_zombie(folder: Path, kept: dict[str, Any]) -> Iterator[Stage]:
    """One of two services hangs and loses its sessions; when the other one has done all, it goes on where it was."""
    only = ("commit ",)
    with ledger_pass(folder, kept, call=lambda: True, beside=True, cut=lambda: _cut(stage), only=only) as stage:
        yield stage


def _cut(stage: Stage) -> None:
    """End all sessions with the database of the stage's ledger but this."""
    with Ledger(load_workspace(stage.folder).store) as ledger, ledger.read() as connection:
        connection.execute(text(ALONE)).all()


@contextmanager
def ledger_new(folder: Path, kept: dict[str, Any], fresh: Callable[[], dict[str, Any]]) -> Iterator[Stage]:
    """A pass in an empty database: its tables are made."""
    with ledger_pass(folder, fresh(), only=("commit Database._migrate",)) as stage:
        yield stage


def described(workspace: Path, kept: dict[str, Any], **encryption: Any) -> None:
    """Write what the workspace is kept in, and under which keys."""
    defaults = {"retry": {"first": "100ms", "longest": "200ms"}, "keep_payloads": "1d"}
    facts: dict[str, Any] = {"workspace": "crashes", **kept, "defaults": defaults}
    if encryption:
        facts["encryption"] = encryption
    (workspace / "transload.yaml").write_text(json.dumps(facts))


@contextmanager
def ledger_service(folder: Path, kept: dict[str, Any]) -> Iterator[Stage]:
    """A service: the same, and its schedule, its wakes and its seals. Files that are forced to disk are left out."""
    with ledger_pass(folder, kept, call=lambda: True, only=MOVES) as stage:
        yield stage


@contextmanager
def ledger_takeover(folder: Path, kept: dict[str, Any]) -> Iterator[Stage]:
    """Two services: one is killed, and the other one, which nobody tells, does what is left."""
    with ledger_pass(folder, kept, call=lambda: True, beside=True, only=MOVES) as stage:
        yield stage


@contextmanager
def replay_in_bulk(folder: Path, kept: dict[str, Any]) -> Iterator[Stage]:
    """Two receipts are read anew, one after the other; broken off, the same command goes on."""
    ids = folder / "ids"
    ids.write_text("r1\nr2\n")
    command = ("replay", "--ids", str(ids), "--as", "reingest", "--batch", "1", "--yes")
    more = {"before": (PASS,), "command": command, "afterwards": (PASS,), "expected": DOCUMENTS * 2}
    with ledger_pass(folder, kept, **more) as stage:
        yield stage


@contextmanager
def submit(folder: Path, kept: dict[str, Any]) -> Iterator[Stage]:
    """A file is handed in by a person, who gives the command again: it arrives once."""
    brought = folder / "brought.json"
    brought.write_bytes(THREE)
    command = ("submit", "partner/in", str(brought), "--reason", "it came on a stick")
    more = {"command": command, "afterwards": (PASS,), "expected": (*DOCUMENTS, THREE)}
    with ledger_pass(folder, kept, **more) as stage:
        yield stage


@contextmanager
def erase(folder: Path, kept: dict[str, Any]) -> Iterator[Stage]:
    """All that came from a partner is let go of, in the database and in files."""
    command = ("erase", "--partner", "partner", "--reason", "he asked for it", "--yes")
    with ledger_pass(folder, kept, before=(PASS,), command=command) as stage:
        stage.wrong = partial(still_there, stage)
        yield stage


@contextmanager
def tidy(folder: Path, kept: dict[str, Any]) -> Iterator[Stage]:
    """What its route keeps no longer is let go of, in the database and in files."""
    with ledger_pass(folder, kept, command=("tidy", "--yes")) as stage:
        stage.before = (PASS, partial(two_days_later, stage))
        stage.wrong = partial(still_there, stage)
        yield stage


def two_days_later(stage: Stage) -> None:
    """What has arrived did so two days ago."""
    with Ledger(load_workspace(stage.folder).store) as ledger:
        with ledger.read() as connection:
            came = connection.execute(select(receipts.c.id, receipts.c.received_at)).all()
        for number, at in came:
            earlier = update(receipts).where(receipts.c.id == number).values(received_at=at - timedelta(days=2))
            ledger.database.write(lambda connection, change=earlier: connection.execute(change))


def still_there(stage: Stage) -> list[str]:
    """Payloads and documents that are not gone from the database, and files of them."""
    files = [str(file) for file in stage.folder.glob("*.blobs/**/*") if file.is_file()]
    with Ledger(load_workspace(stage.folder).store) as ledger, ledger.read() as connection:
        there = or_(blobs.c.encoding != ERASED, blobs.c.data.is_not(None))
        payloads = select(func.count()).select_from(blobs).where(there)
        for name, count in (("blobs", payloads), ("contents", select(func.count()).select_from(contents))):
            files += [name] * int(connection.scalar(count) or 0)
    return files


@contextmanager
def backup(folder: Path, kept: dict[str, Any]) -> Iterator[Stage]:
    """A backup has its name once it is whole."""
    place = str(folder / "backup")
    verified = ("ledger", "backup", "--verify", place)
    command = ("ledger", "backup", place)
    with ledger_pass(folder, kept, before=(PASS,), command=command, afterwards=(verified,)) as stage:
        yield stage


@contextmanager
def restore(folder: Path, kept: dict[str, Any], fresh: Callable[[], dict[str, Any]]) -> Iterator[Stage]:
    """A backup becomes a ledger in an empty place, and sends nothing by itself."""
    place = str(folder / "backup")
    with ledger_pass(folder, kept) as stage:
        elsewhere = partial(described, stage.folder, fresh())
        stage.before = (PASS, ("ledger", "backup", place), elsewhere)
        stage.command = ("ledger", "restore", place)
        stage.afterwards = (("ledger", "restore", "--accept"), PASS)
        yield stage


@contextmanager
def rekey(folder: Path, kept: dict[str, Any]) -> Iterator[Stage]:
    """Everything comes under another key, and the old one is thrown away."""
    one, two = {"one": "${file:keys/one}"}, {"two": "${file:keys/two}"}
    with ledger_pass(folder, kept) as stage:
        again = partial(described, stage.folder, kept)
        again(use="one", keys={**one, **two})
        stage.before = (PASS, lambda: again(use="two", keys={**one, **two}))
        stage.command = ("rekey",)
        stage.afterwards = (lambda: again(use="two", keys=two), ("audit", "verify"))
        yield stage


Act = Callable[..., AbstractContextManager[Stage]]
_ACTS: dict[str, Act] = {
    "a pass": ledger_pass,
    "a service": ledger_service,
    "replay in bulk": replay_in_bulk,
    "submit": submit,
    "erase": erase,
    "tidy": tidy,
    "backup": backup,
    "restore": restore,
    "rekey": rekey,
}
_ACTS_ON_SERVERS: dict[str, Act] = {
    "a new ledger": ledger_new,
    **_ACTS,
    "takeover": ledger_takeover,
    "zombie": ledger_zombie,
}
"""A new file is made in each scene, and one service at a time works on it."""
_IN_TWO = (ledger_new, restore)
"""Scenes that take another database, in which nothing is yet."""
SQLITE, POSTGRESQL = "ledger on SQLite, ", "ledger on PostgreSQL, "
LEDGER_SCENES = (*(SQLITE + name for name in _ACTS), *(POSTGRESQL + name for name in _ACTS_ON_SERVERS))


def on_sqlite() -> dict[str, Scene]:
    """The scenes on a SQLite file in the workspace."""
    kept, other = {"store": "sqlite:///ledger.db"}, {"store": "sqlite:///other.db"}
    return {SQLITE + name: _played(act, lambda: kept, lambda: other) for name, act in _ACTS.items()}


def on_postgresql(server: Server) -> dict[str, Scene]:
    """The scenes on databases of ``server``, each play on an empty one, with a folder for large payloads."""
    made: list[str] = []

    def kept(database: str | None = None) -> dict[str, Any]:
        address = server.url(database or server.clean_database(), password="x").replace(":x@", "@")
        return {"store": {"url": address, "password": "${file:keys/ledger}"}, "blobs": "ledger.blobs"}

    def fresh() -> dict[str, Any]:
        while made:
            server.drop_database(made.pop())
        made.append(server.make_database())
        return {**kept(made[0]), "blobs": "other.blobs"}

    return {POSTGRESQL + name: _played(act, kept, fresh) for name, act in _ACTS_ON_SERVERS.items()}


def _played(act: Act, kept: Callable[[], dict[str, Any]], fresh: Callable[[], dict[str, Any]]) -> Scene:
    def played(folder: Path) -> AbstractContextManager[Stage]:
        return act(folder, kept(), fresh) if act in _IN_TWO else act(folder, kept())

    played.__doc__ = act.__doc__
    return played
