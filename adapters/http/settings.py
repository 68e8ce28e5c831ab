"""What a user writes about an address of ours that a partner calls."""

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from transload.adapters.base import Settings
from transload.adapters.base.callers import CalledConnection, Secrets, Tolerance
from transload.adapters.base.settings import ONE_OR_MORE


class Signature(Settings):
    """A signature of the partner's own kind: HMAC over the body, or over a time stamp and the body."""

    header: str = Field(min_length=1, description="Header with the signature", examples=["X-Signature"])
    secret: Secrets
    algorithm: Literal["sha256", "sha384", "sha512"] = Field(default="sha256", description="Hash of the HMAC")
    encoding: Literal["hex", "base64"] = Field(default="hex", description="How the signature is written")
    prefix: str = Field(default="", description="What stands before it in the header, such as sha256=")
    timestamp: str | None = Field(
        default=None, description="Header with the moment of signing, in seconds since 1970, which is signed too"
    )
    signed: str = Field(
        default="{body}", description="What is signed: {body}, and {timestamp} where there is one: '{timestamp}.{body}'"
    )

    @model_validator(mode="after")
    def _signs_the_body(self) -> Self:
        if self.signed.count("{body}") != 1:
            raise ValueError("what is signed must hold {body} once")
        if ("{timestamp}" in self.signed) != (self.timestamp is not None):
            raise ValueError("timestamp names a header, and {timestamp} stands in signed: write both or none")
        return self


class Shared(Settings):
    """A known scheme with a secret."""

    secret: Secrets


class Basic(Settings):
    """User name and password (RFC 7617)."""

    username: str = Field(min_length=1, description="User name that the partner sends", examples=["acme"])
    password: Secrets


class Bearer(Settings):
    """A token in the header Authorization (RFC 6750)."""

    token: Secrets


class Verify(Settings):
    """How a partner proves himself: exactly one of these."""

    standard_webhooks: Shared | None = Field(default=None, description="Standard Webhooks (webhook-signature)")
    github: Shared | None = Field(default=None, description="GitHub (X-Hub-Signature-256)")
    stripe: Shared | None = Field(default=None, description="Stripe (Stripe-Signature)")
    shopify: Shared | None = Field(default=None, description="Shopify (X-Shopify-Hmac-Sha256)")
    hmac: Signature | None = Field(default=None, description="A signature of another kind")
    basic: Basic | None = Field(default=None, description="User name and password")
    bearer: Bearer | None = Field(default=None, description="A token")
    nothing: Literal[True] | None = Field(
        default=None, description="Nothing: whoever reaches the address may send; choose allowed then"
    )

    @model_validator(mode="after")
    def _one(self) -> Self:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            names = ", ".join(type(self).model_fields)
            raise ValueError(f"name exactly one of {names}; given: {', '.join(given) or 'none'}")
        return self


class HttpConnection(CalledConnection):
    """An address of ours that a partner calls; `http: {listen: ...}` of the workspace says where we listen."""

    verify: Verify = Field(description="How the partner proves himself")
    tolerance: Tolerance = timedelta(minutes=5)

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if self.verify.nothing and not self.allowed:
            raise ValueError("with verify: {nothing: true} name the addresses that may call: allowed")
        return self


class Header(Settings):
    """A header, and values of it."""

    header: str = Field(min_length=1, description="Name of the header", examples=["X-Event"])
    values: Annotated[tuple[str, ...], ONE_OR_MORE] = Field(min_length=1, description="Its values", examples=[["ping"]])


class HttpOptions(Settings):
    """What is taken from a request, and what is answered."""

    id_header: str | None = Field(
        default=None,
        min_length=1,
        description="Header with the message's own number, by which a repeat is known; the schemes have theirs, and"
        " without any the content is its number",
    )
    content_types: Annotated[tuple[str, ...], ONE_OR_MORE] = Field(
        default=(), description="Content types that are taken, such as application/json; all when empty"
    )
    ignore: Header | None = Field(
        default=None,
        description="Requests that are answered and not kept: {header: X-GitHub-Event, values: ping}",
    )
    status: Literal[200, 201, 202, 204] = Field(default=202, description="Status of the answer once it is committed")
