"""Scenes about the ledger itself: a pass and a service on each database, and what people do to a ledger by command."""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from tests.crashes.scenes.stage import HAND_OVER, PICK_UP, Stage, keep_secret, left, made, taken
from tests.postgresql import PASSWORD, Server

DOCUMENTS = tuple(json.dumps({"number": f"PO-{n}", "text": f"{n} " * 40_000}).encode() for n in (1, 2))
"""Larger than what a database keeps: they lie in files beside a SQLite ledger."""
PASS = ("run",)
Scene = Callable[[Path], AbstractContextManager[Stage]]


@contextmanager
def ledger_pass(folder: Path, store: dict[str, str], **more: Any) -> Iterator[Stage]:
    """A pass: every commit of it."""
    root = folder / "partner"
    for name in ("out", "out/done", "out/claimed", "in"):
        (root / name).mkdir(parents=True)
    for number, content in enumerate(DOCUMENTS, start=1):
        (root / f"out/PO-{number}.json").write_bytes(content)
    connection = {"box": {"adapter": "files", "root": str(root)}}
    workspace = made(
        folder, connection, {"connection": "box", **PICK_UP}, {"connection": "box", **HAND_OVER}, every="1s"
    )
    keep_secret(workspace, "ledger", PASSWORD)
    for number, name in enumerate(("one", "two")):
        keep_secret(workspace, name, base64.b64encode(bytes([number]) * 32).decode())
    described(workspace, store)
    stage = {"expected": DOCUMENTS, "inside": True, **more}
    yield Stage(workspace, lambda: taken(root), lambda: left(root), **stage)


def described(workspace: Path, store: dict[str, str], **encryption: Any) -> None:
    """Write what the workspace is kept in, and under which keys."""
    retry = {"retry": {"first": "100ms", "longest": "200ms"}}
    facts: dict[str, Any] = {"workspace": "crashes", "store": store, "defaults": retry}
    if encryption:
        facts["encryption"] = encryption
    (workspace / "transload.yaml").write_text(json.dumps(facts))


@contextmanager
def ledger_service(folder: Path, store: dict[str, str]) -> Iterator[Stage]:
    """A service: the same, and its schedule, its wakes and its seals."""
    with ledger_pass(folder, store, call=lambda: True) as stage:
        yield stage


@contextmanager
def ledger_takeover(folder: Path, store: dict[str, str]) -> Iterator[Stage]:
    """Two services: one is killed, and the other one, which nobody tells, does what is left."""
    with ledger_pass(folder, store, call=lambda: True, beside=True) as stage:
        yield stage


@contextmanager
def replay_in_bulk(folder: Path, store: dict[str, str]) -> Iterator[Stage]:
    """Two receipts are read anew, one after the other; broken off, the same command goes on."""
    ids = folder / "ids"
    ids.write_text("r1\nr2\n")
    command = ("replay", "--ids", str(ids), "--as", "reingest", "--batch", "1", "--yes")
    more = {"before": (PASS,), "command": command, "afterwards": (PASS,), "expected": DOCUMENTS * 2}
    with ledger_pass(folder, store, **more) as stage:
        yield stage


@contextmanager
def erase(folder: Path, store: dict[str, str]) -> Iterator[Stage]:
    """All that came from a partner is let go of, in the database and in files."""
    command = ("erase", "--partner", "partner", "--reason", "he asked for it", "--yes")
    with ledger_pass(folder, store, before=(PASS,), command=command) as stage:
        stage.wrong = lambda: [str(file) for file in stage.folder.glob("*.blobs/**/*") if file.is_file()]
        yield stage


@contextmanager
def backup(folder: Path, store: dict[str, str]) -> Iterator[Stage]:
    """A backup has its name once it is whole."""
    place = str(folder / "backup")
    verified = ("ledger", "backup", "--verify", place)
    command = ("ledger", "backup", place)
    with ledger_pass(folder, store, before=(PASS,), command=command, afterwards=(verified,)) as stage:
        yield stage


@contextmanager
def rekey(folder: Path, store: dict[str, str]) -> Iterator[Stage]:
    """Everything comes under another key, and the old one is thrown away."""
    one, two = {"one": "${file:keys/one}"}, {"two": "${file:keys/two}"}
    with ledger_pass(folder, store) as stage:
        again = partial(described, stage.folder, store)
        again(use="one", keys={**one, **two})
        stage.before = (PASS, lambda: again(use="two", keys={**one, **two}))
        stage.command = ("rekey",)
        stage.afterwards = (lambda: again(use="two", keys=two), ("audit", "verify"))
        yield stage


_ACTS = {
    "a pass": ledger_pass,
    "a service": ledger_service,
    "replay in bulk": replay_in_bulk,
    "erase": erase,
    "backup": backup,
    "rekey": rekey,
}


def on_sqlite() -> dict[str, Scene]:
    """The scenes on a SQLite file in the workspace."""
    return {
        f"ledger on SQLite, {name}": _played(act, lambda: {"url": "sqlite:///ledger.db"}) for name, act in _ACTS.items()
    }


def on_postgresql(server: Server) -> dict[str, Scene]:
    """The scenes on databases of ``server``, each play on an empty one."""

    def store() -> dict[str, str]:
        user = server.url(server.clean_database(), password="x").replace(":x@", "@")
        return {"url": user, "password": "${file:keys/ledger}"}

    acts = {**_ACTS, "takeover": ledger_takeover}
    return {f"ledger on PostgreSQL, {name}": _played(act, store) for name, act in acts.items()}


def _played(act: Callable[..., Any], store: Callable[[], dict[str, str]]) -> Scene:
    def played(folder: Path) -> AbstractContextManager[Stage]:
        found: AbstractContextManager[Stage] = act(folder, store())
        return found

    played.__doc__ = act.__doc__
    return played
