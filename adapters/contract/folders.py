"""Harnesses for adapters that keep files in folders: whoever wrote a `FileStore` needs little more.

The partner is a folder on this machine that the adapter reaches in its own way, by a server or directly; it has the
folders ``out`` (we fetch from there), ``done`` (our archive) and ``in`` (we put files there).
"""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from transload.adapters.base.folders import Denied, FileStore, FolderSource, FolderTarget, HandOver, Marker, PickUp
from transload.adapters.base.folders.stability import Quiet
from transload.adapters.base.registry import Adapter
from transload.adapters.base.settings import Settings
from transload.adapters.base.transport import Outbound
from transload.adapters.contract.harness import Harness, NotPossible, SourceHarness, TargetHarness
from transload.adapters.contract.wire import Wire
from transload.adapters.faulty import Cut, FaultyStore, Script

Hook = Callable[[], None]
Options = TypeVar("Options", bound=Settings)
Made = TypeVar("Made")
_LONGEST = 255


class _Folders(Harness, Generic[Options, Made]):
    """The folder at the partner's side, and the store that breaks on demand where no wire does.

    ``make`` gives a new source or target with these options, ``stranger`` one with a wrong login; ``options`` are
    those that differ from ``usual``.
    """

    kind: type[Options]
    usual: ClassVar[Mapping[str, object]]

    def __init__(
        self,
        root: Path,
        adapter: Adapter,
        make: Callable[[Options], Made],
        *,
        stranger: Callable[[Options], Made] | None = None,
        wire: Wire | None = None,
        secrets: Sequence[str] = (),
        options: Mapping[str, object] | None = None,
    ) -> None:
        self.root = root
        self.adapter = adapter
        self.wire = wire
        self.secrets = secrets
        self._make = make
        self._stranger = stranger
        self._options = self.kind.model_validate({**self.usual, **(options or {})})
        self.script = Script()
        self.reading: dict[str, Hook] = {}
        """What happens when a file of this name is read: it is called once, or raises for the store."""
        self._times = count(1_700_000_000, 10)
        for name in ("in", "out", "done"):
            (root / name).mkdir(parents=True, exist_ok=True)

    def state(self) -> Mapping[str, bytes]:
        """All files below the root, by their paths."""
        found = sorted(path for path in self.root.rglob("*") if path.is_file())
        return {str(path.relative_to(self.root)): path.read_bytes() for path in found}

    def down(self) -> AbstractContextManager[object]:
        """The wire is down; without one, the root is not there."""
        return super().down() if self.wire else self._away()

    def cutting(self, step: int) -> AbstractContextManager[Cut]:
        """The wire is cut; without one, the store fails at that operation."""
        return super().cutting(step) if self.wire else self.script.cutting(step)

    def write(self, path: Path, content: bytes) -> None:
        """Make the file hold ``content``, with a time of change that no other one has: servers tell whole seconds."""
        made = path.with_name(f".{os.urandom(6).hex()}.tmp")
        made.write_bytes(content)
        moment = next(self._times)
        os.utime(made, (moment, moment))
        made.replace(path)

    def wrapped(self, opened: Callable[[], FileStore]) -> Callable[[], FileStore]:
        """``open_store`` whose store fails as the harness says."""
        return lambda: _Store(opened(), self.script, self.reading)

    @contextmanager
    def _away(self) -> Iterator[None]:
        away = self.root.with_name(f"{self.root.name}-away")
        shutil.move(self.root, away)
        try:
            yield
        finally:
            shutil.move(away, self.root)


class _Store(FaultyStore):
    def __init__(self, inner: FileStore, script: Script, reading: dict[str, Hook]) -> None:
        super().__init__(inner, script)
        self._reading = reading

    def read(self, path: str, size: int, start: int = 0) -> Iterator[bytes]:
        name = path.rpartition("/")[2]
        for number, piece in enumerate(super().read(path, size, start)):
            if number == 0 and name in self._reading:
                self._reading[name]()
            yield piece


class FolderSourceHarness(_Folders[PickUp, FolderSource[Any]], SourceHarness):
    """For a `FolderSource`."""

    kind = PickUp
    usual: ClassVar[Mapping[str, object]] = {
        "folder": "out",
        "stable": "none",
        "afterwards": {"move": "done"},
        "empty": "take",
    }
    resumes = True

    @property
    def polls(self) -> int:  # type: ignore[override]
        """As many as the options say."""
        stable = self._options.stable
        return stable.polls if isinstance(stable, Quiet) else 1

    def source(self) -> FolderSource[Any]:
        """A new source over a store that can be broken."""
        source = self._make(self._options)
        source.pauses = (0.01, 0.01)
        another = source.another_store

        def beside(first: FileStore) -> FileStore | None:
            found = another(first.inner if isinstance(first, _Store) else first)
            return found and self.wrapped(lambda: found)()

        source.open_store = self.wrapped(source.open_store)  # type: ignore[method-assign]
        source.another_store = beside  # type: ignore[method-assign]
        return source

    def stranger(self) -> FolderSource[Any]:
        """A source whose login is wrong."""
        return self._stranger(self._options) if self._stranger else super().stranger()  # type: ignore[return-value]

    def offer(self, name: str, content: bytes) -> None:
        """Write the file, as a partner does who renames it when it is complete."""
        if name in ("", ".", "..") or "/" in name or "\0" in name or len(os.fsencode(name)) > _LONGEST:
            raise NotPossible("no file can have this name")
        stable = self._options.stable
        self.write(self.root / "out" / name, content)
        if isinstance(stable, Marker):
            said = name if stable.of == "name" else Path(name).stem
            self.write(self.root / "out" / stable.marker.replace("*", said), b"")

    @contextmanager
    def changing(self, name: str, content: bytes) -> Iterator[None]:
        """The file is written over, in place, when its first piece has been read."""

        def change() -> None:
            del self.reading[name]
            path = self.root / "out" / name
            path.write_bytes(content)
            moment = next(self._times)
            os.utime(path, (moment, moment))

        self.reading[name] = change
        try:
            yield
        finally:
            self.reading.pop(name, None)

    @contextmanager
    def spoiled(self, name: str) -> Iterator[None]:
        """The file may not be read."""

        def refuse() -> None:
            raise Denied(f"out/{name}", "not for you")

        self.reading[name] = refuse
        try:
            yield
        finally:
            del self.reading[name]


class FolderTargetHarness(_Folders[HandOver, FolderTarget[Any]], TargetHarness):
    """For a `FolderTarget`."""

    kind = HandOver
    usual: ClassVar[Mapping[str, object]] = {"folder": "in", "file": "delivery.edi"}

    @property
    def replaces(self) -> bool:  # type: ignore[override]
        """As the options say."""
        return self._options.collision == "replace"

    def target(self) -> FolderTarget[Any]:
        """A new target over a store that can be broken."""
        target = self._make(self._options)
        target.open_store = self.wrapped(target.open_store)  # type: ignore[method-assign]
        return target

    def stranger(self) -> FolderTarget[Any]:
        """A target whose login is wrong."""
        return self._stranger(self._options) if self._stranger else super().stranger()  # type: ignore[return-value]

    def arrived(self) -> Sequence[bytes]:
        """What a partner sees who leaves temporary names alone and waits for the signal file, oldest first."""
        folder, signal = self.root / "in", self._options.done_file
        signals = {path.name for path in folder.iterdir() if signal and path.match(signal)}
        found = [
            path
            for path in folder.iterdir()
            if path.is_file() and not path.name.startswith(".") and path.name not in signals
        ]
        if signal:
            found = [path for path in found if signal.replace("*", path.name) in signals]
        return [path.read_bytes() for path in sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.name))]

    def outbound(self, number: int, *, content: bytes | None = None, name: str | None = None) -> Outbound:
        """The delivery with this number, under a file name of its own unless ``name`` says one."""
        return Outbound(
            key=f"delivery-{number}",
            content=self.content(number) if content is None else content,
            metadata={"file": name or f"delivery-{number:04}.edi"},
        )
