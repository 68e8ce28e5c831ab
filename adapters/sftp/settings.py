"""What a user writes about an SFTP connection."""

from datetime import timedelta
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from transload.adapters.base import Duration, Secret, Settings
from transload.adapters.sftp.host_keys import fault_of


class Timeouts(Settings):
    """How long to wait for the server, each from its own beginning."""

    connect: Duration = Field(
        default=timedelta(seconds=15), gt=timedelta(), description="For the TCP connection and the key exchange"
    )
    banner: Duration = Field(
        default=timedelta(seconds=15), gt=timedelta(), description="For the server's first line after that"
    )
    login: Duration = Field(
        default=timedelta(seconds=30), gt=timedelta(), description="For the answer to the login, and to opening SFTP"
    )
    answer: Duration = Field(
        default=timedelta(seconds=60), gt=timedelta(), description="For each answer, and for each piece of a file"
    )


def _lines(value: Any) -> Any:
    """The lines of one text or of several, without blank ones and comments."""
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list | tuple) or not all(isinstance(text, str) for text in texts):
        return value
    lines = [line.strip() for text in texts for line in text.splitlines()]
    found = tuple(line for line in lines if line and not line.startswith("#"))
    if not found:
        raise ValueError("one host key at least must be pinned; ask the partner for its fingerprint (SHA256:...)")
    return found


def _host_key(value: str) -> str:
    if fault := fault_of(value):
        raise ValueError(f"{value[:60]!r} {fault}")
    return value


def _host(value: str) -> str:
    if not value.isprintable() or any(sign in value for sign in " /@"):
        raise ValueError(f"{value!r} is no host name; write it like sftp.example.com, without sftp:// and user")
    return value


class Account(Settings):
    """An account on an SSH server.  The server must prove one of the pinned host keys before we log in."""

    host: Annotated[str, AfterValidator(_host)] = Field(
        min_length=1, description="Name or address of the server", examples=["sftp.acme.example"]
    )
    port: int = Field(default=22, ge=1, le=65535, description="TCP port")
    username: str = Field(min_length=1, description="Login name", examples=["bolts"])
    password: Secret | None = Field(default=None, description="Password; after the key, where both are given")
    key: Secret | None = Field(
        default=None, description="Text of the private key (OpenSSH or PEM): ${file:keys/partner_ed25519}"
    )
    passphrase: Secret | None = Field(default=None, description="Passphrase of the private key")
    certificate: str | None = Field(
        default=None,
        description="Text of the certificate that the partner's authority signed for the key (its -cert.pub file)",
    )
    host_keys: Annotated[tuple[Annotated[str, AfterValidator(_host_key)], ...], BeforeValidator(_lines)] = Field(
        description="The server's keys, as ssh-keygen -lf prints them (SHA256:...) or as lines of a known_hosts"
        " file; two of them while the partner changes its key",
        examples=[["SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]],
    )

    legacy: bool = Field(
        default=False,
        description="Allow SHA-1 for key exchange and RSA signatures, for a server that knows nothing newer",
    )

    @model_validator(mode="after")
    def _can_log_in(self) -> Self:
        if self.password is None and self.key is None:
            raise ValueError("a login needs a password or a key")
        if self.passphrase is not None and self.key is None:
            raise ValueError("a passphrase without a key has no use; did you mean password?")
        if self.certificate is not None and self.key is None:
            raise ValueError("a certificate without its private key has no use")
        return self


class SftpConnection(Account):
    """An account on an SFTP server, and how to get there."""

    jump: Account | None = Field(
        default=None,
        description="Server to go through, where the SFTP server cannot be reached from here: its own host, login and"
        " host_keys",
    )
    timeouts: Timeouts = Field(default=Timeouts(), description="How long to wait for the server")
    channels: int = Field(
        default=6,
        ge=1,
        le=64,
        description="Most SFTP channels in the one connection that are used at a time, to fetch files and clear them"
        " away; a server that allows fewer gets fewer",
    )
    keepalive: Duration = Field(
        default=timedelta(seconds=30), description="Pause between signs of life on an idle connection; 0s for none"
    )
    connections: int = Field(
        default=2,
        ge=1,
        le=32,
        description="Most connections of the account at a time; all routes share them, each with a channel of its own",
    )
    keep: Duration = Field(
        default=timedelta(seconds=30),
        description="How long an idle connection is kept for who comes next; 0s closes it at once",
    )
