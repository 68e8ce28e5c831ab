"""What a user writes about a partner over AS2: who we both are, our certificates, and how messages are secured."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, model_validator

from transload.adapters.base.callers import CalledConnection, OwnPath
from transload.adapters.base.http import HttpConnection, is_here
from transload.adapters.base.settings import ONE_OR_MORE, Duration, Secret, Settings, Template

Digest = Literal["sha256", "sha384", "sha512"]
LegacyDigest = Literal["sha256", "sha384", "sha512", "sha1"]
CipherName = Literal["aes128", "aes192", "aes256", "aes128-gcm", "aes192-gcm", "aes256-gcm", "3des"]


def _name(value: str) -> str:
    """An AS2 name (RFC 4130, section 6.2): printable ASCII."""
    if not 1 <= len(value) <= 128 or not value.isascii() or not value.isprintable() or value != value.strip():
        raise ValueError(f"{value[:80]!r} is no AS2 name: 1 to 128 printable ASCII characters")
    return value


def _url(value: str) -> str:
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        good = False
    if not good or parts.username is not None or not value.isprintable() or " " in value:
        raise ValueError(f"{value[:80]!r} is no address; write it like https://as2.partner.example/as2")
    return value


def _host(value: str) -> str:
    if not value or any(sign in value for sign in "/:@? ") or not value.isascii():
        raise ValueError(f"{value[:80]!r} is no name of a host; write it like as2.partner.example")
    return value.lower()


As2Name = Annotated[str, AfterValidator(_name)]
Url = Annotated[str, AfterValidator(_url)]


class OwnCertificate(Settings):
    """A certificate of ours with its key: signs what we send, decrypts what comes."""

    certificate: Secret = Field(description="Its text in PEM form: ${file:keys/us.pem}")
    key: Secret = Field(description="Text of its private key in PEM form: ${file:keys/us.key}")
    password: Secret | None = Field(default=None, description="Password of the private key.")
    since: AwareDatetime | None = Field(
        default=None,
        description="Sign with it from this moment on, such as 2026-04-01T00:00:00+02:00; what comes is decrypted with "
        "any of ours before and after that.",
    )


class PartnerCertificate(Settings):
    """A certificate of the partner's: what he signs is checked with it, what we send is encrypted for it."""

    certificate: Path = Field(description="File with it, in PEM or DER form, such as keys/acme-2026.pem.")
    since: AwareDatetime | None = Field(
        default=None,
        description="Encrypt for it from this moment on; what he signs is checked with any of his at any time.",
    )


def _several(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


def _file(value: Any) -> Any:
    return {"certificate": value} if isinstance(value, str | Path) else value


Owns = Annotated[
    tuple[OwnCertificate, ...],
    BeforeValidator(_several, json_schema_input_type=tuple[OwnCertificate, ...] | OwnCertificate),
]
_Their = Annotated[PartnerCertificate, BeforeValidator(_file, json_schema_input_type=Path | PartnerCertificate)]
Theirs = Annotated[
    tuple[_Their, ...],
    BeforeValidator(_several, json_schema_input_type=tuple[Path | PartnerCertificate, ...] | Path | PartnerCertificate),
]


class Accept(Settings):
    """What a message of the partner's must be."""

    signed: bool = Field(default=True, description="Refuse what he has not signed.")
    encrypted: bool = Field(default=True, description="Refuse what is not encrypted.")
    digests: Annotated[tuple[LegacyDigest, ...], ONE_OR_MORE] = Field(
        default=("sha256", "sha384", "sha512"),
        min_length=1,
        description="Digests of signatures that are taken; sha1 only for a partner who cannot do better.",
    )
    ciphers: Annotated[tuple[CipherName, ...], ONE_OR_MORE] = Field(
        default=("aes128", "aes192", "aes256", "aes128-gcm", "aes192-gcm", "aes256-gcm"),
        min_length=1,
        description="Ciphers that are taken; 3des only for a partner who cannot do better.",
    )
    expired: bool = Field(
        default=False, description="Take signatures with a certificate of the partner's that has ended or not begun."
    )


class Mdn(Settings):
    """The receipt (message disposition notification) that we ask for."""

    mode: Literal["sync", "async", "none"] = Field(
        default="sync",
        description="sync: in the answer. async: the partner calls us with it later. none: a status of 2xx is enough.",
    )
    signed: bool = Field(default=True, description="Whether it must be signed.")
    url: Url | None = Field(
        default=None, description="Our address as the partner sees it, for async: https://edi.us.example/as2/acme"
    )
    wait: Duration = Field(
        default=timedelta(hours=4),
        gt=timedelta(),
        description="How long an async one is awaited before the message is sent again, with the same Message-ID.",
    )

    @model_validator(mode="after")
    def _can_come(self) -> Self:
        if self.mode == "async" and self.url is None:
            raise ValueError("mode: async needs url:, our address as the partner sees it")
        if self.mode != "async" and self.url is not None:
            raise ValueError("url: belongs to mode: async")
        return self


class As2Connection(HttpConnection, CalledConnection):
    """A partner over AS2, both ways: he calls us at ``path``, we call him at ``url``."""

    url: Url = Field(description="The partner's address, such as https://as2.partner.example/as2")
    us: As2Name = Field(description="Our AS2 name, such as BOLT.")
    them: As2Name = Field(description="The partner's AS2 name, such as ACME Trading.")
    own: Owns = Field(
        default=(), description="Our certificates with their keys; the old one and the new one while we change."
    )
    partner: Theirs = Field(
        default=(), description="The partner's certificates; the old one and the new one while he changes."
    )
    sign: Literal["sha256", "sha384", "sha512", "none"] = Field(
        default="sha256", description="Digest with which we sign, and which the receipt is to use."
    )
    pss: bool = Field(default=False, description="Sign with RSASSA-PSS instead of PKCS #1 v1.5.")
    encrypt: CipherName | Literal["none"] = Field(
        default="aes128",
        description="Cipher with which we encrypt. Those with -gcm notice what was changed on the way; not every "
        "partner reads them. 3des only for a partner who cannot do better.",
    )
    oaep: bool = Field(default=False, description="Wrap the key with RSAES-OAEP (SHA-256) instead of PKCS #1 v1.5.")
    compress: Literal["none", "before", "after"] = Field(
        default="none", description="Compress, before or after it is signed; both are read."
    )
    mdn: Mdn = Field(default=Mdn(), description="The receipt that we ask for.")
    remembers: bool = Field(
        default=True,
        description="The partner takes a Message-ID that comes again for the same message, as AS2 has it: what may "
        "have arrived is sent again then. false: it waits for a person.",
    )
    path: OwnPath = Field(
        default="/as2", description="Path of our address that the partner calls", examples=["/as2/acme"]
    )
    accept: Accept = Field(default=Accept(), description="What his messages must be.")
    receipt_hosts: Annotated[tuple[Annotated[str, AfterValidator(_host)], ...], ONE_OR_MORE] = Field(
        default=(), description="Further hosts, besides that of url, that he may want async receipts sent to."
    )
    largest: int = Field(
        default=50_000_000, ge=1, description="Bytes that a message may have, as it comes and decompressed."
    )

    @model_validator(mode="after")
    def _can_be_done(self) -> Self:
        if self.us == self.them:
            raise ValueError("us and them are the same AS2 name")
        if not self.own and (self.sign != "none" or self.accept.encrypted):
            raise ValueError("own: is missing: we sign, and decrypt, with a certificate of ours")
        needed = {"encrypt": self.encrypt != "none", "accept: signed": self.accept.signed}
        needed["mdn: signed"] = self.mdn.signed and self.mdn.mode != "none"
        wanting = [name for name, wants in needed.items() if wants]
        if not self.partner and wanting:
            raise ValueError(f"partner: is missing, the partner's certificate: {' and '.join(wanting)} need it")
        for address in (self.url, self.mdn.url):
            if (
                address
                and address.startswith("http:")
                and not is_here(urlsplit(address).hostname)
                and not self.plain_http
            ):
                raise ValueError("what is sent can be watched on the way: use https://, or write plain_http: true")
        return self

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that asynchronous receipts may go to."""
        return ((urlsplit(self.url).hostname or "").lower(), *self.receipt_hosts)


class As2Target(Settings):
    """What stands beside ``connection:`` under ``to:``."""

    file: Template | None = Field(default=None, description="File name to give it, such as order-{document.number}.edi")
    subject: Template | None = Field(default=None, description="Subject, for people, such as Order {document.number}")
    content_type: str | None = Field(
        default=None,
        pattern=r"^[!#$&-.0-9A-Z^_a-z]+/[!#$&-.0-9A-Z^_a-z]+(;[ -~]*)?$",
        description="Content type, if not the format's own.",
    )


class As2Options(Settings):
    """What is taken from a call."""

    content_types: Annotated[tuple[str, ...], ONE_OR_MORE] = Field(
        default=(), description="Content types that are taken, such as application/edifact; all when empty"
    )
    files: int = Field(
        default=1,
        ge=1,
        le=100,
        description="Files that a message may hold (multiple attachments, RFC 6362); for more than one the route needs "
        "filters: [as2], which makes a receipt of each",
    )
