"""What comes of one message, told in the same words whether it stands in the ledger or was made just now."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from transload.adapters.base.format import Format
from transload.canonical.errors import TransloadError
from transload.canonical.findings import Severity
from transload.runner.impact.numbers import NumbersOfThen
from transload.runner.ledger.drafts import Draft, Frozen
from transload.runner.ledger.history import Sent, Stored
from transload.runner.ledger.portions import Parsed
from transload.runner.ledger.states import State

_NUMBER = re.compile(r"\[\d+\]")
_OF_THE_MOMENT = frozenset(("R-DUPLICATE", "W-REFERENCE"))
"""Findings that follow from what else was in the ledger when a message was read."""
_RECONCILING = "E-ACK-"
"""How the codes of findings begin that follow from what became of our deliveries."""


class Outcome(StrEnum):
    """What became of a message, or of a document in it."""

    DOCUMENT = "document"
    REFUSED = "refused"
    ACKNOWLEDGEMENT = "acknowledgement"
    PASSED_ON = "passed on"


@dataclass(frozen=True, order=True)
class Noted:
    """A finding without what changes when a file is only edited: its text, and the line of the mapping."""

    severity: str
    code: str
    where: str = ""


@dataclass(frozen=True, kw_only=True)
class Way:
    """What goes to one target: ``body`` gives it, None where it cannot be written, and ``findings`` say why.

    ``draft`` can make it once more with other control numbers; absent in what was stored.
    """

    target: str
    body: Callable[[], bytes] | None = field(repr=False)
    metadata: Mapping[str, str] = field(default_factory=dict)
    findings: frozenset[Noted] | None = None
    """None where they are not known: those of a delivery that was sent speak of the sending."""
    reason: str = ""
    key: str = ""
    draft: Draft | None = field(default=None, repr=False)
    format: Format[Any] | None = field(default=None, repr=False)
    """The format that reads the body, where it is known."""


@dataclass(frozen=True, kw_only=True)
class Made:
    """A document, or a message that gave none; ``reason`` is the first error in it.

    ``ways`` are by target; each gives what the target gets when it is called with the numbers of then.
    """

    ordinal: int
    outcome: Outcome
    id: int | None = None
    mapping: str | None = None
    document: str | None = None
    number: str | None = None
    canonical: str | None = field(default=None, repr=False)
    findings: frozenset[Noted] = frozenset()
    reason: str = ""
    ways: Mapping[str, Callable[[NumbersOfThen], Way]] = field(default_factory=dict, repr=False)


def of_stored(stored: Stored, formats: Mapping[str, Format[Any]]) -> Made:
    """What the ledger keeps of a document; ``formats`` read what went to targets."""
    return Made(
        ordinal=stored.ordinal,
        outcome=_outcome(stored.state, stored.document, stored.findings, sends=bool(stored.sent)),
        id=stored.id,
        mapping=stored.mapping,
        document=stored.document,
        number=stored.number,
        canonical=stored.canonical,
        findings=noted(stored.findings),
        reason=_reason(stored.findings),
        ways={target: _kept(sent, formats.get(target)) for target, sent in stored.sent.items()},
    )


def of_parsed(parsed: Parsed, formats: Mapping[str, Format[Any]], shared: dict[str, Way]) -> Made:
    """What a line makes of a message now; ``shared`` keeps what the messages of a payload have together."""
    findings = [finding.as_dict() for finding in parsed.findings]
    return Made(
        ordinal=parsed.ordinal,
        outcome=_outcome(parsed.state, parsed.document, findings, sends=bool(parsed.drafts)),
        mapping=parsed.mapping,
        document=parsed.document,
        number=parsed.number,
        canonical=parsed.canonical,
        findings=noted(findings),
        reason=_reason(findings),
        ways={draft.target: _drawn(draft, formats.get(draft.target), shared) for draft in parsed.drafts},
    )


def noted(findings: Sequence[Mapping[str, Any]]) -> frozenset[Noted]:
    """Findings in the form in which the ledger keeps them, as far as they can be compared."""
    return frozenset(
        Noted(finding["severity"], finding["code"], _where(finding))
        for finding in findings
        if finding["code"] not in _OF_THE_MOMENT and not finding["code"].startswith(_RECONCILING)
    )


def _where(finding: Mapping[str, Any]) -> str:
    """The field of a finding, or its place in the message, without numbers of segments and items."""
    field_name = finding.get("field")
    if field_name:
        return _without_numbers(str(field_name))
    place = finding.get("place") or {}
    parts = [str(place[name]) for name in ("tag", "element", "component") if place.get(name) is not None]
    return " ".join(parts) or _without_numbers(str(place.get("path") or ""))


def _without_numbers(path: str) -> str:
    """``lines[3].quantity`` as ``lines[].quantity``."""
    return _NUMBER.sub("[]", path)


def _outcome(state: State, document: str | None, findings: Sequence[Mapping[str, Any]], *, sends: bool) -> Outcome:
    reconciled = any(finding["code"].startswith(_RECONCILING) for finding in findings)
    if state is State.RECONCILED or (document is None and reconciled):
        return Outcome.ACKNOWLEDGEMENT
    if document is not None:
        return Outcome.REFUSED if state is State.QUARANTINED and not sends else Outcome.DOCUMENT
    return Outcome.PASSED_ON if sends else Outcome.REFUSED


def _reason(findings: Sequence[Mapping[str, Any]]) -> str:
    """The first error, as code and text."""
    first = next((one for one in findings if one["severity"] == Severity.ERROR.value), None)
    return f"{first['code']} {first['message']}" if first else ""


def _kept(sent: Sent, reader: Format[Any] | None) -> Callable[[NumbersOfThen], Way]:
    way = Way(
        target=sent.target,
        body=sent.body,
        metadata=sent.metadata,
        findings=noted(sent.findings) if sent.body is None else None,
        reason=_reason(sent.findings) if sent.body is None else "",
        key=sent.key,
        format=reader,
    )
    return lambda numbers: way


def _drawn(draft: Draft, reader: Format[Any] | None, shared: dict[str, Way]) -> Callable[[NumbersOfThen], Way]:
    def way(numbers: NumbersOfThen) -> Way:
        if not draft.shared:
            return made(numbers)
        if draft.key() not in shared:
            shared[draft.key()] = made(numbers)
        return shared[draft.key()]

    def made(numbers: NumbersOfThen) -> Way:
        try:
            frozen: Frozen = draft.freeze(numbers)
        except TransloadError as error:
            rows = [finding.as_dict() for finding in error.findings]
            refused = noted(rows)
            return Way(target=draft.target, body=None, findings=refused, reason=_reason(rows), key=draft.key())
        return Way(
            target=draft.target,
            body=lambda: frozen.content,
            metadata=frozen.metadata,
            findings=noted([finding.as_dict() for finding in frozen.findings]),
            key=draft.key(),
            draft=draft,
            format=reader,
        )

    return way
