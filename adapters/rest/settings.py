"""What a REST connection, a source over it and a target over it take."""

from datetime import timedelta
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from transload.adapters.base.http import HttpConnection
from transload.adapters.base.settings import Duration, Secret, Settings, Template

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


class Basic(Settings):
    """User name and password (RFC 7617)."""

    username: str = Field(description="User name.")
    password: Secret = Field(description="Password.")


class Bearer(Settings):
    """A token that does not change (RFC 6750)."""

    token: Secret = Field(description="The token.")


class ApiKey(Settings):
    """A key in a header of its own."""

    header: str = Field(default="X-API-Key", description="Name of the header.")
    key: Secret = Field(description="The key.")


class OAuth2(Settings):
    """Client credentials (RFC 6749 section 4.4)."""

    token_url: str = Field(description="Where tokens are given out.")
    client_id: str = Field(description="Our name there.")
    client_secret: Secret = Field(description="Our secret there.")
    scope: str | None = Field(default=None, description="Scopes to ask for, separated by blanks.")
    audience: str | None = Field(default=None, description="Audience to ask for, where the server wants one.")
    client_auth: Literal["basic", "body"] = Field(
        default="basic", description="Whether id and secret travel in the Authorization header or in the form."
    )

    @field_validator("token_url")
    @classmethod
    def _http(cls, value: str) -> str:
        return _address(value)


class Auth(Settings):
    """How we log in: at most one way."""

    basic: Basic | None = Field(default=None, description="User name and password.")
    bearer: Bearer | None = Field(default=None, description="A fixed token.")
    api_key: ApiKey | None = Field(default=None, description="A key in a header.")
    oauth2: OAuth2 | None = Field(default=None, description="Client credentials.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"there is more than one login: {', '.join(given)}")
        return self


class RestConnection(HttpConnection):
    """A REST API of a partner."""

    base_url: str = Field(description="Address that all paths follow.", examples=["https://api.partner.example/v1"])
    auth: Auth = Field(default_factory=Auth, description="How we log in.")
    tries: int = Field(
        default=3, ge=1, le=5, description="Tries within one call, a moment apart, where a repetition does no harm."
    )
    probe: str = Field(default="", description="Path that a probe asks for; by default the base address itself.")

    @field_validator("base_url")
    @classmethod
    def _http(cls, value: str) -> str:
        return _address(value).rstrip("/")


class RestTarget(Settings):
    """What stands beside ``connection:`` under ``to:``."""

    method: Literal["POST", "PUT", "PATCH", "DELETE"] = Field(default="POST", description="HTTP method.")
    path: Template = Field(description="Path below the base address.", examples=["/orders/{document.number}"])
    query: Template | None = Field(default=None, description="Query, such as type=order&number={document.number}.")
    headers: dict[str, str] = Field(default_factory=dict, description="Further headers.")
    content_type: str | None = Field(default=None, description="Content type, if not the format's own.")
    accept: str = Field(default="application/json", description="Content type of the answer that we ask for.")
    idempotency: Literal["header", "none"] = Field(
        default="none",
        description="header: the delivery's key goes into a header, and the other side does nothing twice for one key.",
    )
    idempotency_header: str = Field(default="Idempotency-Key", description="Name of that header.")
    accepted: tuple[int, ...] = Field(
        default=(200, 201, 202, 204),
        description="Statuses that mean: the other side has it. Add 409 where it means: it was there already.",
    )
    retried: tuple[int, ...] = Field(
        default=(), description="Further statuses that mean: not now, such as 409 for a key still being worked on."
    )
    lookup: Template | None = Field(
        default=None,
        description="Path to ask with GET whether a delivery arrived after its answer was lost: 200 yes, 404 no.",
    )

    @field_validator("accepted", "retried")
    @classmethod
    def _statuses(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        wrong = [status for status in value if not 200 <= status <= 599]
        if wrong:
            raise ValueError(f"no such HTTP status: {', '.join(map(str, wrong))}")
        return value

    @field_validator("path", "lookup")
    @classmethod
    def _below(cls, value: str | None) -> str | None:
        return value if value is None else _path(value)


class Pages(Settings):
    """How a list is cut into pages, and where the next one is."""

    style: Literal["none", "offset", "page", "cursor", "next", "link"] = Field(
        default="none",
        description="offset: number of the first item; page: number of the page; cursor: a text from the page before; "
        "next: the next page's address in the body; link: the same in the Link header (RFC 8288).",
    )
    items: str | None = Field(default=None, description='Where the items stand, keys joined by points; "$" is the top.')
    next: str | None = Field(default=None, description="Where the cursor or the next address stands in the body.")
    total: str | None = Field(default=None, description="Where the number of all items stands, if the body says so.")
    parameter: str | None = Field(
        default=None, description="Query parameter of offset, page or cursor; by default the style's name."
    )
    size: int | None = Field(default=None, ge=1, description="Items to ask for in one page.")
    size_parameter: str = Field(default="limit", description="Query parameter of the size.")
    first: int = Field(default=1, ge=0, description="Number of the first page, for style page.")
    max: int = Field(default=1000, ge=1, description="Pages that one pass may take; more are a fault, not cut off.")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.style in ("cursor", "next") and not self.next:
            raise ValueError(f"style {self.style} needs next: where the next page is named")
        if self.style in ("offset", "page") and not self.items:
            raise ValueError(f"style {self.style} needs items: an empty list ends it")
        return self


class Since(Settings):
    """Ask only for what changed since the last pass."""

    field: str = Field(description="Field of an item that holds the time or number of its change.")
    parameter: str | None = Field(default=None, description="Query parameter; by default named like the field.")
    overlap: Duration = Field(
        default=timedelta(0), description="How far to step back, for changes that show up late; times only."
    )
    start: str | None = Field(default=None, description="Where to begin; without it the first pass takes everything.")


class RestSource(Settings):
    """What stands beside ``connection:`` under ``from:``."""

    method: Literal["GET"] = Field(default="GET", description="HTTP method.")
    path: str = Field(description="Path below the base address.", examples=["/confirmations"])
    query: dict[str, str] = Field(default_factory=dict, description="Query parameters.")
    headers: dict[str, str] = Field(default_factory=dict, description="Further headers.")
    accept: str = Field(default="application/json", description="Content type that we ask for.")
    pages: Pages = Field(default_factory=Pages, description="Paging.")
    since: Since | None = Field(default=None, description="Only what changed since the last pass.")

    @field_validator("path")
    @classmethod
    def _below(cls, value: str) -> str:
        return _path(value)

    @field_validator("since", mode="before")
    @classmethod
    def _short(cls, value: object) -> object:
        return {"field": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _has_items(self) -> Self:
        if self.since and not self.pages.items:
            raise ValueError("since needs pages: items, to find the newest one")
        return self


def _address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("this is no address; it begins with https:// or http://")
    if parts.username is not None or parts.password is not None:
        raise ValueError("a login does not stand in an address; write it under auth:")
    if parts.query or parts.fragment:
        raise ValueError("an address has no query here")
    return value


def _path(value: str) -> str:
    if "://" in value or value.startswith("//"):
        raise ValueError("this is a path below the connection's address, not an address")
    if "?" in value or "#" in value:
        raise ValueError("a path has no ? and no #; the query stands under query:")
    return value if value.startswith("/") else f"/{value}"
