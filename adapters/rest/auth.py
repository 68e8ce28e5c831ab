"""The ways to log in at a REST API, as the partner file writes them."""

import base64
import re
from binascii import Error as NotBase64
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from transload.adapters.base.settings import Secret, Settings
from transload.adapters.rest.locations import address_of

HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")]
_HOLE = re.compile(r"\{([^{}]*)\}")
_PARTS = ("method", "host", "path", "query", "target", "body", "body_digest", "timestamp", "nonce", "key_id")


class Basic(Settings):
    """User name and password (RFC 7617)."""

    username: str = Field(description="User name.", examples=["acme-edi"])
    password: Secret = Field(description="Password.")


class Bearer(Settings):
    """A token that does not change (RFC 6750)."""

    token: Secret = Field(description="The token.")


class ApiKey(Settings):
    """A key in a header of its own, or in the query."""

    header: HeaderName = Field(default="X-API-Key", description="Name of the header.")
    query: str | None = Field(
        default=None, min_length=1, description="Name of a query parameter instead; it is shown and kept nowhere."
    )
    key: Secret = Field(description="The key.")


class OAuth2(Settings):
    """Client credentials (RFC 6749 section 4.4)."""

    token_url: str = Field(description="Where tokens are given out.", examples=["https://login.partner.example/token"])
    client_id: str = Field(description="Our name there.", examples=["acme-edi"])
    client_secret: Secret = Field(description="Our secret there.")
    scope: str | None = Field(default=None, description="Scopes to ask for, separated by blanks.")
    audience: str | None = Field(default=None, description="Audience to ask for, where the server wants one.")
    client_auth: Literal["client_secret_basic", "client_secret_post"] = Field(
        default="client_secret_basic",
        description="Whether id and secret travel in the Authorization header or in the form.",
    )

    @field_validator("token_url")
    @classmethod
    def _http(cls, value: str) -> str:
        return address_of(value)


def _part(value: str) -> str:
    kind, _, name = value.partition(" ")
    if value in _PARTS or (kind in ("header", "text") and name):
        return value
    raise ValueError(f"{value!r} cannot be signed; parts are {', '.join(_PARTS)}, header NAME and text WORDS")


class Hmac(Settings):
    """A signature over parts of each request, made anew at each attempt (HMAC, RFC 2104)."""

    key: Secret = Field(description="The key that both sides know.")
    key_encoding: Literal["text", "hex", "base64"] = Field(default="text", description="How the key is written.")
    key_id: str | None = Field(default=None, description="Its name, for {key_id} and the part key_id.")
    algorithm: Literal["sha256", "sha384", "sha512", "sha1"] = Field(default="sha256", description="Hash function.")
    parts: tuple[Annotated[str, AfterValidator(_part)], ...] = Field(
        default=("timestamp", "method", "target", "body"),
        min_length=1,
        description="What is signed, in this order: method, host, path, query, target (path with query), body, "
        "body_digest, timestamp, nonce, key_id, header NAME, text WORDS.",
    )
    separator: str = Field(default="\n", description="What stands between the parts.")
    encoding: Literal["hex", "base64"] = Field(default="hex", description="How signature and digests are written.")
    header: HeaderName = Field(default="X-Signature", description="Header that carries the signature.")
    form: str = Field(
        default="{signature}",
        description="What stands in it, with {signature}, {key_id}, {timestamp}, {nonce}.",
        examples=["HMAC {key_id}:{signature}"],
    )
    timestamp: Literal["unix", "unix_ms", "iso", "http"] = Field(
        default="unix", description="Form of the time: seconds or milliseconds since 1970, ISO 8601, or as in Date."
    )
    timestamp_header: HeaderName | None = Field(default="X-Timestamp", description="Header that carries the time.")
    nonce_header: HeaderName | None = Field(default=None, description="Header that carries a number used once.")
    digest_header: HeaderName | None = Field(default=None, description="Header that carries the body's digest.")

    @field_validator("form")
    @classmethod
    def _known(cls, value: str) -> str:
        names = set(_HOLE.findall(value))
        if "signature" not in names or not names <= {"signature", "key_id", "timestamp", "nonce"}:
            raise ValueError("it needs {signature}, and knows {key_id}, {timestamp} and {nonce} besides")
        return value

    @model_validator(mode="after")
    def _can_be_checked(self) -> Self:
        """What the other side must know to compute the same, it must be told."""
        told = set(_HOLE.findall(self.form))
        if "timestamp" in self.parts and not self.timestamp_header and "timestamp" not in told:
            raise ValueError("the time is signed, but sent nowhere: write timestamp_header")
        if "nonce" in self.parts and not self.nonce_header and "nonce" not in told:
            raise ValueError("the nonce is signed, but sent nowhere: write nonce_header")
        if ("key_id" in self.parts or "key_id" in told) and self.key_id is None:
            raise ValueError("key_id is used, but not written")
        return self

    def key_bytes(self) -> bytes:
        """The key.  Raises ValueError when it is not written as ``key_encoding`` says."""
        text = self.key.get_secret_value()
        try:
            if self.key_encoding == "hex":
                return bytes.fromhex(text)
            return base64.b64decode(text, validate=True) if self.key_encoding == "base64" else text.encode()
        except (ValueError, NotBase64):
            raise ValueError(f"the key is not written in {self.key_encoding}") from None


class Auth(Settings):
    """How we log in: at most one way (our certificate, under tls, goes with each of them)."""

    basic: Basic | None = Field(default=None, description="User name and password.")
    bearer: Bearer | None = Field(default=None, description="A fixed token.")
    api_key: ApiKey | None = Field(default=None, description="A key in a header or in the query.")
    oauth2: OAuth2 | None = Field(default=None, description="Client credentials.")
    hmac: Hmac | None = Field(default=None, description="Signed requests.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        given = self.given
        if len(given) > 1:
            raise ValueError(f"there is more than one login: {', '.join(given)}")
        return self

    @property
    def given(self) -> list[str]:
        """The names of the logins that are written: one at most."""
        return [name for name in type(self).model_fields if getattr(self, name) is not None]

    def secrets(self) -> list[str]:
        """All that no finding may show, in every form in which it travels."""
        if self.basic:
            password = self.basic.password.get_secret_value()
            pair = f"{self.basic.username}:{password}".encode()
            return [password, base64.b64encode(pair).decode()]
        if self.bearer:
            return [self.bearer.token.get_secret_value()]
        if self.api_key:
            return [self.api_key.key.get_secret_value()]
        if self.oauth2:
            return [self.oauth2.client_secret.get_secret_value()]
        return [self.hmac.key.get_secret_value()] if self.hmac else []
