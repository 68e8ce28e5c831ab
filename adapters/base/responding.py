"""Responses that mappings write: a partner who calls us waits, and is told what came of his message.

The endpoint says which body it needs for a request, and puts the one that the route's mappings write into a response.
It knows nothing of mappings, and they know nothing of it.
"""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from transload.adapters.base.endpoint import C, Endpoint, Response, S
from transload.adapters.base.transport import Inbound
from transload.canonical.findings import Finding


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The body of a response that mappings are to write: ``kind`` and ``version`` of its message, "" for any.

    ``request`` is what people call the request, such as its operation.
    """

    request: str
    kind: str = ""
    version: str = ""


@dataclass(frozen=True, kw_only=True)
class Result:
    """What came of a request: whether its message was ``taken``, and what a mapping wrote of that.

    ``content`` is None where no mapping of the route is for this result; ``findings`` are the errors of a message that
    was not taken.
    """

    taken: bool
    content: bytes | None = field(default=None, repr=False)
    content_type: str = "application/octet-stream"
    findings: tuple[Finding, ...] = ()


class RespondingEndpoint(Endpoint[C, S]):
    """An endpoint whose responses mappings can write (``response:`` of a route).

    `Endpoint.respond` is called for requests for which nothing is wanted, on routes without ``response:``, and where
    a message was taken and no mapping is for that.
    """

    formats: ClassVar[frozenset[str]] = frozenset()
    """The formats that a body may have; all when empty."""

    def needed(self) -> Sequence[Wanted]:
        """The bodies that it cannot do without, once it is prepared."""
        return ()

    @abstractmethod
    def wanted(self, inbound: Inbound) -> Wanted | None:
        """The body that the response to ``inbound`` needs; None where it needs none from mappings."""

    @abstractmethod
    def respond_with(self, inbound: Inbound, result: Result) -> Response:
        """What the sender is told, once ``inbound`` and the result are committed.

        The result has a content, or the message was not taken.  A repeat has the result of the first.  Raises `Reject`
        where the content is not what is needed.
        """
