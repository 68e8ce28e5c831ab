"""What an answer means: fault, refusal, something else than an envelope, somebody else's answer, or taken."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from transload.adapters.base import Finding, Severity
from transload.adapters.base.http import Reply, lost, refusal
from transload.adapters.base.soap import envelope_space
from transload.adapters.soap.capture import captured
from transload.adapters.soap.envelope import Opened, Request, opened
from transload.adapters.soap.faults import consequence_of, error_of, fault_of
from transload.adapters.soap.parts import Attachment
from transload.adapters.soap.security.clocks import HINT, difference, stale
from transload.adapters.soap.security.verification import Unsigned, Verification
from transload.adapters.soap.settings import SoapConnection
from transload.adapters.soap.wsdl import Operation
from transload.canonical.errors import Reject, Stop, TransloadError


@dataclass(frozen=True, kw_only=True)
class Called:
    """A call that was taken: what the body of the answer held, what came beside it, and what is to be said about it.

    ``header`` is what may be kept of the answer's header blocks.  ``missing`` says that the answer was a
    fault which says that nothing is there.  ``reply`` is the answer as it came.
    """

    summary: str
    status: int
    element: "etree._Element | None" = None
    attachments: tuple[Attachment, ...] = ()
    findings: tuple[Finding, ...] = ()
    header: str | None = None
    message_id: str | None = None
    missing: bool = False
    reply: Reply | None = None

    @property
    def content(self) -> bytes | None:
        """What the body held, as bytes."""
        return None if self.element is None else etree.tostring(self.element, encoding="utf-8", with_tail=False)


@dataclass(frozen=True, kw_only=True)
class Judging:
    """Judges the answers of one operation.

    ``repeatable`` says that a repetition has no second effect there, ``missing`` which faults say that
    nothing is there.
    """

    connection: SoapConnection
    operation: Operation
    repeatable: bool
    missing: frozenset[str] = frozenset()

    def judge(self, reply: Reply, request: Request, now: datetime) -> Called:
        """The answer, if it means that the call was taken.  Raises what else it means."""
        summary = f"{self.operation.name}: {reply.status} from {reply.address}"
        good = 200 <= reply.status < 300
        if not reply.whole:
            raise self._too_large(reply)
        if good and not reply.content.strip():
            return self._empty(reply, request, summary)
        found = opened(
            reply.content,
            reply.headers.get("content-type", ""),
            most_attachments=self.connection.most_attachments,
            most_bytes=self.connection.max_body,
        )
        if isinstance(found, str):
            raise self._no_envelope(reply, found)
        if request.message_id and found.relates_to and request.message_id not in found.relates_to:
            raise self._of_another(reply, found)
        fault = fault_of(found.content)
        if fault is not None and self.missing & set(fault.names):
            trusted = self._is_trusted(reply, found, now)
            return Called(summary=f"{summary}, {fault.names[0]}", status=reply.status, missing=trusted)
        if fault is not None:
            consequence = consequence_of(fault, self.connection.faults)
            if consequence == "accepted":
                self._check(reply, found, now)  # a fault that stops something may come unsigned, this one may not
                told = f"{summary}, {fault.names[0]}: there already"
                return Called(summary=told, status=reply.status, message_id=request.message_id)
            call = f"{self.operation.name} at {reply.address}"
            raise error_of(fault, consequence, call, reply, self.connection, clock=difference(reply, now))
        if not good:
            raise refusal(reply, self.connection, repeatable=self.repeatable)
        self._check(reply, found, now)
        return Called(
            summary=summary,
            status=reply.status,
            element=found.content,
            attachments=found.attachments,
            findings=tuple(self._remarks(found, now)),
            header=_header(found.envelope, reply.hidden),
            reply=reply,
            message_id=request.message_id,
        )

    def _empty(self, reply: Reply, request: Request, summary: str) -> Called:
        """Nothing is the answer of a one-way operation (WS-I Basic Profile 1.1, R1112); else 202 and 204 mean it."""
        wanted = self.operation.output is not None
        if wanted and self.connection.security.verify is not None:
            raise self._distrusted(reply, "the answer is empty, and so not signed", "ask the partner")
        if wanted and reply.status not in (202, 204):
            raise self._no_envelope(reply, "it is empty")
        findings = tuple(self._unlike_the_wsdl(None)) if wanted else ()
        return Called(summary=summary, status=reply.status, findings=findings, message_id=request.message_id)

    def _too_large(self, reply: Reply) -> TransloadError:
        message = f"{reply.call} was answered with more than {self.connection.max_body} bytes, which were not read"
        if not 200 <= reply.status < 300:
            return refusal(reply, self.connection, repeatable=self.repeatable)
        if not self.repeatable:
            return lost(message, repeatable=False)
        return Stop(message, hint="ask for less at once, or raise max_body of the connection")

    def _no_envelope(self, reply: Reply, why: str) -> TransloadError:
        if 200 <= reply.status < 300:
            message = f"{reply.call} was answered with {reply.status}, but the answer cannot be read: {why}"
            return self._lost(reply, "S-ANSWER", message, "is it a login or maintenance page? look at its beginning")
        error = refusal(reply, self.connection, repeatable=self.repeatable)
        if isinstance(error, Reject) and reply.status in (404, 410):  # no service there that could judge a document
            return Stop(error.message, hint="correct endpoint: of the connection", findings=error.findings)
        return error

    def _of_another(self, reply: Reply, answer: Opened) -> TransloadError:
        message = f"{reply.call} was answered with an answer to another message ({answer.relates_to[0][:100]})"
        return self._lost(reply, "S-RELATES", message, "something on the way mixes answers up: tell the partner")

    def _check(self, reply: Reply, answer: Opened, now: datetime) -> None:
        """Raise what it means when an answer is not signed as it should be."""
        security = self.connection.security
        if security.verify is None:
            return
        try:
            Verification(settings=security.verify).check(answer.envelope, now=now)
        except Unsigned as error:
            raise self._distrusted(reply, error.message, error.hint) from None
        if "timestamp" in security.verify.parts:
            why = stale(answer.envelope, skew=security.skew, now=now)
            if why is not None:
                raise self._distrusted(reply, why, HINT)

    def _is_trusted(self, reply: Reply, answer: Opened, now: datetime) -> bool:
        try:
            self._check(reply, answer, now)
        except TransloadError:
            return False
        return True

    def _distrusted(self, reply: Reply, why: str, hint: str) -> TransloadError:
        message = f"the answer to {reply.call} cannot be trusted: {why}"
        finding = Finding(code="S-SIGNATURE", message=message, hint=hint)
        if self.repeatable:
            return Stop(message, hint=hint, findings=[finding])
        return lost(message, repeatable=False, findings=(finding,))

    def _lost(self, reply: Reply, code: str, message: str, hint: str) -> TransloadError:
        finding = Finding(code=code, message=message, hint=hint, value=reply.beginning)
        error = lost(message, repeatable=self.repeatable, findings=(finding,))
        error.hint = hint
        return error

    def _remarks(self, answer: Opened, now: datetime) -> list[Finding]:
        found = list(self._unlike_the_wsdl(answer.content))
        if answer.count > 1:
            message = f"the body of the answer holds {answer.count} elements, and the first is taken"
            hint = "answer: message keeps the whole answer; is the service of style rpc/encoded?"
            found.append(Finding(code="S-ANSWER", severity=Severity.WARNING, message=message, hint=hint))
        why = stale(answer.envelope, skew=self.connection.security.skew, now=now)
        if why is not None:
            hint = "correct the clock that is wrong, before requests are refused for it"
            found.append(Finding(code="S-CLOCK", severity=Severity.WARNING, message=why, hint=hint))
        return found

    def _unlike_the_wsdl(self, content: "etree._Element | None") -> Iterator[Finding]:
        output = self.operation.output
        if output is None or (content is not None and content.tag == output):
            return
        given = "nothing" if content is None else content.tag
        message = f"{self.operation.name} answers with {output} by the WSDL, and did with {given}"
        hint = "has the service changed? transload soap drift compares the WSDL"
        yield Finding(code="S-ANSWER", severity=Severity.WARNING, message=message, hint=hint)


def _header(envelope: "etree._Element", hidden: tuple[str, ...]) -> str | None:
    header = envelope.find(f"{{{envelope_space(envelope)}}}Header")
    return captured(envelope, hidden=hidden) if header is not None and len(header) else None
