"""Being called: an `Endpoint` takes a partner's request, and answers once its bytes are committed."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Generic, TypeVar

from transload.adapters.base.settings import Settings
from transload.adapters.base.transport import Inbound
from transload.canonical.findings import Finding

C = TypeVar("C", bound=Settings)
S = TypeVar("S", bound=Settings)


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a partner sent us: ``headers`` by their names in small letters, repeated ones joined with a comma.

    ``path`` is the whole path of the address, ``query`` what stands after ``?``, ``client`` the address that the
    connection came from, which may be a proxy's.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: bytes = field(default=b"", repr=False)
    client: str = ""

    def header(self, name: str) -> str:
        """The value of a header, "" where it is absent."""
        return self.headers.get(name.lower(), "")


@dataclass(frozen=True, kw_only=True)
class Response:
    """What a partner is told: a status, and few words."""

    status: int
    content: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


class Refused(Exception):
    """A request is not taken: ``response`` is what its sender is told, ``finding`` what we note.

    The sender is told no more than he must know; a stranger learns nothing about us.
    """

    def __init__(self, response: Response, finding: Finding) -> None:
        super().__init__(finding.message)
        self.response = response
        self.finding = finding


class Endpoint(ABC, Generic[C, S]):
    """Takes what a partner brings to an address of ours.

    Call order: `prepare` once; then `greet` for each request; where it gives None, `accept`, then the commit, then
    `respond`.  All but the first are called in several threads at a time.
    """

    Options: ClassVar[type[Settings]] = Settings
    """What stands beside ``connection:`` under ``from:``."""

    def __init__(self, connection: C, options: S) -> None:
        self.connection = connection
        self.options = options

    @property
    @abstractmethod
    def path(self) -> str:
        """The path of its address, beginning with a slash; no other endpoint has it."""

    @property
    @abstractmethod
    def largest(self) -> int:
        """Bytes that a request's body may have; a larger one is refused before it is read to its end."""

    def prepare(self) -> None:
        """Read what is needed to take requests, before anybody can call.  Raises `Stop` where that is not possible."""

    def greet(self, request: Request) -> Response | None:
        """The answer to a request that brings nothing, such as a question whether we are there; else None.

        Raises `Refused`.
        """
        return None

    @abstractmethod
    def accept(self, request: Request, now: datetime) -> Inbound:
        """What the request brings.  Nothing may be done with it here.  Raises `Refused`."""

    @abstractmethod
    def respond(self, inbound: Inbound, *, earlier: Mapping[str, str] | None) -> Response:
        """What the sender is told once ``inbound`` is committed.

        Where we had it already, ``earlier`` is the metadata of what came first, which alone is kept.
        """

    def reopen(self, content: bytes, facts: Mapping[str, str], received: datetime) -> Inbound | None:
        """What a request brings that could not be read when it came, at ``received``; read with the settings of now.

        ``content`` and ``facts`` are the content and metadata of the `Inbound` that it was kept as, whose findings were
        errors.  Its sender was told then that it was not taken, and is told nothing more: a ``reply`` is not sent.
        None where it is kept as any other receipt is.  Raises `Reject` where it cannot be read still.
        """
        return None
