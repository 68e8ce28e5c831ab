"""What a REST connection, a source over it and a target over it take."""

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from transload.adapters.base.http import HttpConnection, is_here
from transload.adapters.base.settings import Duration, Settings, Template
from transload.adapters.rest.auth import Auth, HeaderName
from transload.adapters.rest.locations import address_of, path_of
from transload.adapters.rest.paging import Pages, Since
from transload.adapters.rest.response import Consequence, Response

Status = Annotated[int, Field(ge=200, le=599)]


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
    def _http(cls, value: str, info: ValidationInfo) -> str:
        found = address_of(value).rstrip("/")
        host = found.partition("://")[2].partition("/")[0].rpartition("@")[2]
        name = host[1 : host.find("]")] if host.startswith("[") else host.partition(":")[0]
        if found.startswith("http:") and not is_here(name) and not info.data.get("plain_http", True):
            raise ValueError("all that is sent could be read on the way: use https://, or write plain_http: true")
        return found


class RestTarget(Settings):
    """What stands beside ``connection:`` under ``to:``."""

    method: Literal["POST", "PUT", "PATCH", "DELETE"] = Field(default="POST", description="HTTP method.")
    path: Annotated[Template, AfterValidator(path_of)] = Field(
        description="Path below the base address.", examples=["/orders/{document.number}"]
    )
    query: Template | None = Field(default=None, description="Query, such as type=order&number={document.number}.")
    headers: dict[HeaderName, Template] = Field(
        default_factory=dict, description="Further headers, such as X-Order: '{document.number}'."
    )
    content_type: str | None = Field(default=None, description="Content type, if not the format's own.")
    accept: str = Field(
        default="application/json", description="Content type of the answer that we ask for; */* takes any."
    )
    idempotency: Literal["header", "none"] = Field(
        default="none",
        description="header: the delivery's key goes into a header, and the other side does nothing twice for one key. "
        "409 means then that the first request with it is still worked on.",
    )
    idempotency_header: HeaderName = Field(default="Idempotency-Key", description="Name of that header.")
    condition: Literal["none", "unchanged", "absent"] = Field(
        default="none",
        description="unchanged: the request counts only if the resource still has its ETag (If-Match); "
        "absent: only if there is none yet (If-None-Match: *). 412 is then a conflict.",
    )
    etag: Template | None = Field(
        default=None, description="The ETag for unchanged; by default the one that GET gives a moment before."
    )
    statuses: dict[Status, Consequence] = Field(
        default_factory=dict,
        description="What this partner's statuses mean, where they do not mean the usual: accepted, retry, reject, "
        "stop or unknown, such as 409: accepted where it means that the document was there already.",
    )
    response: Response = Field(default_factory=Response, description="How an answer in JSON is read.")
    lookup: Annotated[Template, AfterValidator(path_of)] | None = Field(
        default=None,
        description="Path to ask with GET whether a delivery arrived after its answer was lost: 200 yes, 404 no.",
    )
    lookup_query: Template | None = Field(default=None, description="Query of the lookup.")
    lookup_items: str | None = Field(
        default=None,
        description="Where the lookup's answer lists what it found: empty means that nothing arrived.",
    )

    @field_validator("lookup_query", "lookup_items")
    @classmethod
    def _of_lookup(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and info.data.get("lookup", "") is None:
            raise ValueError("there is no lookup: that it could belong to")
        return value

    @field_validator("etag")
    @classmethod
    def _of_condition(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and info.data.get("condition") != "unchanged":
            raise ValueError("an ETag belongs to condition: unchanged")
        return value


class RestSource(Settings):
    """What stands beside ``connection:`` under ``from:``."""

    method: Literal["GET", "POST"] = Field(
        default="GET", description="HTTP method; POST for searches that change nothing."
    )
    path: Annotated[str, AfterValidator(path_of)] = Field(
        description="Path below the base address.", examples=["/confirmations"]
    )
    query: dict[str, str] = Field(default_factory=dict, description="Query parameters.")
    body: dict[str, Any] | None = Field(default=None, description="Body of a POST, sent as JSON.")
    parameters: Literal["query", "body"] = Field(
        default="query", description="Where the parameters of paging and since go."
    )
    headers: dict[HeaderName, str] = Field(default_factory=dict, description="Further headers.")
    accept: str = Field(default="application/json", description="Content type that we ask for; */* takes any.")
    pages: Pages = Field(default_factory=Pages, description="Paging.")
    since: Since | None = Field(default=None, description="Only what changed since the last pass.")
    patience: Duration = Field(
        default=timedelta(seconds=10),
        description="Longest Retry-After that is waited for within a pass; after a longer one the pass goes on later.",
    )

    @field_validator("body")
    @classmethod
    def _posted(cls, value: dict[str, Any] | None, info: ValidationInfo) -> dict[str, Any] | None:
        if value is not None and info.data.get("method") == "GET":
            raise ValueError("a GET has no body; write method: POST")
        return value

    @field_validator("parameters")
    @classmethod
    def _in_body(cls, value: str, info: ValidationInfo) -> str:
        if value == "body" and info.data.get("method") == "GET":
            raise ValueError("a GET has no body; write method: POST")
        return value

    @field_validator("since", mode="before")
    @classmethod
    def _short(cls, value: object) -> object:
        return {"field": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _has_items(self) -> "RestSource":
        if self.since and not self.pages.items:
            raise ValueError("since needs pages: items, to find the newest one")
        return self
