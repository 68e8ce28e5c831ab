"""The runner's part of receiving, in memory: receipts, notes that become durable with them, and passes that can end."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import file_digest, sha256
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any
from weakref import finalize

from transload.adapters.base.covered import Cover, Covered
from transload.adapters.base.transport import Inbound, Source
from transload.adapters.contract.judging import hold, only_ours
from transload.canonical.errors import Stop, TransloadError

_KEPT = 1_000_000
"""Contents up to so many bytes are kept whole, others by their hash."""


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """One thing as it was committed."""

    key: str
    origin: str
    size: int
    digest: str
    content: bytes | None
    metadata: Mapping[str, str]


class Notes:
    """A source's memory for one pass, as `transload.adapters.base.Memory` says."""

    def __init__(self, ledger: "Ledger") -> None:
        self._ledger = ledger
        self.notes = dict(ledger.notes)
        self.folder = ledger.folder
        self.cover: Cover | None = ledger.cover

    def seen(self, key: str) -> bool:
        """Whether a receipt with this key is committed."""
        return key in self._ledger.receipts

    def get(self, name: str) -> str | None:
        """The note under ``name``."""
        return self.notes.get(name)

    def put(self, name: str, value: str | None) -> None:
        """Set or remove a note."""
        hold(
            isinstance(name, str) and (value is None or isinstance(value, str)),
            f"memory.put({name!r}, {value!r}): a note is text",
            do="write what must be remembered as text, for example as JSON",
        )
        if value is None:
            self.notes.pop(name, None)
        else:
            self.notes[name] = value

    def names(self, prefix: str = "") -> list[str]:
        """The names of notes that begin with ``prefix``."""
        return sorted(name for name in self.notes if name.startswith(prefix))


class Swapped:
    """A cover that hides nothing from who looks closely, and shows that a source uses it."""

    _table = bytes((byte + 128) % 256 for byte in range(256))

    def seal(self, piece: bytes, about: str) -> bytes:
        """Other bytes, behind the digest of what they are bound to."""
        return sha256(about.encode()).digest() + piece.translate(self._table)

    def unseal(self, sealed: bytes, about: str) -> bytes:
        """The bytes again.  Raises `ValueError`."""
        if sealed[:32] != sha256(about.encode()).digest():
            raise ValueError("it is bound to something else")
        return sealed[32:].translate(self._table)


class Ledger:
    """Receipts by key, durable notes, and a folder for what is half received.  A crash leaves exactly this behind.

    ``covered``: nothing may lie in that folder in plain.
    """

    def __init__(self, *, covered: bool = False) -> None:
        self.cover = Swapped() if covered else None
        self.receipts: dict[str, Receipt] = {}
        self.notes: dict[str, str] = {}
        self.folder = Path(mkdtemp(prefix="transload-contract-"))
        finalize(self, rmtree, self.folder, ignore_errors=True)

    def commit(self, inbound: Inbound, notes: Notes) -> bool:
        """Make an item and the notes durable; False when its key is known, and nothing is added."""
        hold(
            self.cover is None or not isinstance(inbound.content, Path),
            "an item lies on disk in plain, though the memory has a cover",
            do="write its pieces with transload.adapters.base.covered.record, and give a Covered as the content",
        )
        receipt = _receipt(inbound)
        self.notes = dict(notes.notes)
        return self.receipts.setdefault(receipt.key, receipt) is receipt

    def contents(self) -> "Counter[str]":
        """How often each content was received, by its SHA-256."""
        return Counter(receipt.digest for receipt in self.receipts.values())


def _receipt(inbound: Inbound) -> Receipt:
    key, content = inbound.key, inbound.content
    hold(
        isinstance(key, str) and key and key.isprintable(),
        f"an inbound has the key {key!r}",
        do="build a key of printable text from what the partner knows the item by; escape the rest",
    )
    for name, text in (("origin", inbound.origin), *inbound.metadata.items()):
        hold(
            isinstance(text, str) and storable(text),
            f"an inbound has {name} {text!r}, which cannot be stored or printed",
            do="give plain facts as text; escape control characters and what is no Unicode",
        )
    if isinstance(content, Path | Covered):
        size, digest = _hashed(content)
        kept = content.read_bytes() if size <= _KEPT else None
        content.unlink()
        return Receipt(
            key=key, origin=inbound.origin, size=size, digest=digest, content=kept, metadata=inbound.metadata
        )
    hold(isinstance(content, bytes), f"an inbound's content is {type(content).__name__}", do="give bytes or a Path")
    kept = content if len(content) <= _KEPT else None
    return Receipt(
        key=key,
        origin=inbound.origin,
        size=len(content),
        digest=sha256(content).hexdigest(),
        content=kept,
        metadata=inbound.metadata,
    )


def _hashed(content: Path | Covered) -> tuple[int, str]:
    if isinstance(content, Covered):
        hashed, size = sha256(), 0
        for piece in content.chunks():
            hashed.update(piece)
            size += len(piece)
        return size, hashed.hexdigest()
    with content.open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
        return file.tell(), digest


def storable(text: str) -> bool:
    """Whether ``text`` can be stored and printed: no control characters, nothing that is no Unicode."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return not any(ord(sign) < 32 or ord(sign) == 127 for sign in text)


@dataclass
class Pass:
    """What one pass came to: the ``steps`` it took, the ``errors`` it ended or went on with, and its new receipts."""

    steps: int = 0
    abandoned: bool = False
    errors: list[TransloadError] = field(default_factory=list)
    new: list[Receipt] = field(default_factory=list)


class Abandoned:
    """What processes that were killed left open; it is closed when a case is over, so that nothing leaks."""

    def __init__(self) -> None:
        self._left: list[tuple[Iterator[Inbound], Source[Any, Any]]] = []

    def leave(self, items: Iterator[Inbound], source: Source[Any, Any]) -> None:
        """Let go of a pass as ``kill -9`` does: not even ``finally`` is reached."""
        self._left.append((items, source))

    def close(self) -> None:
        """Close all of them."""
        for items, source in self._left:
            getattr(items, "close", lambda: None)()
            source.close()
        self._left = []


def run_pass(
    source: Source[Any, Any],
    ledger: Ledger,
    *,
    abandon: int | None = None,
    left: Abandoned | None = None,
    settle: bool = True,
) -> Pass:
    """One pass of a runner: receive, commit, settle, item by item, then keep the notes.

    Its steps are: asked for the items; then for each item: received, committed, settled; at last: all received.
    With ``abandon`` the process is killed right after that step, counted from 1.  Our errors are kept in the pass.
    """
    done = Pass()
    notes = Notes(ledger)
    items: Iterator[Inbound] = iter(())
    try:
        with only_ours("receive"):
            items = iter(source.receive(notes))
        for _ in _steps(items, ledger, notes, done, settle=settle):
            done.steps += 1
            if done.steps == abandon:
                done.abandoned = True
                return done
    except TransloadError as error:
        done.errors.append(error)
    finally:
        if done.abandoned and left is not None:
            left.leave(items, source)
        else:
            getattr(items, "close", lambda: None)()
            source.close()
    ledger.notes = dict(notes.notes)
    return done


def _steps(items: Iterator[Inbound], ledger: Ledger, notes: Notes, done: Pass, *, settle: bool) -> Iterator[str]:
    yield "asked"
    while True:
        with only_ours("receive"):
            inbound = next(items, None)
        if inbound is None:
            break
        yield "received"
        if ledger.commit(inbound, notes):
            done.new.append(ledger.receipts[inbound.key])
        yield "committed"
        if settle:
            try:
                with only_ours("settle"):
                    inbound.settle()
            except Stop:
                raise
            except TransloadError as error:  # it comes again
                done.errors.append(error)
        yield "settled"
    yield "all received"
