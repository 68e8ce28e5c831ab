"""What may be written under ``alarms:``."""

from datetime import timedelta
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from transload.adapters.base import Duration, Secret, Settings
from transload.adapters.base.http import HttpConnection
from transload.adapters.base.settings import ONE_OR_MORE
from transload.adapters.mail.settings import SmtpServer
from transload.adapters.mail.settings import Timeouts as MailTimeouts
from transload.runner.expectations.settings import Hours, Severity

_QUICK = MailTimeouts(connect=timedelta(seconds=10), answer=timedelta(seconds=20), whole=timedelta(minutes=1))


class AlarmPolicy(Settings):
    """Which incidents a channel tells, and when."""

    severity: Severity = Field("warning", description="Incidents as bad as this, or worse")
    partners: Annotated[tuple[str, ...], ONE_OR_MORE] = Field(
        (), description="Only incidents of these partners, and those of none; by default of all"
    )
    sources: Annotated[
        tuple[
            Literal[
                "arrival",
                "rhythm",
                "acknowledgement",
                "gap",
                "silence",
                "dead",
                "rejected",
                "unknown",
                "quarantined",
                "breaker",
                "retrying",
                "held",
                "crowd",
                "lane",
                "ledger",
                "disk",
                "certificate",
            ],
            ...,
        ],
        ONE_OR_MORE,
    ] = Field((), description="Only incidents of these kinds; by default all")
    group: Duration = Field(
        timedelta(minutes=2), description="How long to wait for more, so that they are told together", ge=timedelta()
    )
    at_most: int = Field(10, description="Messages an hour; what comes beyond waits, and is told together", ge=1)
    repeat: Duration | None = Field(
        timedelta(hours=4),
        description="Told again after this span until somebody acknowledges; nothing: only once",
    )
    closed: bool = Field(True, description="Whether it is told too when an incident is over")
    quiet: Hours | None = Field(None, description="Hours in which nothing is told until they end: 20:00-07:00")
    quiet_for: Severity = Field("warning", description="Up to how bad incidents wait in quiet hours")

    @model_validator(mode="after")
    def _not_without_pause(self) -> Self:
        if self.repeat is not None and self.repeat < timedelta(minutes=1):
            raise ValueError("repeat is a minute at least")
        return self


def _addresses(value: tuple[str, ...]) -> tuple[str, ...]:
    for text in value:
        name, at, domain = text.rpartition("@")
        if not at or not name or not domain or any(sign.isspace() or sign in '<>,;:"' for sign in text):
            raise ValueError(f"{text!r} is no mail address; write it like edi@example.com")
    return value


class MailAlarm(Settings):
    """A channel by e-mail."""

    smtp: SmtpServer = Field(description="The server to send by")
    username: str | None = Field(None, description="Login name", min_length=1, pattern=r"^[^\r\n\x00]+$")
    password: Secret | None = Field(None, description="Password", examples=["${env:MAIL_PASSWORD}"])
    token: Secret | None = Field(None, description="OAuth 2.0 access token instead of a password (XOAUTH2)")
    sender: Annotated[str, AfterValidator(lambda value: _addresses((value,))[0])] = Field(
        description="Address that it comes from", examples=["edi@example.com"]
    )
    to: Annotated[tuple[str, ...], ONE_OR_MORE, AfterValidator(_addresses)] = Field(
        description="Addresses that get it", min_length=1
    )
    timeouts: MailTimeouts = Field(_QUICK, description="How long to wait for the server")

    @model_validator(mode="after")
    def _login(self) -> Self:
        given = self.username is not None and (self.password is None) is not (self.token is None)
        if self.smtp.login and not given:
            raise ValueError("a login needs username, and password or token; without one write smtp: {login: false}")
        return self


def _url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("it is no address; write https://alarms.example/hook")
    return value


class WebhookAlarm(HttpConnection):
    """A channel by webhook, signed by the rules of Standard Webhooks."""

    url: Annotated[str, AfterValidator(_url)] = Field(description="Address to post to")
    secret: Secret = Field(description="Key that signs: base64, after whsec_", examples=["${env:ALARM_SECRET}"])


def ways() -> dict[str, type[Settings]]:
    """The ways of telling, by the key that they stand under."""
    return {"mail": MailAlarm, "webhook": WebhookAlarm}
