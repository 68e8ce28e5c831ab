"""What a SOAP connection, a source over it and a target over it take."""

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from transload.adapters.base.http import HttpConnection
from transload.adapters.base.settings import Duration, Secret, Settings

Consequence = Literal["retry", "reject", "stop", "accepted"]


class UsernameToken(Settings):
    """User name and password in the SOAP header (OASIS WS-Security UsernameToken Profile 1.1)."""

    username: str = Field(description="User name.", examples=["bolt"])
    password: Secret = Field(description="Password.")
    digest: bool = Field(default=False, description="Send a digest with nonce and time instead of the password.")


class Security(Settings):
    """WS-Security headers."""

    username_token: UsernameToken | None = Field(default=None, description="User name and password.")
    timestamp: Duration | None = Field(
        default=None, description="Add a Timestamp that is valid for so long; the clocks must agree."
    )


class HttpLogin(Settings):
    """User name and password of HTTP itself (RFC 7617)."""

    username: str = Field(description="User name.", examples=["bolt"])
    password: Secret = Field(description="Password.")


class SoapConnection(HttpConnection):
    """A SOAP service of a partner, described by a WSDL file on our side."""

    wsdl: Path = Field(
        description="WSDL file; it and the schemas it imports are read from disk, never from a network.",
        examples=["wsdl/orders.wsdl"],
    )
    bundle: Path | None = Field(
        default=None, description="Folder that imported files must be in; by default the WSDL's own."
    )
    service: str | None = Field(default=None, description="Service to use, where the WSDL has several.")
    port: str | None = Field(default=None, description="Port to use, where the service has several.")
    endpoint: str | None = Field(
        default=None, description="Address to call instead of the WSDL's, which is often an internal one."
    )
    security: Security = Field(default_factory=Security, description="WS-Security.")
    login: HttpLogin | None = Field(default=None, description="HTTP basic authentication.")
    addressing: bool = Field(
        default=False, description="Send WS-Addressing headers, with one MessageID for all attempts of a delivery."
    )
    faults: dict[str, Consequence] = Field(
        default_factory=dict,
        description="What this partner's faults mean, by the local name of code, subcode or first detail element: "
        "retry, reject, stop, or accepted where it means that the document was there already.",
    )
    tries: int = Field(
        default=2, ge=1, le=5, description="Tries within one call, a moment apart, where a repetition does no harm."
    )

    @field_validator("endpoint")
    @classmethod
    def _http(cls, value: str | None) -> str | None:
        parts = urlsplit(value or "http://none")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("this is no address; it begins with https:// or http://")
        if parts.username is not None or parts.password is not None:
            raise ValueError("a login does not stand in an address; write it under login:")
        return value


class SoapTargetOptions(Settings):
    """What stands beside ``connection:`` under ``to:``."""

    operation: str = Field(description="Operation of the WSDL to call.", examples=["SubmitOrder"])
    idempotent: bool = Field(
        default=False,
        description="Whether a second call with the same document has no second effect there; "
        "without it a lost answer waits for a person.",
    )


class SoapSourceOptions(Settings):
    """What stands beside ``connection:`` under ``from:``."""

    operation: str = Field(description="Operation of the WSDL to call.", examples=["GetOrders"])
    request: str = Field(
        description="Body of the request: the XML of the operation's input element.",
        examples=['<GetOrders xmlns="urn:example"/>'],
    )
