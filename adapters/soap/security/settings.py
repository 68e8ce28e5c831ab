"""What is written under ``security:``."""

from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from cryptography import x509
from pydantic import BeforeValidator, Field, model_validator

from transload.adapters.base.settings import Duration, Secret, Settings

Part = Literal["body", "timestamp", "token", "addressing"]


class UsernameToken(Settings):
    """User name and password in the SOAP header (OASIS WS-Security UsernameToken Profile 1.1)."""

    username: str = Field(description="User name.", examples=["bolt"])
    password: Secret = Field(description="Password.", examples=["${env:SOAP_PASSWORD}"])
    digest: bool = Field(default=False, description="Send a digest with nonce and time instead of the password.")
    nonce: bool = Field(
        default=False, description="Send a nonce and the time with the password, too; a digest always has them."
    )


class Signing(Settings):
    """A signature with our certificate (OASIS WS-Security X.509 Token Profile 1.1); needs the extra soap-signatures."""

    certificate: Secret = Field(
        description="Text of our certificate in PEM form.", examples=["${file:keys/signing.pem}"]
    )
    key: Secret | None = Field(
        default=None,
        description="Text of its private key in PEM form, if not in the same text.",
        examples=["${file:keys/signing.key}"],
    )
    password: Secret | None = Field(default=None, description="Password of the private key.")
    parts: tuple[Part, ...] = Field(
        default=("body", "timestamp"),
        min_length=1,
        description="What is signed: body, timestamp, token (of the user), addressing; what is not there is left out.",
    )
    token: Literal["certificate", "issuer"] = Field(
        default="certificate",
        description="How the certificate is named: certificate sends it along, issuer names its issuer and number.",
    )
    hash: Literal["sha256", "sha384", "sha512"] = Field(default="sha256", description="The hash function.")


def _several(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


class Verifying(Settings):
    """What must be signed, and with which certificates; needs the extra soap-signatures."""

    certificates: Annotated[tuple[Secret, ...], BeforeValidator(_several)] = Field(
        min_length=1,
        description="Texts of the partner's certificates in PEM form, with one of which is signed: two of "
        "them while the partner changes it. It may be another than the one of the partner's server.",
        examples=[["${file:keys/partner-signing.pem}"]],
    )
    parts: tuple[Part, ...] = Field(
        default=("body", "timestamp"), min_length=1, description="What must be there, and signed."
    )
    sha1: bool = Field(default=False, description="Take signatures with SHA-1, too, which can be forged with effort.")

    @model_validator(mode="after")
    def _body(self) -> Self:
        if "body" not in self.parts:
            raise ValueError("a signature that does not cover the body proves nothing")
        return self


class Security(Settings):
    """WS-Security headers."""

    username_token: UsernameToken | None = Field(default=None, description="User name and password.")
    timestamp: Duration | None = Field(
        default=None, description="Add a Timestamp that is valid for so long; the clocks must agree."
    )
    sign: Signing | None = Field(default=None, description="Sign each request.")
    verify: Verifying | None = Field(default=None, description="Take signed answers alone.")
    skew: Duration = Field(
        default=timedelta(minutes=1), description="How far the partner's clock may be off when an answer is verified."
    )
    must_understand: bool = Field(
        default=False, description="Mark the header as one that the service must understand, as some services want."
    )

    def secrets(self) -> list[str]:
        """What must never be shown."""
        return [self.username_token.password.get_secret_value()] if self.username_token else []


def certificates_in(text: str) -> list[x509.Certificate]:
    """The certificates in a PEM text.  Raises `ValueError` when there is none."""
    return x509.load_pem_x509_certificates(text.encode())
