"""Electronic mail: attachments of a mailbox as documents (IMAP, RFC 9051), and documents as attachments (SMTP)."""

from transload.adapters.base import Adapter
from transload.adapters.mail.settings import MailConnection
from transload.adapters.mail.source import MailSource
from transload.adapters.mail.target import MailTarget

ADAPTER = Adapter(
    summary="Attachments of mails in an IMAP mailbox, and documents sent as attachments by SMTP",
    connection=MailConnection,
    source=MailSource,
    target=MailTarget,
)

__all__ = ["ADAPTER", "MailConnection", "MailSource", "MailTarget"]
