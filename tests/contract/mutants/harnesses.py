"""How the contract reaches the shelf, with the adapter's class to choose."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from tests.contract.mutants.shelf import (
    ADAPTER,
    TOKEN,
    Broken,
    InUse,
    Shelf,
    ShelfConnection,
    ShelfSource,
    ShelfTarget,
)

from transload.adapters.base import Adapter, Outbound
from transload.adapters.contract import Harness, SourceHarness, TargetHarness
from transload.adapters.faulty import Cut

WRONG = "Wasser-und-Brot"


class OnShelf(Harness):
    secrets = (TOKEN, WRONG)
    patience = 0.3
    huge = 3_000_000
    adapter = ADAPTER

    def __init__(self, kind: type[Any]) -> None:
        self.kind = kind
        self.shelf = Shelf()
        connection = getattr(kind, "Connection", ShelfConnection)
        self.adapter = Adapter(summary="", connection=connection, source=ShelfSource, target=ShelfTarget)

    def made(self, token: str = TOKEN) -> Any:
        connection = self.adapter.connection.model_validate({"shelf": "north", "token": token})
        return self.kind(connection, self.kind.Options(), self.shelf)

    def content(self, number: int) -> bytes:
        return b"content %d\n" % number

    def state(self) -> Mapping[str, bytes]:
        shelf = self.shelf
        items = {f"item {name}": content for name, (content, _) in shelf.items.items()}
        archive = {f"archive {name}": content for name, content in shelf.archive.items()}
        return {**items, **archive, **{f"got {key}": content for key, (_, content) in shelf.got.items()}}

    @contextmanager
    def down(self) -> Iterator[None]:
        self.shelf.up = False
        yield
        self.shelf.up = True

    @contextmanager
    def silent(self) -> Iterator[None]:
        self.shelf.silent = True
        yield
        self.shelf.silent = False

    def cutting(self, step: int) -> AbstractContextManager[Cut]:
        return self.shelf.script.cutting(step)


class OutShelf(OnShelf, SourceHarness):
    resumes = True

    def source(self) -> ShelfSource:
        made: ShelfSource = self.made()
        return made

    def stranger(self) -> ShelfSource:
        made: ShelfSource = self.made(WRONG)
        return made

    def offer(self, name: str, content: bytes) -> None:
        self.shelf.put(name, content)

    @contextmanager
    def changing(self, name: str, content: bytes) -> Iterator[None]:
        self.shelf.reading[name] = lambda: self.shelf.put(name, content)
        yield
        self.shelf.reading.pop(name, None)

    @contextmanager
    def spoiled(self, name: str) -> Iterator[None]:
        shelf, read = self.shelf, self.shelf.read

        def spoil(wanted: str, start: int = 0) -> Iterator[bytes]:
            if wanted == name:
                raise Broken(name)
            return read(wanted, start)

        shelf.read = spoil  # type: ignore[method-assign]
        yield
        shelf.read = read  # type: ignore[method-assign]


class InShelf(OnShelf, TargetHarness):
    def target(self) -> ShelfTarget:
        made: ShelfTarget = self.made()
        return made

    def stranger(self) -> ShelfTarget:
        made: ShelfTarget = self.made(WRONG)
        return made

    def arrived(self) -> Sequence[bytes]:
        return [content for _, content in self.shelf.got.values()]

    @contextmanager
    def refusing(self, number: int) -> Iterator[Outbound]:
        shelf, finish = self.shelf, self.shelf.finish

        def refuse(key: str, name: str) -> None:
            raise InUse(name)

        shelf.finish = refuse  # type: ignore[method-assign]
        yield self.outbound(number)
        shelf.finish = finish  # type: ignore[method-assign]

    def outbound(self, number: int, *, content: bytes | None = None, name: str | None = None) -> Outbound:
        given = self.content(number) if content is None else content
        return Outbound(key=f"key-{number}", content=given, metadata={"name": name or f"delivery {number}"})
