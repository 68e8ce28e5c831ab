"""Moving bytes: `Source` fetches them from a partner, `Target` hands them over.

The words: what arrives is an *inbound* and becomes a receipt once its bytes are
committed; what we hand over is an *outbound*, and what comes back is an *answer*.

An adapter raises the errors of `transload.canonical.errors` and no others: it
translates its library's exceptions in one place.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar

from transload.adapters.base.covered import Cover, Covered
from transload.adapters.base.settings import Settings
from transload.canonical.errors import Reject
from transload.canonical.findings import Finding

C = TypeVar("C", bound=Settings)
S = TypeVar("S", bound=Settings)


class Memory(Protocol):
    """What a source may remember between polls, kept in the ledger for one route's connection.

    Notes (``get``/``put``) become durable with the next receipt, or at the end of
    the pass; so a cursor never runs ahead of the receipts that it stands for.
    """

    def seen(self, key: str) -> bool:
        """Whether a receipt with this source key is already committed."""
        ...

    def get(self, name: str) -> str | None:
        """The note under ``name``, or None."""
        ...

    def put(self, name: str, value: str | None) -> None:
        """Set the note under ``name``; None removes it."""
        ...

    def names(self, prefix: str = "") -> list[str]:
        """The names of the notes that begin with ``prefix``, sorted."""
        ...

    @property
    def folder(self) -> Path:
        """A folder of this source's own for what is half received; it may not be there yet.

        What is in it may be lost at any time, and what nobody has written to for some days is removed.  With a
        `cover` nothing that was received may lie there in plain.
        """
        ...

    @property
    def cover(self) -> Cover | None:
        """What seals that; None where it may lie there as it is."""
        ...


def nothing_to_settle() -> None:
    """The ``settle`` of an inbound that needs no closing step."""


@dataclass(frozen=True, kw_only=True)
class Inbound:
    """One thing as it arrived: a file, a page of a response, a request.

    ``key`` is its identity at this connection: a second inbound with the same key is
    the same arrival.  Build it from the original path, size, time of change and
    hash, never from a name of ours.  ``content`` is the bytes, or for large ones the
    path of a local file that the runner takes over, or such a file under a cover.  ``origin`` is what a person
    calls it (path, address).  ``metadata`` is plain facts for the record.  The runner
    calls ``settle`` after the bytes are committed, and only then: it archives,
    moves or deletes at the partner.  It may be called twice, and raises what `Source.receive`
    raises: a `Reject` concerns this item alone.  It may return before that is done; what goes wrong afterwards is
    raised by `Source.receive`, and nothing goes on once that has ended.  What is not settled comes again.

    ``evidence`` is kept beside it by name: what proves later how it came (signatures).  ``findings`` with an error
    among them say that it cannot be read: it is kept, and waits for a person.  ``answers`` is the key of a delivery
    that it answers: the delivery's target judges it (`Target.judge`), and nothing else reads it.  ``reply`` is
    committed with it, and sent over the same connection then.
    """

    key: str
    content: bytes | Path | Covered
    origin: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    settle: Callable[[], None] = nothing_to_settle
    evidence: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    findings: tuple[Finding, ...] = ()
    answers: str | None = None
    reply: "Outbound | None" = None


@dataclass(frozen=True, kw_only=True)
class Outbound:
    """One delivery's bytes on their way: the same ``key`` and ``content`` at every attempt.

    ``key`` is the idempotency key of the delivery.  ``metadata`` holds the target's
    template fields as they were rendered and frozen when the delivery was staged, by
    field name (``file``, ``path``, ...), and ``content_type`` where the format knows it.
    """

    key: str
    content: bytes
    content_type: str = "application/octet-stream"
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a target said on taking a delivery: a ``summary`` for people, and the content if it gave any.

    ``awaiting``: it took the bytes, and will say later by itself what became of them (`Inbound.answers`).  When that
    does not come in time, the delivery is sent again.
    """

    summary: str
    awaiting: timedelta | None = None
    reference: str | None = None
    content: bytes | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a target said later of a delivery, as it arrived: an `Inbound` that answers it."""

    content: bytes = field(repr=False)
    metadata: Mapping[str, str] = field(default_factory=dict)


class Landing(StrEnum):
    """What `Target.verify` found out about a delivery whose answer was lost."""

    LANDED = "landed"
    NOT_LANDED = "not landed"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, kw_only=True)
class Probe:
    """What a look at a connection found, without moving a document: ``ok`` is None where probing is not supported."""

    ok: bool | None
    summary: str
    findings: tuple[Finding, ...] = ()


class _Connected(ABC, Generic[C, S]):
    """Holds the connection's settings and the options; opens no connection before it is used as a context manager."""

    Options: ClassVar[type[Settings]] = Settings
    """What stands beside ``connection:`` under ``from:`` or ``to:``."""

    is_local: ClassVar[bool] = False
    """Whether it works in this machine's own folders alone, and waits for nobody: then one thread does so at a time."""

    def __init__(self, connection: C, options: S) -> None:
        self.connection = connection
        self.options = options

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give back what `receive`, `deliver` or `probe` opened; called once, also after an error."""

    def probe(self) -> Probe:
        """Look whether the connection works, moving nothing; the default says that it cannot tell."""
        return Probe(ok=None, summary="this adapter has no probe")

    def rehearse(self) -> Probe:
        """What `probe` does, and try with something of ours what will be done to documents; it is removed again.

        The default says that there is nothing to try.
        """
        return Probe(ok=None, summary="this adapter has nothing to try beforehand")


class Source(_Connected[C, S]):
    """Fetches what a partner offers.

    Call order: ``with source: for inbound in source.receive(memory): commit; inbound.settle()``.
    """

    settles_together: ClassVar[bool] = False
    """Whether a few items may be committed and settled together, after later ones were given out, and after the end
    of `receive` too while the source is open.  What is given out must not be changed by that of others."""

    @abstractmethod
    def receive(self, memory: Memory) -> Iterator[Inbound]:
        """Yield what is ready now, and end; the caller comes back on its schedule.

        An item is yielded whole or not at all.  An error about one item (`Reject`)
        must not hide the others: yield them first.

        Raises `Retry` (not reachable, busy), `Stop` (login, host key, address).
        """


class Target(_Connected[C, S]):
    """Hands deliveries over to a partner.

    Call order: ``with target: target.deliver(outbound)``, one call at a time for one object.
    """

    idempotent: bool = False
    """Whether a second delivery with the same key has no second effect there; else a lost answer waits."""
    forgoes: ClassVar[frozenset[str]] = frozenset()
    """Templates among the options that a delivery does without which was staged before they were written."""

    @classmethod
    def answers_later(cls, written: Mapping[str, Any]) -> bool:
        """Whether what is ``written`` as a connection's settings makes answers come later, to its endpoint.

        Secrets in it are references still.  See `Answer.awaiting`.
        """
        return False

    @abstractmethod
    def deliver(self, outbound: Outbound) -> Answer:
        """Hand over ``outbound`` whole.  Returning means: the other side has it.

        Raises `Retry` (nothing arrived; later), `Reject` (refused for what it is),
        `Stop` (the connection is wrong), `Unknown` (sent, no answer: it may be there).
        """

    def judge(self, outbound: Outbound, reply: Reply, said: Mapping[str, str]) -> Answer:
        """What ``reply`` says of a delivery that awaits it; ``said`` is the metadata of the answer that it waits with.

        Raises as `deliver` does.
        """
        raise Reject("the target awaits no answer", hint="this is a fault in the adapter; report it to its makers")

    def verify(self, outbound: Outbound) -> Landing:
        """Find out whether an earlier `deliver` of the same outbound arrived, after its answer was lost.

        ``CANNOT_TELL`` is for a partner who has no way to say; one who cannot be asked now is asked again later.
        Raises `Retry` then, and `Stop` where the connection is wrong.
        """
        return Landing.CANNOT_TELL
