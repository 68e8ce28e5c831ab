"""What a runner does for a source, in a dictionary: its notes, the keys of what arrived, and one pass over it."""

from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any
from weakref import finalize

from transload.adapters.base import Inbound, Source
from transload.adapters.base.covered import Cover


class Notes(dict[str, str]):
    """A source's memory: its notes, its folder, and in ``arrived`` the keys that were committed."""

    cover: Cover | None = None

    def __init__(self) -> None:
        super().__init__()
        self.arrived: set[str] = set()
        self.folder = Path(mkdtemp(prefix="transload-tests-"))
        finalize(self, rmtree, self.folder, ignore_errors=True)

    def seen(self, key: str) -> bool:
        return key in self.arrived

    def put(self, name: str, value: str | None) -> None:
        if value is None:
            self.pop(name, None)
        else:
            self[name] = value

    def names(self, prefix: str = "") -> list[str]:
        return sorted(name for name in self if name.startswith(prefix))

    def commit(self, inbound: Inbound) -> None:
        assert inbound.key not in self.arrived, "a receipt is committed once"
        self.arrived.add(inbound.key)


def poll_folder(source: Source[Any, Any], memory: Notes, *, settle: bool = True) -> dict[str, bytes]:
    """One pass of a runner: commit, settle; the contents by the name of their file."""
    found: dict[str, bytes] = {}
    with source:
        for inbound in source.receive(memory):
            content = inbound.content
            if not isinstance(content, bytes):
                path, content = content, content.read_bytes()
                path.unlink()
            found[inbound.metadata["name"]] = content
            memory.commit(inbound)
            if settle:
                inbound.settle()
    return found
