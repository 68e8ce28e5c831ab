"""What a user writes about mail: the account, what is taken from it, and what is sent."""

from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from transload.adapters.base import Duration, Secret, Settings, Template
from transload.adapters.base.network import Host
from transload.adapters.base.settings import ONE_OR_MORE
from transload.adapters.base.tls import Tls


class Timeouts(Settings):
    """How long to wait for a server, each from its own beginning."""

    connect: Duration = Field(
        default=timedelta(seconds=15), gt=timedelta(), description="For a connection to come about, TLS included"
    )
    answer: Duration = Field(
        default=timedelta(minutes=1), gt=timedelta(), description="For each answer, or each piece of a long one"
    )
    whole: Duration = Field(
        default=timedelta(minutes=10),
        gt=timedelta(),
        description="For a whole answer, and for the answer to a mail that was sent (RFC 5321 asks for 10 minutes)",
    )


class Server(Settings):
    """A server of an account, by TLS unless the settings give that up."""

    host: Host = Field(description="Name or address of the server", examples=["mail.example.com"])
    port: int | None = Field(default=None, ge=1, le=65535, description="TCP port; without it the usual one")
    insecure: bool = Field(
        default=False, description="Whether login and mails may travel in the clear, for everybody to read"
    )
    tls: Tls = Field(default_factory=Tls, description="Certificates")


def _clear_only_if_said(security: str, *, insecure: bool) -> None:
    if security == "none" and not insecure:
        raise ValueError(
            "without TLS everybody on the way can read login and mails; if that is accepted, write insecure: true"
        )
    if security != "none" and insecure:
        raise ValueError("insecure: true has no meaning with TLS; did you mean security: none?")


class ImapServer(Server):
    """Where mails are picked up."""

    security: Literal["tls", "starttls", "none"] = Field(
        default="tls",
        description="tls: from the first byte, port 993; starttls: before the login, port 143; none: in the clear,"
        " which needs insecure: true",
    )

    @property
    def port_number(self) -> int:
        """The port to connect to."""
        return self.port or (993 if self.security == "tls" else 143)

    @model_validator(mode="after")
    def _knows_what_it_does(self) -> Self:
        _clear_only_if_said(self.security, insecure=self.insecure)
        return self


class SmtpServer(Server):
    """Where mails are handed in."""

    security: Literal["tls", "starttls", "none"] = Field(
        default="starttls",
        description="starttls: before the login, port 587; tls: from the first byte, port 465; none: in the clear, port"
        " 25, which needs insecure: true",
    )
    login: bool = Field(default=True, description="Whether to log in; false for a relay that knows us by our address")
    hello: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9.:\[\]-]+$",
        description="Name to greet with (EHLO), by default this machine's",
    )

    @property
    def port_number(self) -> int:
        """The port to connect to."""
        return self.port or {"starttls": 587, "tls": 465, "none": 25}[self.security]

    @model_validator(mode="after")
    def _knows_what_it_does(self) -> Self:
        _clear_only_if_said(self.security, insecure=self.insecure)
        return self


_EXAMPLE: dict[str, Any] = {
    "username": "edi@example.com",
    "password": "${env:MAIL_PASSWORD}",
    "imap": {"host": "imap.example.com"},
    "smtp": {"host": "smtp.example.com"},
}


class MailConnection(Settings):
    """A mail account: an IMAP server to receive from, an SMTP server to send by, or both."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    username: str | None = Field(
        default=None, min_length=1, pattern=r"^[^\r\n\x00]+$", description="Login name", examples=["edi@example.com"]
    )
    password: Secret | None = Field(default=None, description="Password", examples=["${env:MAIL_PASSWORD}"])
    token: Secret | None = Field(
        default=None,
        description="OAuth 2.0 access token instead of a password (XOAUTH2)",
        examples=["${env:MAIL_TOKEN}"],
    )
    imap: ImapServer | None = Field(default=None, description="Server to receive from")
    smtp: SmtpServer | None = Field(default=None, description="Server to send by")
    timeouts: Timeouts = Field(default=Timeouts(), description="How long to wait for a server")

    @model_validator(mode="after")
    def _can_be_used(self) -> Self:
        if self.imap is None and self.smtp is None:
            raise ValueError("an account needs imap (to receive), smtp (to send), or both")
        if self.password is not None and self.token is not None:
            raise ValueError("there are both a password and a token; give one of them")
        logs_in = self.imap is not None or (self.smtp is not None and self.smtp.login)
        if logs_in and (self.username is None or (self.password is None and self.token is None)):
            raise ValueError(
                "a login needs username, and password or token; a relay without one has smtp: login: false"
            )
        return self


Patterns = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], ONE_OR_MORE]


class MoveTo(Settings):
    """Where a mail goes once its attachments are safe with us."""

    move: str = Field(
        min_length=1, description="Folder of the mailbox; made when it is missing", examples=["INBOX/done"]
    )


class Receive(Settings):
    """Which mails are taken, what of them, and what becomes of them."""

    folder: str = Field(default="INBOX", min_length=1, description="Folder of the mailbox", examples=["INBOX/EDI"])
    senders: Patterns = Field(
        default=("*",),
        min_length=1,
        description="Shell patterns of the addresses in From that mails are taken from; others are left alone, and"
        " named once. That a From is genuine is for the mail server to see to",
        examples=[["edi@partner.example", "*@orders.partner.example"]],
    )
    subject: Patterns = Field(
        default=("*",), min_length=1, description="Shell patterns of the subject, of which one must match; any case"
    )
    select: Literal["new", "unseen"] = Field(
        default="new",
        description="new: mails that came since the last pass, whoever has read them; unseen: those that nobody has"
        " opened",
    )
    attachments: Patterns = Field(
        default=("*",), description="Shell patterns of the names of attachments to take; any case", examples=["*.edi"]
    )
    types: Patterns = Field(
        default=("*",), description="Shell patterns of their content types", examples=[["application/*", "text/xml"]]
    )
    body: Literal["never", "alone", "always"] = Field(
        default="never", description="Whether the mail's text is taken: alone means only where no attachment is"
    )
    forwarded: bool = Field(
        default=False,
        description="Whether to look into mails that are attached to the mail; never into those that a bounce returns",
    )
    afterwards: Literal["keep", "seen", "delete"] | MoveTo = Field(
        default="keep",
        description="What becomes of a mail once all that was taken is safe: keep as it is, mark as seen, delete, or"
        " {move: folder}",
    )
    largest: int = Field(
        default=50_000_000,
        ge=1,
        description="Bytes that a mail may have; larger ones are left alone. Reading one takes twelve times as many in"
        " memory",
    )
    at_most: int = Field(default=200, ge=1, description="Most mails taken in one pass; the others wait for the next")

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if self.select == "unseen" and self.afterwards == "keep":
            raise ValueError(
                "an unseen mail that is kept as it is would come again: afterwards: seen, delete or {move:}"
            )
        return self


class Send(Settings):
    """What the mails look like that carry our documents."""

    sender: Template = Field(
        min_length=1, description="Address that the mail is from", examples=["ACME EDI <edi@acme.example>"]
    )
    to: Template = Field(
        min_length=1, description="Addresses, separated by commas", examples=["orders@partner.example"]
    )
    cc: Template | None = Field(default=None, description="Addresses that get a copy, separated by commas")
    reply_to: Template | None = Field(default=None, description="Address for answers by people")
    subject: Template = Field(min_length=1, description="Subject", examples=["Order {document.number}"])
    file: Template = Field(min_length=1, description="Name of the attachment", examples=["ORDERS_{number:06}.edi"])
    text: Template = Field(
        default="The attached document was sent by a computer.", description="The mail's text, above the attachment"
    )
    content_type: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+$",
        description="Content type of the attachment, if not the format's own",
        examples=["application/edifact"],
    )
