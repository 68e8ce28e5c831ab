"""What a user writes about a SOAP service that a partner calls."""

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from transload.adapters.base.callers import CalledConnection, Secrets, Tolerance
from transload.adapters.base.settings import ONE_OR_MORE, Settings
from transload.adapters.soap.security.settings import Part, Signing, Verifying
from transload.adapters.soap.settings import PATH, Address, Described


class Token(Settings):
    """User name and password in the SOAP header (OASIS WS-Security UsernameToken Profile 1.1)."""

    username: str = Field(min_length=1, description="User name that the partner sends", examples=["acme"])
    password: Secrets = Field(
        description="Its password; two of them while it is changed", examples=["${env:ACME_PASSWORD}"]
    )
    digest: bool = Field(default=False, description="Take digests of it alone, and refuse it as text")


class Signature(Verifying):
    """A signature of the request (OASIS WS-Security X.509 Token Profile 1.1); needs the extra soap-signatures."""

    to: Annotated[tuple[str, ...], ONE_OR_MORE] = Field(
        default=(),
        description="What the header To of WS-Addressing says, which must be signed then: else whoever gets the same "
        "message signed by the partner could send it on to us",
        examples=[["https://b2b.bolt.example/acme/orders"]],
    )


class Proof(Settings):
    """How a partner proves himself: by a token, a signature, both, or nothing."""

    username_token: Token | None = Field(default=None, description="User name and password in the SOAP header")
    signature: Signature | None = Field(
        default=None, description="A signature with the partner's certificate; with username_token both are demanded"
    )
    nothing: Literal[True] | None = Field(
        default=None, description="Nothing: whoever reaches the address may send; choose allowed then"
    )

    @model_validator(mode="after")
    def _some(self) -> Self:
        if (self.username_token is None and self.signature is None) == (self.nothing is None):
            raise ValueError("name username_token, signature or both, else nothing: true")
        if self.signature is not None and "token" in self.signature.parts and self.username_token is None:
            raise ValueError("a token that must be signed needs username_token:")
        return self


class AnswerSigning(Signing):
    """A signature of our answers, in the same manner."""

    parts: tuple[Part, ...] = Field(
        default=("body", "timestamp", "addressing"),
        min_length=1,
        description="What is signed: body, timestamp, addressing (which message it answers); what is not there is "
        "left out",
    )

    @field_validator("parts")
    @classmethod
    def _no_token(cls, value: tuple[Part, ...]) -> tuple[Part, ...]:
        if "token" in value or "body" not in value:
            raise ValueError("our answers have no token, and a signature that does not cover the body proves nothing")
        return value


class SoapServiceConnection(Described, CalledConnection):
    """An address of ours that a partner calls by SOAP; `http: {listen: ...}` of the workspace says where we listen."""

    endpoint: Address = Field(
        default=None,
        description="Address that is written into the WSDL that we give away, instead of its own",
        examples=["https://b2b.bolt.example/acme/orders"],
    )
    verify: Proof = Field(
        description="How the partner proves himself",
        examples=[{"username_token": {"username": "acme", "password": "${env:ACME_PASSWORD}"}}],
    )
    tolerance: Tolerance = timedelta(minutes=5)
    sign: AnswerSigning | None = Field(
        default=None, description="Sign our answers, and the faults of those who have proved themselves"
    )
    publish: bool = Field(
        default=True, description="Give the WSDL to whoever may call and asks for it: GET on the address with ?wsdl"
    )

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if self.verify.nothing and not self.allowed:
            raise ValueError("with verify: {nothing: true} name the addresses that may call: allowed")
        return self


class Taken(Settings):
    """An operation that a route takes."""

    response: str | None = Field(
        default=None,
        description="What he is told: the XML of the operation's output element; {Path/To/Element} stands for the "
        "text of an element of what was sent. None where a mapping of the route's response: writes that element, and "
        "where the operation has no output",
        examples=["<SubmitOrderResponse xmlns='urn:example'><Number>{Number}</Number></SubmitOrderResponse>"],
    )
    identity: tuple[Annotated[str, Field(pattern=PATH)], ...] = Field(
        default=(),
        description="Paths to the elements that say which message it is; without them its content and its MessageID do",
        examples=[["Header/MessageId"]],
    )


class SoapServiceOptions(Settings):
    """What stands beside ``connection:`` under ``from:``.

    Paths are local names of elements joined by slashes, seen from the element in the body.
    """

    operations: dict[str, Taken] = Field(
        min_length=1,
        description="Operations that are taken, by their names in the WSDL",
        examples=[{"SubmitOrder": {"response": "<SubmitOrderResponse xmlns='urn:example'/>"}}],
    )
