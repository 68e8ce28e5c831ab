"""Sending documents as attachments."""

from transload.adapters.base import Answer, Outbound, Probe, Target
from transload.adapters.base.probing import of_tls
from transload.adapters.mail.composing import composed
from transload.adapters.mail.settings import MailConnection, Send
from transload.adapters.mail.submission import Submission, open_submission
from transload.canonical.errors import Retry, Stop, TransloadError, Unknown


class MailTarget(Target[MailConnection, Send]):
    """Sends each delivery as one mail.

    Its Message-ID is made of the delivery's key, so all attempts have the same; yet whether somebody at the other end
    looks at it nobody knows, so a second mail counts as a second effect.
    """

    Options = Send
    _submission: Submission | None = None

    def deliver(self, outbound: Outbound) -> Answer:
        """Send ``outbound``; see `Submission.send` for what is raised.  Single refused recipients are findings."""
        mail = composed(self.options, outbound)
        try:
            taken = self._opened().send(mail)
        except (Retry, Stop, Unknown):
            self.close()
            raise
        return Answer(
            summary=f"taken for {len(mail.recipients) - len(taken.findings)} recipients: {taken.said}",
            reference=mail.message_id,
            metadata={"message_id": mail.message_id},
            findings=taken.findings,
        )

    def probe(self) -> Probe:
        """Log in; no mail is sent."""
        try:
            found = self._opened()
        except TransloadError as error:
            return Probe(ok=False, summary=error.message, findings=error.findings)
        return Probe(
            ok=True,
            summary=found.peer,
            findings=tuple(of_tls(found.tls, self.connection.smtp.tls.pins if self.connection.smtp else ())),
        )

    def close(self) -> None:
        """End the conversation; the next call begins a new one."""
        if self._submission is not None:
            self._submission.close()
            self._submission = None

    def _opened(self) -> Submission:
        """The open conversation; a new one where the server has ended it since the last mail."""
        if self._submission is not None and not self._submission.is_alive():
            self.close()
        if self._submission is None:
            self._submission = open_submission(self.connection)
        return self._submission
