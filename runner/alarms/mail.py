"""Alarms by e-mail, handed in as the mail adapter does."""

from collections.abc import Mapping
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

from transload.adapters.mail.composing import Mail
from transload.adapters.mail.settings import MailConnection
from transload.adapters.mail.submission import open_submission
from transload.runner.alarms.wording import subject_of, text_of
from transload.runner.ledger.alarms import Alarm
from transload.runner.workspace.alarms import MailAlarm


def send(settings: MailAlarm, alarm: Alarm, name: str) -> None:
    """Send ``alarm``; ``name`` is the same at each attempt, so that a mailbox can tell a repeat.

    Raises the consequences of the mail adapter.
    """
    connection = MailConnection(
        username=settings.username,
        password=settings.password,
        token=settings.token,
        smtp=settings.smtp,
        timeouts=settings.timeouts,
    )
    submission = open_submission(connection)
    try:
        submission.send(_mail(settings, alarm, name))
    finally:
        submission.close()


def _mail(settings: MailAlarm, alarm: Alarm, name: str) -> Mail:
    message_id = f"<{name}@{settings.sender.rpartition('@')[2]}>"
    body: Mapping[str, Any] = alarm.body
    message = EmailMessage(policy=SMTP)
    message["From"] = settings.sender
    message["To"] = ", ".join(settings.to)
    message["Subject"] = subject_of(body)
    message["Date"] = format_datetime(alarm.made_at)
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday notice comes back
    message.set_content(text_of(body), cte="quoted-printable")
    return Mail(sender=settings.sender, recipients=settings.to, message_id=message_id, lines=message.as_bytes())
