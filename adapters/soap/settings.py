"""What a SOAP connection, a source over it and a target over it take."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from transload.adapters.base.http import HttpConnection
from transload.adapters.base.settings import Duration, Secret, Settings, Template
from transload.adapters.soap.security.settings import Security

Consequence = Literal["retry", "reject", "stop", "unknown", "accepted"]
PATH = r"^[^\s/{}]+(/[^\s/{}]+)*$"


class HttpLogin(Settings):
    """User name and password of HTTP itself (RFC 7617)."""

    username: str = Field(description="User name.", examples=["bolt"])
    password: Secret = Field(description="Password.", examples=["${env:SOAP_PASSWORD}"])


class Addressing(Settings):
    """WS-Addressing 1.0 headers: Action, MessageID (one for all attempts of a delivery), To and ReplyTo."""

    to: str | None = Field(default=None, description="To, where it is not the address that is called.")
    reply_to: bool = Field(
        default=True, description="Send ReplyTo with the anonymous address: answers come back on the same connection."
    )


def _addressing(value: Any) -> Any:
    """``true`` and ``false`` for headers as usual, and none."""
    if isinstance(value, str) and value.lower() in ("true", "false"):
        value = value.lower() == "true"
    return ({} if value else None) if isinstance(value, bool) else value


def _address(value: str | None) -> str | None:
    parts = urlsplit(value or "http://none")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("this is no address; it begins with https:// or http://")
    if parts.username is not None or parts.password is not None:
        raise ValueError("a login does not stand in an address; write it under login:")
    return value


Address = Annotated[str | None, AfterValidator(_address)]


class Described(Settings):
    """A service that a WSDL file on our side describes."""

    wsdl: Path = Field(
        description="WSDL file; it and the schemas it imports are read from disk, never from a network.",
        examples=["wsdl/orders.wsdl"],
    )
    bundle: Path | None = Field(
        default=None, description="Folder that imported files must be in; by default the WSDL's own."
    )
    service: str | None = Field(default=None, description="Service to use, where the WSDL has several.")
    port: str | None = Field(default=None, description="Port to use, where the service has several.")
    endpoint: Address = Field(
        default=None, description="Address to call instead of the WSDL's, which is often an internal one."
    )


class SoapConnection(Described, HttpConnection):
    """A SOAP service of a partner, described by a WSDL file on our side."""

    security: Security = Field(default_factory=Security, description="WS-Security.")
    login: HttpLogin | None = Field(default=None, description="HTTP basic authentication.")
    addressing: Annotated[Addressing | None, BeforeValidator(_addressing)] = Field(
        default=None,
        description="Send WS-Addressing headers, with one MessageID for all attempts of a delivery: true, or how. "
        "An operation whose WSDL wants them gets them in any case.",
    )
    faults: dict[str, Consequence] = Field(
        default_factory=dict,
        description="What this partner's faults mean, by the local name of code, subcode or first detail element: "
        "retry, reject, stop, unknown, or accepted where it means that the document was there already.",
    )
    xop: tuple[str, ...] = Field(
        default=(),
        description="Local names of the elements whose base64 text is sent beside the envelope (MTOM); with none, "
        "everything stands in the envelope.",
    )
    most_attachments: int = Field(default=100, ge=0, description="Parts that an answer may have beside its envelope.")
    tries: int = Field(
        default=2, ge=1, le=5, description="Tries within one call, a moment apart, where a repetition does no harm."
    )


class SoapTargetOptions(Settings):
    """What stands beside ``connection:`` under ``to:``.

    Paths are local names of elements joined by slashes, seen from the element in the body of the answer.
    """

    operation: str = Field(description="Operation of the WSDL to call.", examples=["SubmitOrder"])
    idempotent: bool = Field(
        default=False,
        description="Whether a second call with the same document has no second effect there; "
        "without it a lost answer waits for a person.",
    )
    reference: str | None = Field(
        default=None,
        pattern=PATH,
        description="Path to the partner's own number of the document in the answer.",
        examples=["Result/OrderId"],
    )
    answer: Literal["body", "message"] = Field(
        default="body",
        description="What is kept of the answer: the element that its body held, or the whole message as it came, with "
        "the parts beside its envelope.",
    )
    lookup: str | None = Field(
        default=None, description="Operation that is asked whether the document is there, when an answer was lost."
    )
    lookup_request: Template | None = Field(
        default=None,
        description="Its body: the XML of its input element, with holes.",
        examples=['<FindOrder xmlns="urn:example"><Number>{document.number}</Number></FindOrder>'],
    )
    lookup_found: str | None = Field(
        default=None,
        pattern=PATH,
        description="Path to what its answer holds when the document is there: an element that is not empty.",
        examples=["Order/Number"],
    )
    lookup_missing: tuple[str, ...] = Field(
        default=(), description="Names of faults, as under faults:, with which it says that the document is not there."
    )

    @model_validator(mode="after")
    def _whole_lookup(self) -> Self:
        if self.lookup is None and (self.lookup_request or self.lookup_found or self.lookup_missing):
            raise ValueError("name the operation to ask under lookup:")
        if self.lookup is not None and not (self.lookup_request and self.lookup_found):
            raise ValueError("lookup: needs lookup_request: and lookup_found:")
        if self.lookup_request is not None and "%" in self.lookup_request:
            raise ValueError("lookup_request cannot hold a percent sign; write &#37;")
        if self.lookup_request is not None and "'" in self.lookup_request:
            raise ValueError("lookup_request cannot hold an apostrophe; write attributes in double quotes, else &#39;")
        return self


class SoapSince(Settings):
    """How far the route has read: the newest mark among the items, sent with the next request for ``{since}``."""

    field: str = Field(
        pattern=PATH, description="Path to the mark within an item: a time, or a number.", examples=["ChangedAt"]
    )
    start: str = Field(description="The mark of the first request.", examples=["2026-01-01T00:00:00Z"])
    overlap: Duration = Field(
        default=timedelta(0),
        description="Ask so much further back; what is known is not received again.",
    )


class SoapAcknowledge(Settings):
    """The call that tells the partner that an item (or the answer) has arrived, made once it is committed.

    It may be made twice for one item, when we stopped in between.
    """

    operation: str = Field(description="Operation of the WSDL to call.", examples=["ConfirmMessage"])
    request: str = Field(
        description="Its body: the XML of its input element; {Path/To/Element} stands for the text of an element of "
        "the item.",
        examples=['<ConfirmMessage xmlns="urn:example"><Id>{Id}</Id></ConfirmMessage>'],
    )


class SoapSourceOptions(Settings):
    """What stands beside ``connection:`` under ``from:``.

    Paths are local names of elements joined by slashes, seen from the element in the body of the answer.
    """

    operation: str = Field(description="Operation of the WSDL to call.", examples=["GetOrders"])
    request: str = Field(
        description="Body of the request: the XML of the operation's input element; {since} stands for the mark.",
        examples=['<GetOrders xmlns="urn:example"/>'],
    )
    items: str | None = Field(
        default=None,
        pattern=PATH,
        description="Path to what the answer holds several of: each becomes a receipt. Without it the answer is one.",
        examples=["Orders/Order"],
    )
    identity: tuple[Annotated[str, Field(pattern=PATH)], ...] = Field(
        default=(),
        description="Paths within an item that say which one it is, version included; without them its content does.",
    )
    since: SoapSince | None = Field(default=None, description="Ask for what is new alone.")
    acknowledge: SoapAcknowledge | None = Field(default=None, description="Call this when an item is committed.")
    calls: int = Field(
        default=1,
        ge=1,
        le=10_000,
        description="Calls in one pass at most: it goes on for as long as each brings something new.",
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.since is not None and self.items is None:
            raise ValueError("since: stands in items: say under items: where they are")
        if self.since is not None and "{since}" not in self.request:
            raise ValueError("since: needs {since} in request:")
        if self.since is None and "{since}" in self.request:
            raise ValueError("{since} in request: needs since:")
        if self.identity and self.items is None:
            raise ValueError("identity: is that of items: say under items: where they are")
        return self
