"""What an author writes so that the cases can reach his partner: how to offer, to look, and to break the connection.

The partner should be a real one on this machine (a server on the loopback interface, a folder), since what goes
wrong with partners goes wrong on the wire.
"""

import unittest
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from transload.adapters.base.registry import Adapter
from transload.adapters.base.transport import Outbound, Source, Target
from transload.adapters.contract.wire import Wire
from transload.adapters.faulty.script import Cut

STRANGE = (
    "two words.edi",
    "line\nbreak.edi",
    "Bestellung Köln 10 €.edi",
    "订单.edi",
    "'quoted' \"twice\".edi",
    "-rf.edi",
    "100%25.edi",
    "a;b&c|d$(e)`f`.edi",
    "back\\slash.edi",
    "..",
    "../outside.edi",
    "/absolute.edi",
    "C:\\windows.edi",
    "{number}.edi",
    "x" * 240 + ".edi",
    "x" * 5000 + ".edi",
    "nul\0byte.edi",
    "K\udcf6ln.edi",
)
"""Names that partners have used, by mistake or on purpose; the last is one in Latin-1 as `os.fsdecode` gives it."""


class NotPossible(unittest.SkipTest):
    """This partner has no such thing; raised with the reason, which is what pytest shows for the skipped case."""


class Harness(ABC):
    """What the harnesses of sources and targets share."""

    adapter: Adapter
    """What the entry point names."""
    secrets: Sequence[str] = ()
    """The secrets (passwords, tokens, keys) that the connection of this harness has: they must never be seen."""
    patience: float = 15.0
    """Seconds after which a partner that does not answer must be given up: set the adapter's time-outs below that."""
    most_cuts: int = 24
    """At most so many places are tried where a connection can be cut, from the first to the last."""
    huge: int = 12_000_000
    """How many bytes a huge item or delivery has; more than the adapter should hold in memory twice."""
    copies: int = 0
    """How many copies of a huge content the partner itself makes in this process: memory that is not the adapter's."""
    wire: Wire | None = None
    """A `Wire` that the adapter under test connects through; with it `down`, `silent` and `cutting` are there."""

    _numbers = 0

    def number(self) -> int:
        """The next number, so that each item and delivery of a case has a content of its own."""
        self._numbers += 1
        return self._numbers

    @abstractmethod
    def content(self, number: int) -> bytes:
        """The content with this number: whatever the partner can hold, another for each number."""

    def large(self, number: int, size: int) -> bytes:
        """A content of at least ``size`` bytes; the default repeats `content`, as not every partner takes."""
        block = self.content(number)
        return block * (size // len(block) + 1)

    def state(self) -> Mapping[str, bytes]:
        """All that the partner holds, by any names: compared with itself, to see that nothing was changed."""
        raise NotPossible("the harness has no state(): what the partner holds cannot be compared")

    def down(self) -> AbstractContextManager[object]:
        """In this context nobody answers at the partner's address; after it the partner is as before."""
        if self.wire is None:
            raise NotPossible("the harness has no down(): the partner cannot be unreachable")
        return self.wire.down()

    def silent(self) -> AbstractContextManager[object]:
        """In this context the partner takes connections and answers nothing; after it the partner is as before."""
        if self.wire is None:
            raise NotPossible("the harness has no silent(): the partner cannot keep silent")
        return self.wire.silent()

    def cutting(self, step: int) -> AbstractContextManager[Cut]:
        """In this context the connection is cut at the ``step``-th exchange, and stays down until the end.

        Give a `Cut` that counts the steps and says whether it happened: `Wire.cutting` does for servers, and
        `transload.adapters.faulty.Script.cutting` for a store that is wrapped.
        """
        if self.wire is None:
            raise NotPossible("the harness has no cutting(): the connection cannot be cut")
        return self.wire.cutting(step)

    def close(self) -> None:  # noqa: B027 - most have a fixture that ends what it began
        """Give back what the harness opened; called by whoever made it, not by the cases."""


class SourceHarness(Harness):
    """How the cases reach a partner from whom a source fetches."""

    at_once: int = 3
    """How many items the partner can offer at the same time."""
    polls: int = 1
    """How many polls it takes until something that is offered is ready; set stability low."""
    replaces: bool = True
    """Whether `offer` with the same name and another content is a new item."""
    resumes: bool = False
    """Whether a huge item that broke off is gone on with; what there is of it is kept in ``memory.folder``."""

    @abstractmethod
    def source(self) -> Source[Any, Any]:
        """A new source as a new process would make it, with the same settings each time; nothing is opened."""

    @abstractmethod
    def offer(self, name: str, content: bytes) -> bytes | None:
        """Put one complete item on the partner's side, over what it may hold under ``name``.

        Return the bytes as the source must give them, where they are not ``content`` (a service that wraps it).
        Raise `NotPossible` for a name or content that this partner cannot hold.
        """

    def content(self, number: int) -> bytes:
        """The content of the item with this number: whatever the partner can hold, another for each number."""
        return b"content of item %d\n" % number * 3

    def stranger(self) -> Source[Any, Any]:
        """A source whose login is wrong; a secret of it belongs into ``secrets``."""
        raise NotPossible("the harness has no stranger(): there is no login, or none that can be wrong")

    def changing(self, name: str, content: bytes) -> AbstractContextManager[object]:
        """In this context, the item ``name`` becomes ``content`` in the middle of being read, the first time it is."""
        raise NotPossible("the harness has no changing(): an item cannot change while it is read")

    def interrupting(self, step: int) -> AbstractContextManager[Cut]:
        """As `cutting`, for a huge item; ``carried`` of the `Cut` must count its bytes."""
        return self.cutting(step)

    def spoiled(self, name: str) -> AbstractContextManager[object]:
        """In this context the item ``name`` is offered and cannot be fetched (rights, a broken entry)."""
        raise NotPossible("the harness has no spoiled(): no single item can be wrong")


class TargetHarness(Harness):
    """How the cases reach a partner to whom a target delivers."""

    replaces: bool = False
    """Whether a second delivery of the same name is meant to take the first one's place."""

    @abstractmethod
    def target(self) -> Target[Any, Any]:
        """A new target as a new process would make it, with the same settings each time; nothing is opened."""

    @abstractmethod
    def arrived(self) -> Sequence[bytes]:
        """The contents of all that the partner has, in the order in which it came where that is known.

        Only what the partner would take for a delivery; what arrived twice is there twice.
        """

    def content(self, number: int) -> bytes:
        """The content of the delivery with this number: whatever the partner takes, another for each number.

        No content may be the beginning of another, as half a delivery would be.
        """
        return b"content of delivery %d\n" % number * 3

    def outbound(self, number: int, *, content: bytes | None = None, name: str | None = None) -> Outbound:
        """The delivery with this number.

        ``name`` is to fill the template field that names it at the partner (a file name, a path), where the target
        has one; raise `NotPossible` where it has none and ``name`` is given.
        """
        if name is not None:
            raise NotPossible("deliveries have no names here")
        return Outbound(key=f"delivery-{number}", content=self.content(number) if content is None else content)

    def refusing(self, number: int) -> AbstractContextManager[Outbound]:
        """In this context the partner is there, and refuses for good the delivery with this number, which it gives.

        For what is in it, or what it is called; other deliveries are taken again after the context.
        """
        raise NotPossible("the harness has no refusing(): the partner takes every delivery")

    def stranger(self) -> Target[Any, Any]:
        """A target whose login is wrong; a secret of it belongs into ``secrets``."""
        raise NotPossible("the harness has no stranger(): there is no login, or none that can be wrong")
