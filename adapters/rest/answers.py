"""What an answer means for the delivery: the status, the partner's table, and what the answer itself says."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from transload.adapters.base import Answer, Finding, Outbound, Severity
from transload.adapters.base.http import Reply, lost, refusal, retry_after
from transload.adapters.base.media import foreign
from transload.adapters.rest.bodies import Step, at, read
from transload.adapters.rest.reasons import MOST, Reason, findings_of, reasons_at
from transload.adapters.rest.response import Consequence, Response
from transload.adapters.rest.settings import RestConnection, RestTarget
from transload.canonical.errors import Reject, Retry, Stop, TransloadError, Unknown

_STRICTEST: tuple[Consequence, ...] = ("stop", "reject", "unknown", "retry", "accepted")


@dataclass(frozen=True, kw_only=True)
class Answers:
    """Judges the answers that a target gets; ``idempotent`` says that a repetition has no second effect there."""

    connection: RestConnection
    options: RestTarget
    idempotent: bool

    def judge(self, reply: Reply, outbound: Outbound) -> TransloadError | None:
        """None when the other side has it, else the error that the answer means."""
        consequence = self._by_status(reply)
        if consequence == "accepted":
            return self._accepted(reply, outbound)
        body = _body(reply) if reply.whole else None
        response = self.options.response
        reasons = reasons_at(body, response.errors, response, reply)
        said = _by_codes(reasons, response)
        if said == "accepted":
            return None
        return self._error(reply, said or consequence, reasons, outbound)

    def answer(self, reply: Reply) -> Answer:
        """The answer of a delivery that was taken."""
        location = reply.headers.get("location")
        reference = self.options.response.reference
        told = at(_body(reply), reference) if reference and reply.whole else None
        metadata = {"status": str(reply.status)}
        if content_type := reply.headers.get("content-type"):
            metadata["content_type"] = content_type
        if location:
            metadata["location"] = location
        if etag := reply.headers.get("etag"):
            metadata["etag"] = etag
        return Answer(
            summary=f"{reply.status} from {reply.call}",
            reference=location if told is None or isinstance(told, (dict, list)) else str(told)[:200],
            content=reply.content if reply.content and reply.whole else None,
            metadata=metadata,
            findings=() if reply.whole else (self._large(reply),),
        )

    def _by_status(self, reply: Reply) -> Consequence | None:
        """What the partner's table says, or the usual; None where `refusal` knows."""
        if reply.status in self.options.statuses:
            return self.options.statuses[reply.status]
        if 200 <= reply.status < 300:
            return "accepted"
        if reply.status == 409 and self.options.idempotency == "header":
            return "retry"  # the first request with this key is still worked on
        return None

    def _accepted(self, reply: Reply, outbound: Outbound) -> TransloadError | None:
        """What an answer with a good status says after all."""
        response = self.options.response
        other = foreign(reply, self.options.accept)
        if other is not None:
            return lost(other.message, repeatable=self.idempotent, findings=(other,))
        if response.success is None and response.items is None:
            return None
        body = _body(reply) if reply.whole else None
        if body is None:
            why = "could not be read" if reply.whole else f"has more than {self.connection.max_body} bytes"
            message = (
                f"{reply.call} was answered with {reply.status}, but the answer {why}, and it says whether it was taken"
            )
            found = Finding(code="H-ANSWER", message=message, value=reply.beginning)
            return lost(message, repeatable=self.idempotent, findings=(found,))
        if response.success is not None and _text(at(body, response.success.at)) not in response.success.values:
            reasons = reasons_at(body, response.errors, response, reply)
            said = _by_codes(reasons, response)
            return None if said == "accepted" else self._error(reply, said or "reject", reasons, outbound)
        return self._by_items(reply, body, outbound) if response.items is not None else None

    def _by_items(self, reply: Reply, body: Any, outbound: Outbound) -> TransloadError | None:
        """What an answer means that speaks of each item by itself."""
        response = self.options.response
        items = at(body, str(response.items))
        if not isinstance(items, list):
            if reply.status != 207:
                return None
            message = f"{reply.call} was answered with 207 and no list at {response.items!r}"
            found = Finding(code="H-ANSWER", message=message, hint="correct response: items", value=reply.beginning)
            return lost(message, repeatable=self.idempotent, findings=(found,))
        meanings = [self._of_item(item, reply) for item in items]
        refused = [(n, meaning) for n, meaning in enumerate(meanings) if meaning[0] != "accepted"]
        if not refused:
            return None
        findings = [
            finding for number, (_, reasons) in refused[:MOST] for finding in self._of(number, reasons, reply, outbound)
        ]
        kinds = {meaning[0] for _, meaning in refused}
        whole = len(refused) == len(meanings)
        if kinds == {"retry"} and (whole or self.idempotent):
            message = f"{reply.call} wants {len(refused)} of {len(meanings)} items later"
            return Retry(
                message, wait=retry_after(reply, self.connection), findings=self._with(reply, message, findings)
            )
        if whole and "reject" not in kinds:
            kind = next(kind for kind in _STRICTEST if kind in kinds)
            message = f"{reply.call} took none of {len(meanings)} items"
            return _raised(kind, message, self._with(reply, message, findings), reply, self.connection)
        message = f"{reply.call} refused {len(refused)} of {len(meanings)} items"
        hint = None
        if not whole:
            taken = [str(n + 1) for n, meaning in enumerate(meanings) if meaning[0] == "accepted"]
            hint = f"it has taken the items {_listed(taken)}: send the corrected others alone"
        return Reject(message, hint=hint, findings=self._with(reply, message, findings, hint))

    def _of_item(self, item: Any, reply: Reply) -> tuple[Consequence, list[Reason]]:
        response = self.options.response
        text = _text(at(item, response.status))
        reasons = reasons_at(item, response.errors, response, reply) or reasons_at(item, "$", response, reply)
        said = _by_codes(reasons, response)
        if said is not None:
            return said, reasons
        status = int(text) if text.isdecimal() and len(text) == 3 else 0
        if status in self.options.statuses:
            return self.options.statuses[status], reasons
        if 200 <= status < 300 or (response.success and text in response.success.values):
            return "accepted", reasons
        return ("retry" if status in (425, 429, 503) else "reject"), reasons

    def _of(self, number: int, reasons: list[Reason], reply: Reply, outbound: Outbound) -> list[Finding]:
        of: list[Step] = [number]
        call = f"{reply.call}, item {number + 1},"
        return list(findings_of(reasons or [Reason()], self.options.response, outbound.content, call, of))

    def _error(
        self, reply: Reply, consequence: Consequence | None, reasons: list[Reason], outbound: Outbound
    ) -> TransloadError:
        usual = refusal(reply, self.connection, repeatable=self.idempotent)
        found = list(findings_of(reasons, self.options.response, outbound.content, reply.call))
        if reply.status == 409 and isinstance(usual, Reject):
            hint = f"{usual.hint}; where it means that the document was there already: statuses: {{409: accepted}}"
            usual = Reject(usual.message, hint=hint, findings=[replace(usual.findings[0], hint=hint)])
        if reply.status == 412 and self.options.condition != "none":
            usual = self._conflict(reply)
        findings = (*usual.findings, *found)
        if consequence is None:
            kind: Consequence = "retry" if isinstance(usual, Retry) else "stop" if isinstance(usual, Stop) else "reject"
            kind = "unknown" if isinstance(usual, Unknown) else kind
            return _raised(kind, usual.message, findings, reply, self.connection, hint=usual.hint)
        message = f"{reply.call} was answered with {reply.status}"
        hint = "the partner file says so of this status or code"
        if consequence == "retry" and reply.status == 409 and 409 not in self.options.statuses:
            hint = "the first request with this key is still worked on; it is tried again later"
        first = Finding(code=f"H-{reply.status}", message=message, hint=hint, value=reply.beginning)
        return _raised(consequence, message, (first, *found), reply, self.connection, hint=hint)

    def _conflict(self, reply: Reply) -> Reject:
        absent = self.options.condition == "absent"
        message = f"{reply.call} was answered with 412: " + (
            "it is there already" if absent else "it was changed meanwhile"
        )
        hint = "look what stands there now; then send the document again, or let it be"
        found = Finding(code="H-412", message=message, hint=hint, value=reply.beginning)
        return Reject(message, hint=hint, findings=[found])

    @staticmethod
    def _with(reply: Reply, message: str, findings: list[Finding], hint: str | None = None) -> tuple[Finding, ...]:
        return (Finding(code="H-ITEMS", message=message, hint=hint), *findings)

    @staticmethod
    def _large(reply: Reply) -> Finding:
        return Finding(
            code="H-LARGE",
            severity=Severity.WARNING,
            message=f"the answer to {reply.call} is larger than max_body and was not kept",
            hint="raise max_body of the connection if the answer matters",
        )


def _raised(
    kind: Consequence,
    message: str,
    findings: Sequence[Finding],
    reply: Reply,
    connection: RestConnection,
    *,
    hint: str | None = None,
) -> TransloadError:
    if kind == "retry":
        return Retry(message, wait=retry_after(reply, connection), hint=hint, findings=findings)
    kinds: dict[str, type[TransloadError]] = {"reject": Reject, "stop": Stop, "unknown": Unknown}
    return kinds[kind](message, hint=hint, findings=findings)


def _by_codes(reasons: list[Reason], response: Response) -> Consequence | None:
    """What the codes of all reasons mean, the strictest of them; None when none of them is in the table.

    A reason without a meaning of its own makes nothing accepted.
    """
    found = [response.codes.get(reason.code or "") for reason in reasons]
    known: set[Consequence] = {meaning for meaning in found if meaning is not None}
    if not known or (None in found and known == {"accepted"}):
        return None
    return next(kind for kind in _STRICTEST if kind in known)


def _body(reply: Reply) -> Any:
    try:
        return read(reply.content)
    except (ValueError, RecursionError):
        return None


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _listed(names: list[str]) -> str:
    return ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")
