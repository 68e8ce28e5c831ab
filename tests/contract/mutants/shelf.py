"""A partner in memory, and adapters for it that keep to the contract: what mutants are made from."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field

from transload.adapters.base import (
    Adapter,
    Answer,
    Finding,
    Inbound,
    Landing,
    Memory,
    Outbound,
    Probe,
    Reject,
    Retry,
    Secret,
    Settings,
    Source,
    Stop,
    Target,
    Unknown,
)
from transload.adapters.base.covered import Cover, Covered, record
from transload.adapters.faulty import Script

TOKEN = "Kaffee-und-Kuchen"
LARGE = 1_000_000
T = TypeVar("T")


class ShelfError(Exception):
    """The partner's own errors, as a library would raise them."""


class NoAnswer(ShelfError):
    pass


class Late(ShelfError):
    pass


class Refused(ShelfError):
    pass


class Broken(ShelfError):
    pass


class InUse(ShelfError):
    pass


@dataclass
class Shelf:
    """The partner: items to fetch, an archive, and what he got."""

    items: dict[str, tuple[bytes, int]] = field(default_factory=dict)
    archive: dict[str, bytes] = field(default_factory=dict)
    got: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    parts: dict[str, bytes] = field(default_factory=dict)
    script: Script = field(default_factory=Script)
    up: bool = True
    silent: bool = False
    reading: dict[str, Callable[[], None]] = field(default_factory=dict)
    version: int = 0

    def put(self, name: str, content: bytes) -> None:
        self.version += 1
        self.items[name] = (content, self.version)

    @contextmanager
    def call(self, name: str, token: str, timeout: float) -> Iterator[None]:
        """One exchange."""
        if not self.up:
            raise NoAnswer("nobody listens")
        if self.silent:
            time.sleep(timeout)
            raise Late("time is up")
        if token != TOKEN:
            raise Refused(f"there is no token {token}")
        try:
            with self.script.step(name):
                yield
        except Retry as error:
            raise NoAnswer(name) from error

    def read(self, name: str, start: int = 0) -> Iterator[bytes]:
        size = 65536
        for at in range(start, len(self.items[name][0]), size):
            if at == size and name in self.reading:
                self.reading.pop(name)()
            piece = self.items[name][0][at : at + size]
            self.script.carry(len(piece))
            yield piece

    def finish(self, key: str, name: str) -> None:
        if key in self.got:
            return
        if any(name == other for other, _ in self.got.values()):
            raise InUse(name)
        self.got[key] = (name, self.parts.pop(key))


class ShelfConnection(Settings):
    shelf: str = Field(description="Which shelf", examples=["north"])
    token: Secret = Field(description="Our token there")
    timeout: float = Field(default=0.05, description="Seconds to wait for an answer")


class ShelfOptions(Settings):
    room: str = Field(default="", description="Which room")


@dataclass(frozen=True)
class Found:
    name: str
    version: int
    content: bytes | Path | Covered
    digest: str


class Client:
    """What source and target share."""

    shelf: Shelf
    connection: ShelfConnection

    def call(self, name: str, work: Callable[[Shelf], T], *, sent: bool = False) -> T:
        token = self.connection.token.get_secret_value()
        try:
            with self.shelf.call(name, token, self.connection.timeout):
                return work(self.shelf)
        except NoAnswer as error:
            if sent:
                raise Unknown("the answer was lost", hint="ask the partner whether he has it") from error
            raise Retry("the shelf does not answer", hint="it is tried again") from error
        except Late as error:
            raise Retry("the shelf is silent", hint="it is tried again") from error
        except Refused:
            raise Stop("the shelf refuses the token", hint="correct the token") from None
        except InUse as error:
            raise Reject("the name is in use", hint="use other names") from error
        except Broken as error:
            raise Reject("an item is broken", hint="ask the partner for it") from error

    def ping(self) -> Probe:
        try:
            self.call("ping", lambda shelf: None)
        except (Retry, Stop) as error:
            return Probe(ok=False, summary=error.message, findings=error.findings)
        return Probe(ok=True, summary="the shelf answers")


class ShelfSource(Client, Source[ShelfConnection, ShelfOptions]):
    Options = ShelfOptions
    settles_together = True
    folder: Path
    cover: Cover | None
    found: int

    def __init__(self, connection: ShelfConnection, options: ShelfOptions, shelf: Shelf) -> None:
        Source.__init__(self, connection, options)
        self.shelf = shelf

    def receive(self, memory: Memory) -> Iterator[Inbound]:
        self.folder, self.cover = memory.folder, memory.cover
        problems: list[Finding] = []
        for name in self.call("list", lambda shelf: sorted(shelf.items)):
            try:
                found = self.fetch(name)
            except Reject as error:
                problems += error.findings
                continue
            if found is None:
                continue
            key = self.key(found)
            settle = partial(self.settle, found)
            if memory.seen(key):
                self.again(found)
                continue
            yield Inbound(key=key, content=found.content, origin=self.origin(name), settle=settle)
        if problems:
            raise Reject("some items are broken", findings=problems)

    def origin(self, name: str) -> str:
        return name.encode("unicode_escape").decode()

    def key(self, found: Found) -> str:
        return f"{self.origin(found.name)}|{found.version}|{found.digest}"

    def again(self, found: Found) -> None:
        if not isinstance(found.content, bytes):
            found.content.unlink()
        self.settle(found)

    def version(self, name: str) -> int:
        return self.call("look", lambda shelf: shelf.items.get(name, (b"", 0))[1])

    def fetch(self, name: str) -> Found | None:
        before = self.found = self.version(name)
        content, digest = self.content(name)
        if before == 0 or self.version(name) != before:
            if not isinstance(content, bytes):
                content.unlink()
            return None
        return Found(name, before, content, digest)

    def content(self, name: str) -> tuple[bytes | Path | Covered, str]:
        size = self.call("size", lambda shelf: len(shelf.items.get(name, (b"", 0))[0]))
        if size <= LARGE:
            content = b"".join(self.whole(self.call("read", lambda shelf: shelf.read(name))))
            return content, sha256(content).hexdigest()
        kept = self.folder / self.part(name)
        if self.cover is not None:
            return self.covered(name, kept, self.cover)
        held = kept.read_bytes() if kept.exists() else b""
        hashed = sha256(held)
        pieces = self.call("read", lambda shelf: shelf.read(name, len(held)))
        with kept.open("ab") as file:
            for piece in self.whole(pieces):
                hashed.update(piece)
                file.write(piece)
        return kept, hashed.hexdigest()

    def covered(self, name: str, kept: Path, cover: Cover) -> tuple[bytes | Path | Covered, str]:
        number, size, hashed = 0, 0, sha256()
        pieces = self.call("read", lambda shelf: shelf.read(name))
        with kept.open("wb") as file:
            for piece in self.whole(pieces):
                file.write(record(piece, cover, kept.name, number))
                number, size = number + 1, size + len(piece)
                hashed.update(piece)
        return Covered(path=kept, size=size, name=kept.name, cover=cover), hashed.hexdigest()

    def part(self, name: str) -> str:
        """What our part of an item is called."""
        return sha256(f"{self.origin(name)} {self.found}".encode()).hexdigest()

    def whole(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        while (piece := self.call("piece", lambda shelf: next(pieces, None))) is not None:
            yield piece

    def settle(self, found: Found) -> None:
        def away(shelf: Shelf) -> None:
            if shelf.items.get(found.name, (b"", 0))[1] == found.version:
                shelf.archive[found.name] = shelf.items.pop(found.name)[0]

        self.call("settle", away)

    def probe(self) -> Probe:
        return self.ping()


class ShelfTarget(Client, Target[ShelfConnection, ShelfOptions]):
    Options = ShelfOptions
    idempotent = True

    def __init__(self, connection: ShelfConnection, options: ShelfOptions, shelf: Shelf) -> None:
        Target.__init__(self, connection, options)
        self.shelf = shelf

    def deliver(self, outbound: Outbound) -> Answer:
        name = self.name(outbound)
        self.send(outbound)
        self.finish(outbound, name)
        return Answer(summary=f"the shelf has {name}")

    def name(self, outbound: Outbound) -> str:
        name = outbound.metadata["name"]
        if not name.isprintable() or any(sign in name for sign in "/\\") or name in (".", "..") or len(name) > 255:
            raise Reject("this is no name", hint="correct the template")
        return name

    def send(self, outbound: Outbound) -> None:
        self.call("begin", lambda shelf: shelf.parts.__setitem__(outbound.key, b""))
        self.call("piece", lambda shelf: shelf.parts.__setitem__(outbound.key, outbound.content))

    def finish(self, outbound: Outbound, name: str) -> None:
        self.call("finish", lambda shelf: shelf.finish(outbound.key, name), sent=True)

    def verify(self, outbound: Outbound) -> Landing:
        there = self.call("verify", lambda shelf: outbound.key in shelf.got)
        return Landing.LANDED if there else Landing.NOT_LANDED

    def probe(self) -> Probe:
        return self.ping()


ADAPTER = Adapter(summary="A shelf", connection=ShelfConnection, source=ShelfSource, target=ShelfTarget)
Maker = Callable[[ShelfConnection, ShelfOptions, Shelf], Any]
