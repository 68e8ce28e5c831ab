"""What a user writes about an FTP connection."""

import codecs
from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from transload.adapters.base import Duration, Secret, Settings
from transload.adapters.base.network import Host
from transload.adapters.base.tls import Tls


class Timeouts(Settings):
    """How long to wait for the server, each from its own beginning."""

    connect: Duration = Field(
        default=timedelta(seconds=15), gt=timedelta(), description="For a connection to come about, TLS included"
    )
    answer: Duration = Field(
        default=timedelta(seconds=60), gt=timedelta(), description="For each answer of the server, as a whole"
    )
    data: Duration = Field(
        default=timedelta(seconds=60), gt=timedelta(), description="For each next piece of a file or of a list"
    )


def _encoding(value: str) -> str:
    try:
        found = codecs.lookup(value)
        carries_ascii = "/ -.~\r\n".encode(value) == b"/ -.~\r\n"
    except (LookupError, UnicodeError):
        raise ValueError(f"{value!r} is no character set that is known here") from None
    if not carries_ascii:
        raise ValueError(f"{value!r} does not contain ASCII, which FTP needs")
    return found.name


class FtpConnection(Settings):
    """An account on an FTP server, by TLS unless the settings give that up."""

    host: Host = Field(description="Name or address of the server", examples=["ftp.partner.example"])
    port: int | None = Field(
        default=None, ge=1, le=65535, description="TCP port; without it 21, or 990 with security: implicit"
    )
    security: Literal["explicit", "implicit", "none"] = Field(
        default="explicit",
        description="explicit: TLS is asked for before the login (AUTH TLS); implicit: TLS from the first byte;"
        " none: name, password and files travel in the clear, which needs insecure: true",
    )
    insecure: bool = Field(
        default=False, description="Whether name, password and files may travel in the clear, for everybody to read"
    )
    username: str = Field(min_length=1, pattern=r"^[^\r\n\x00]+$", description="Login name", examples=["bolts"])
    password: Secret = Field(description="Password", examples=["${env:PARTNER_FTP_PASSWORD}"])
    tls: Tls = Field(default_factory=Tls, description="Certificates")
    tls_max: Literal["1.2", "1.3"] = Field(
        default="1.3",
        description="Newest version of TLS to agree on; 1.2 helps with servers that cannot resume sessions of 1.3",
    )
    active: bool = Field(
        default=False,
        description="Whether the server opens the data connections to us (active mode); by default we open them",
    )
    trust_address: bool = Field(
        default=False,
        description="Whether data connections go to the address that the server names; by default its own is used,"
        " since the named one is often wrong behind a firewall, and could be anybody's",
    )
    encoding: Annotated[str, AfterValidator(_encoding)] = Field(
        default="utf-8", description="Character set of names", examples=["latin-1"]
    )
    listing: Literal["auto", "list"] = Field(
        default="auto",
        description="auto: folders are listed by MLSD where the server has it; list: never, where its MLSD is wrong",
    )
    channels: int = Field(
        default=1,
        ge=1,
        le=16,
        description="Most connections that are used at a time to fetch files and clear them away, each with a login of"
        " its own; a server that lets in fewer gets fewer",
    )
    timeouts: Timeouts = Field(default=Timeouts(), description="How long to wait for the server")
    keepalive: Duration = Field(
        default=timedelta(seconds=30), description="Pause between signs of life on an idle connection; 0s for none"
    )

    @property
    def port_number(self) -> int:
        """The port to connect to."""
        return self.port or (990 if self.security == "implicit" else 21)

    @model_validator(mode="after")
    def _knows_what_it_does(self) -> Self:
        if self.security == "none" and not self.insecure:
            raise ValueError(
                "without TLS everybody on the way can read name, password and files; if that is accepted, write"
                " insecure: true"
            )
        if self.security != "none" and self.insecure:
            raise ValueError("insecure: true has no meaning with TLS; did you mean security: none?")
        return self
