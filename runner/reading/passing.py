"""Passing on: payloads that leave as they were received, to targets chosen by envelope and header alone.

A message of EDI is nothing without its interchange, and an interchange that is written anew carries other numbers and
other bytes than those the partner sent and will look for.  So a payload is passed on whole, once to each target, or
not at all: where only some of its messages are for a target, that delivery is refused with a finding.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from transload.adapters.base import Message
from transload.adapters.base.format import Reading
from transload.adapters.edi.guides import Guide, find_guide
from transload.canonical.context import Numbers
from transload.canonical.errors import Reject, TransloadError
from transload.canonical.findings import Finding, errors_of
from transload.canonical.places import Place
from transload.runner.ledger.drafts import Draft, Frozen
from transload.runner.lines.filtering import Wrapping
from transload.runner.lines.guarding import guarded
from transload.runner.lines.lines import Line, Passer
from transload.runner.reading.drafting import Origin
from transload.runner.templates import fill_all, once

Standing = Callable[[Message], str | None]
"""Why a message cannot be passed on by any target, as the end of a sentence; None where it can."""
MESSAGES_NAMED = 3
"""How many of the messages that are in the way a finding names."""


@dataclass(frozen=True, kw_only=True)
class Passage:
    """What of one payload is passed on.

    ``messages`` reads the payload once more from its beginning, with the findings about it as a whole; that is done
    only when a first message is to be passed on.
    """

    line: Line
    payload: bytes = field(repr=False)
    origin: Origin
    messages: Callable[[], tuple[Reading, Iterator[tuple[int, Message]]]]
    standing: Standing
    _known: dict[str, str | None] = field(default_factory=dict, init=False, repr=False)

    def takers(self, message: Message) -> tuple[Passer, ...]:
        """The targets that take ``message``; an acknowledgement is taken only by those that name its kind."""
        passers = self.line.passers
        try:
            acknowledges = guarded("the format", lambda: self.line.format.acknowledged(message)) is not None
        except TransloadError:  # an acknowledgement in disorder, which reconciling will speak of
            acknowledges = True
        if acknowledges:
            passers = tuple(passer for passer in passers if passer.take.names(message.kind))
        return tuple(passer for passer in passers if passer.take.takes(message, self._guide(passer, message)))

    def drafts(self, message: Message) -> tuple[Draft, ...]:
        """The deliveries of the payload to the takers of ``message``; the messages of the payload share them."""
        return tuple(self._draft(passer, message) for passer in self.takers(message))

    def _guide(self, passer: Passer, message: Message) -> Guide | None:
        kind = self.line.format_type
        if not passer.take.places or kind not in ("edifact", "x12"):
            return None
        return find_guide(kind, message.kind, message.version, self.line.route.guides)

    def _draft(self, passer: Passer, message: Message) -> Draft:
        outlet = passer.outlet
        key = once(lambda: self.origin.key("payload", outlet.target))
        facts = {
            "message": {"reference": message.reference, "kind": message.kind},
            "receipt": self.origin.facts,
            "key": key,
            "reference": message.reference,
            "partner": passer.route.partner.facts,
            "now": self.origin.now,
        }
        return Draft(
            lane=outlet.lane,
            target=outlet.target,
            connection=outlet.connection,
            key=key,
            freeze=self._freezer(passer, facts, self.origin.wrappings.of(outlet.lane, passer.route.filters)),
            artifacts=(passer.partner,),
            product=passer.product,
            shared=True,
        )

    def _freezer(self, passer: Passer, facts: Mapping[str, Any], wrapping: Wrapping) -> Callable[[Numbers], Frozen]:
        hindrance = self._hindrance(passer)

        def freeze(numbers: Numbers) -> Frozen:
            if hindrance is not None:
                raise _refused(passer, hindrance)
            counter = once(lambda: numbers.next(f"delivery:{passer.outlet.target}"))
            known = {**facts, "number": counter}
            metadata = fill_all(passer.route.templates, known)
            reader = self.line.format
            references = guarded("the format", lambda: reader.references(self.payload))
            content, content_type = wrapping.wrap(self.payload, reader.content_type, known)
            return Frozen(content=content, content_type=content_type, metadata=metadata, references=references)

        return freeze

    def _hindrance(self, passer: Passer) -> str | None:
        """Why the payload cannot go to a target as a whole, found out once."""
        target = passer.outlet.target
        if target not in self._known:
            self._known[target] = self._look(passer)
        return self._known[target]

    def _look(self, passer: Passer) -> str | None:
        wrong: list[str] = []
        number = 0
        try:
            reading, messages = self.messages()
            for number, message in messages:
                why = self.standing(message)
                if why is None and passer not in self.takers(message):
                    why = "is not what the target takes"
                if why is not None:
                    name = " ".join(part for part in (message.kind, message.version, message.reference) if part)
                    wrong.append(f"message {number} ({name}) {why}")
        except TransloadError as error:
            return f"it cannot be read to its end: {error.message}"
        if wrong:
            more = f"; and {len(wrong) - MESSAGES_NAMED} more" if len(wrong) > MESSAGES_NAMED else ""
            return f"of its {number} messages {len(wrong)} cannot go: {'; '.join(wrong[:MESSAGES_NAMED])}{more}"
        errors = errors_of(reading.findings)
        return f"it has errors outside of its messages: {errors[0].message}" if errors else None


def _refused(passer: Passer, hindrance: str) -> Reject:
    message = f"the payload cannot be passed on to {passer.outlet.target} as a whole: {hindrance}"
    hint = (
        "nothing of it was passed on there; let the partner send such messages apart, or widen take:,"
        " and have it read again with `transload replay`"
    )
    return Reject(message, findings=[Finding(code="E-MIXED", message=message, hint=hint, place=Place(byte=0))])
