"""What scenes are made of: the documents, the workspace that moves them, and the folders of the partner."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transload.adapters.base.folders.fetching import LARGE as LARGER_THAN

DOCUMENTS = tuple(
    json.dumps({"number": f"PO-{n}", "text": f"{n} " * 200}, separators=(",", ":")).encode() for n in (1, 2)
)


LARGE = json.dumps({"number": "PO-1", "text": "1 " * (LARGER_THAN // 2)}, separators=(",", ":")).encode()


_WORKSPACE = """\
workspace: crashes
store: sqlite:///ledger.db
defaults: {retry: {first: 100ms, longest: 200ms}}
"""


Act = tuple[str, ...] | Callable[[], object]


@dataclass
class Stage:
    """A scene on stage: its workspace in ``folder``, and how to see what came of it.

    ``landed`` gives the documents that the partner has taken, as often as it took them; ``left`` what lies about that
    should not: halves, and what is still offered although it was taken.
    """

    folder: Path
    landed: Callable[[], list[bytes]]
    left: Callable[[], list[str]]
    expected: tuple[bytes, ...] = DOCUMENTS
    call: Callable[[], bool] | None = None
    """Where the partner calls us, and the workspace is served: it brings what we have not confirmed yet; gives whether
    we have confirmed all."""
    inside: bool = False
    """Whether the ledger is what it is about: kills come in the midst of commits, too, all must be final at the end,
    and its audit must find nothing."""
    before: tuple[Act, ...] = ()
    """What is done first, undisturbed: commands of ``transload``, and functions."""
    command: tuple[str, ...] = ()
    """What is killed instead of a pass, and given again."""
    afterwards: tuple[Act, ...] = ()
    """What is done when it has ended: each command must end with 0."""
    wrong: Callable[[], list[str]] = list
    """What is not as it should be then."""
    beside: bool = False
    """Whether a second service comes before the first one is killed, which stands at the moment of its end until then,
    and goes on by itself."""
    cut: Callable[[], object] | None = None
    """Where the first one is not killed then: lets the database end its sessions. It goes on when all is done."""
    only: tuple[str, ...] = ()
    """How the steps begin that it is about; all where this is empty."""


def made(
    folder: Path,
    connection: dict[str, Any],
    origin: dict[str, Any],
    target: dict[str, Any],
    *,
    sending: dict[str, Any] | None = None,
    **more: Any,
) -> Path:
    """A workspace whose one route passes on what arrives, unless ``sending`` says else; JSON is YAML too."""
    workspace = folder / "workspace"
    (workspace / "mappings/partner").mkdir(parents=True)
    (workspace / "transload.yaml").write_text(_WORKSPACE)
    receive = {"from": origin, "format": {"type": "json"}, "to": ["partner/out"], **more}
    send = {**(sending or {"take": {"message": "*"}}), "to": target}
    partner = {"partner": "partner", "connections": connection, "receive": {"in": receive}, "send": {"out": send}}
    (workspace / "mappings/partner/partner.yaml").write_text(json.dumps(partner))
    return workspace


def offered(folder: Path) -> Path:
    """A folder ``out`` with the documents and an empty one ``in``."""
    for name in ("out", "out/done", "out/claimed", "in"):
        (folder / name).mkdir(parents=True)
    for number, content in enumerate(DOCUMENTS, start=1):
        (folder / f"out/PO-{number}.json").write_bytes(content)
    return folder


def taken(folder: Path) -> list[bytes]:
    return [file.read_bytes() for file in sorted((folder / "in").iterdir()) if file.suffix == ".json"]


def left(folder: Path) -> list[str]:
    """Files in ``out`` that were not moved to ``out/done`` or deleted, and halves in ``in``."""
    offered = [file.name for name in ("out", "out/claimed") for file in (folder / name).iterdir() if file.is_file()]
    halves = [file.name for file in (folder / "in").iterdir() if file.is_file() and file.suffix != ".json"]
    return sorted(offered + halves)


PICK_UP = {"folder": "out", "pattern": "*.json", "stable": "none", "afterwards": {"move": "out/done"}}


HAND_OVER = {"folder": "in", "file": "{number:04}.json"}


def keep_secret(workspace: Path, name: str, value: str) -> None:
    (workspace / "keys").mkdir(exist_ok=True)
    (workspace / "keys" / name).write_text(value)
