"""What an author writes so that the cases can call his endpoint as a partner does."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

from transload.adapters.base.endpoint import Endpoint, Request
from transload.adapters.base.registry import Adapter
from transload.adapters.base.responding import Wanted
from transload.adapters.contract.harness import NotPossible
from transload.adapters.contract.judging import Breach, only_ours
from transload.canonical.errors import TransloadError


class EndpointHarness(ABC):
    """How the cases call an endpoint as a partner does."""

    adapter: Adapter
    """What the entry point names."""
    secrets: Sequence[str] = ()
    """The secrets of the connection: they must never be seen."""
    now: datetime = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    """The moment at which all requests come."""
    tolerance: timedelta | None = None
    """How far the moment of signing may lie from ours; None where requests have no such moment."""
    denied: Sequence[int] = (401, 403)
    """The statuses of who is refused for a proof that is wrong or missing."""

    @abstractmethod
    def endpoint(self) -> Endpoint[Any, Any]:
        """A new endpoint as a new process would make it, with the same settings each time; the cases prepare it.

        Let ``largest`` be small, and the rate so high that no case is asked to wait.
        """

    def away(self) -> AbstractContextManager[object]:
        """In this context, what the endpoint needs beside its settings (a file, a program) is not there."""
        raise NotPossible("the harness has no away(): the endpoint needs nothing but its settings")

    @abstractmethod
    def request(self, number: int, *, content: bytes | None = None, moment: datetime | None = None) -> Request:
        """The partner's message with this number, proved; signed at ``moment``, or now.

        Another number is another message, with another content unless ``content`` is given.
        """

    def kept(self, request: Request) -> bytes:
        """What is kept of a request: its content, but for a protocol whose envelope holds secrets."""
        return request.content

    def forged(self, request: Request) -> Mapping[str, Request]:
        """Requests that do not come from the partner, by what is wrong with each, made of a good one.

        A signature with another secret, none at all, another content under the old signature.
        """
        raise NotPossible("the harness has no forged(): whoever reaches the address may send")

    def written(self, wanted: Wanted, text: str) -> tuple[bytes, str]:
        """A body that a mapping could write for ``wanted``, with ``text`` in it, and its content type."""
        raise NotPossible("the harness has no written(): what mappings write cannot be tried")


def ready(harness: EndpointHarness) -> Endpoint[Any, Any]:
    """A new endpoint, prepared as a runner does before anybody can call."""
    one = harness.endpoint()
    try:
        with only_ours("prepare"):
            one.prepare()
    except TransloadError as error:
        raise Breach(
            f"prepare raised {type(error).__name__}: {error}", do="raise an error only for what is wrong"
        ) from error
    return one
