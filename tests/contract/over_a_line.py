"""The contract for adapters that reach the folders of a server over a wire; the module that takes the classes says how.

It has a fixture ``line``, which gives a `Line` to a server over ``tmp_path/root``.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.contract.hurry import Hurried

from transload.adapters.base import Adapter
from transload.adapters.contract import SourceContract, TargetContract, Wire
from transload.adapters.contract.folders import FolderSourceHarness, FolderTargetHarness
from transload.adapters.faulty import Cut

PASSWORD = "Kaffee-und-Kuchen"
WRONG = "Wasser-und-Brot"


@dataclass(frozen=True, kw_only=True)
class Line:
    """A ``wire`` to a server, and the settings with a password and so many seconds of patience that lead through it.

    ``beside``: the bytes of files do not go over the wire.  ``copies`` of a file the server in this process holds.
    """

    adapter: Adapter
    wire: Wire
    connection: Callable[[str, float], Any]
    beside: bool = False
    copies: int = 0


class Out(Hurried, FolderSourceHarness):
    beside = False

    def interrupting(self, step: int) -> AbstractContextManager[Cut]:
        return self.script.cutting(step) if self.beside else super().interrupting(step)


class In(Hurried, FolderTargetHarness):
    pass


class TestSource(SourceContract):
    @pytest.fixture
    def harness(self, tmp_path: Path, line: Line) -> Out:
        made: Out = _made(Out, line.adapter.source, tmp_path, line)
        made.beside = line.beside
        made.copies = line.copies
        return made


class TestTarget(TargetContract):
    @pytest.fixture
    def harness(self, tmp_path: Path, line: Line) -> In:
        made: In = _made(In, line.adapter.target, tmp_path, line)
        return made


def _made(harness: type[Any], kind: Any, tmp_path: Path, line: Line) -> Any:
    made = harness(
        tmp_path / "root",
        line.adapter,
        lambda options: kind(line.connection(PASSWORD, made.waits), options),
        stranger=lambda options: kind(line.connection(WRONG, made.waits), options),
        wire=line.wire,
        secrets=[PASSWORD, WRONG],
    )
    return made
