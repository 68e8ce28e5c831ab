"""A message of the real world as a test that anybody may see: its values masked, what it shows of the mapping kept."""

import copy
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from lxml import etree

from transload.adapters.base.format import COMPONENT, ELEMENT, REPETITION, Encoded, Message, Records, Tree
from transload.adapters.edi.envelope import Envelope
from transload.canonical.documents import as_json
from transload.canonical.errors import ConfigurationError
from transload.canonical.findings import Severity
from transload.canonical.model import Model
from transload.mappings.language.fields import Kind
from transload.mappings.mapping import Mapping, Trace
from transload.mappings.reports.origins import Touch
from transload.mappings.testing.masks import Masks
from transload.mappings.testing.samples import CONTEXT, format_of
from transload.mappings.testing.secrets import How, Verdict, names_of, of_touch, unread

_TELLING = 5
"""A value of so many characters must not stand anywhere in what was masked."""
UNREAD = "(read by nothing)"
ENVELOPE = "(envelope)"


@dataclass(frozen=True, kw_only=True)
class Masked:
    """A masked message: ``wire`` with its envelope, ``documents`` as the mapping reads them.

    ``fields`` counts the values that were masked by field; ``kept`` names identities of the envelope that the mapping's
    ``match:`` asks for, and so were not.  ``rewritten`` is whether the message was written anew from the masked
    document, without what the mapping does not read.
    """

    wire: bytes
    documents: tuple[Model, ...]
    fields: dict[str, int]
    kept: tuple[str, ...] = ()
    rewritten: bool = False


_IN_PLACE = ("edifact", "x12", "xml", "json")
"""Formats in which values are replaced where they stand.  Others are written anew from the masked document."""


def mask(
    mapping: Mapping, message: Message, masks: Masks | None = None, *, also: Callable[[str], bool] | None = None
) -> Masked:
    """Mask a message that ``mapping`` reads without errors.

    ``also`` says of a field (``lines[].quantity``) that it is masked whatever it holds; then nothing is quoted of a
    message that has errors.

    Raises `ConfigurationError` when that cannot be done faithfully: the masked message must be read without
    errors, by the very same entries and with the same warnings, and none of the masked values may be left in it.
    """
    before = mapping.trace(message)
    if not before.documents:
        first = next((finding for finding in before.findings if finding.is_error), None)
        said = first and (first.message if also is None else first.code)
        raise _refusal(f"the message has errors: {said}" if first else "the message gives no document")
    work = _Work(mapping=mapping, masks=masks or Masks(), also=also)
    body = _body(message, before, work)
    if mapping.format_type not in _IN_PLACE:
        wire, again = work.rewritten(before, message)
        after = mapping.trace(again)
        _verify(before, after)
        work.verify(wire)
        return Masked(wire=wire, documents=after.documents, fields=dict(sorted(work.fields.items())), rewritten=True)
    envelope = work.envelope(message.envelope)
    wire, again = work.written(body, message, envelope)
    after = mapping.trace(again)
    if after.sums and Counter(map(_code, before.findings)) != Counter(map(_code, after.findings)):
        body = _computed(body, after)
        wire, again = work.written(body, message, envelope)
        after = mapping.trace(again)
    _verify(before, after)
    work.verify(wire)
    return Masked(wire=wire, documents=after.documents, fields=dict(sorted(work.fields.items())), kept=work.kept)


@dataclass(kw_only=True)
class _Work:
    mapping: Mapping
    masks: Masks
    also: Callable[[str], bool] | None = None
    fields: Counter[str] = field(default_factory=Counter)
    hidden: dict[str, str] = field(default_factory=dict)
    kept: tuple[str, ...] = ()

    @property
    def asked(self) -> set[str]:
        """The identities that ``match:`` of the mapping asks for."""
        return {value for values in self.mapping.meaning.match.values() for value in values}

    def verdict(self, touch: Touch) -> Verdict:
        """What becomes of a value that an entry reads."""
        found = of_touch(touch)
        if found.how is not How.KEEP or self.also is None or not found.field or not self.also(found.field):
            return found
        kind = touch.slot.field.type.kind if touch.slot.field is not None else Kind.TEXT
        if kind not in (Kind.TEXT, Kind.TEXTS, Kind.DECIMAL):
            raise _refusal(f"{found.field} is to be masked, and nothing can be put in its place")
        return Verdict(how=How.NUMBER if kind is Kind.DECIMAL else How.TEXT, field=found.field)

    def value(self, value: str, verdict: Verdict) -> str:
        """A value by its verdict, and a note of what was done."""
        if verdict.how is How.KEEP or not value.strip():
            return value
        if value.strip() in self.asked:  # the mapping's file names it: it is no secret where that is seen
            if value.strip() not in self.kept:
                self.kept = (*self.kept, value.strip())
            return value
        made = (
            self.masks.number(value)
            if verdict.how is How.NUMBER
            else self.masks.of(value, keep=2 if verdict.how is How.VAT else 0)
        )
        if made != value:
            self.fields[verdict.field or UNREAD] += 1
            self.hidden.setdefault(value.strip(), verdict.field or UNREAD)
        return made

    def written(self, body: Any, message: Message, envelope: Any) -> tuple[bytes, Message]:
        """The message by itself in an envelope, and as it is read again."""
        made = format_of(self.mapping)
        encoded = Encoded(kind=message.kind, version=message.version, body=body)
        wire = made.write([encoded], envelope=envelope, context=CONTEXT)
        reading = made.read(wire, file="masked")
        found = list(reading)
        findings = [*reading.findings, *(finding for one in found for finding in one.findings)]
        wrong = next((finding for finding in findings if finding.is_error), None)
        if len(found) != 1 or wrong is not None:
            raise _refusal(f"masked, it is no valid message: {wrong.message}" if wrong else "it cannot be taken apart")
        return wire, found[0]

    def rewritten(self, before: Trace, message: Message) -> tuple[bytes, Message]:
        """The message as the mapping writes its document, masked."""
        (document,) = before.documents
        value = as_json(document)
        for touch in before.touches:
            verdict = self.verdict(touch)
            if touch.location is None or verdict.how is How.KEEP:
                continue
            holder, last = _at(value, touch.location)
            if holder is not None and isinstance(holder[last], str):
                holder[last] = self.value(holder[last], verdict)
        masked = self.mapping.meaning.model.model_validate(value)
        made = format_of(self.mapping)
        wire = made.write([self.mapping.encode(masked, CONTEXT)], envelope=message.envelope, context=CONTEXT)
        found = list(made.read(wire, file="masked"))
        if len(found) != 1:
            raise _refusal("it cannot be taken apart")
        return wire, found[0]

    def envelope(self, envelope: Any) -> Any:
        """An EDI envelope with its parties masked; any other as it is."""
        if not isinstance(envelope, Envelope) or envelope.interchange is None:
            return envelope
        interchange, group = _PARTIES[envelope.standard]

        def masked(elements: tuple[str, ...], numbers: Sequence[int]) -> tuple[str, ...]:
            return tuple(self._party(text) if number in numbers else text for number, text in enumerate(elements, 1))

        return replace(
            envelope,
            interchange=masked(envelope.interchange, interchange),
            group=masked(envelope.group, group) if envelope.group else None,
            layout=None,
        )

    def _party(self, text: str) -> str:
        first, *rest = text.split(COMPONENT)
        if len(first.strip()) > 1:
            first = self.value(first, Verdict(how=How.TEXT, field=ENVELOPE))
        return COMPONENT.join([first, *rest])

    def verify(self, wire: bytes) -> None:
        """Raise when a value that was masked somewhere stands elsewhere still."""
        text = wire.decode("utf-8", errors="replace")
        given = {mask for _, mask in self.masks.items()}  # by chance one may be another's value
        for value, name in self.hidden.items():
            if len(value) >= _TELLING and value not in given and _stands(value, text):
                raise _refusal(f"{name}: a value that is masked stands elsewhere in the message too")


def _stands(value: str, text: str) -> bool:
    """Whether a value stands in a text by itself, and not within a longer word or number."""
    at = text.find(value)
    while at >= 0:
        around = text[max(0, at - 1) : at] + text[at + len(value) : at + len(value) + 1]
        if not any(sign.isalnum() for sign in around):
            return True
        at = text.find(value, at + 1)
    return False


_PARTIES = {"edifact": ((2, 3, 6), (2, 3)), "x12": ((2, 4, 6, 8), (2, 3)), "tradacoms": ((2, 3), ())}
"""The elements of UNB, ISA or STX, and of UNG or GS, that name parties, or hold passwords."""


def _body(message: Message, before: Trace, work: _Work) -> Any:
    known = names_of(work.mapping)
    if isinstance(message.body, Records):
        return _records(message.body, before, work, known)
    if work.mapping.format_type == "json":
        return _json(message.body, before, work, known)
    return _xml(message.body, before, work, known)


def _records(body: Records, before: Trace, work: _Work, known: frozenset[str]) -> list[str]:
    verdicts: dict[tuple[int, int, int], Verdict] = {}
    for touch in before.touches:
        for where in _spots(touch.slot.places, touch.where):
            verdicts[where] = work.verdict(touch)
    segments = []
    for index, segment in enumerate(body.segments):
        elements = [segment[0]]
        for element, text in enumerate(segment[1:], 1):
            repeated = text.split(body.repetition) if body.repetition else [text]
            parts = [one.split(body.component) if body.component else [one] for one in repeated]
            made = [
                COMPONENT.join(
                    work.value(value, verdicts.get((index, element, number)) or _unread(value, known))
                    for number, value in enumerate(values, 1)
                )
                for values in parts
            ]
            elements.append(REPETITION.join(made))
        segments.append(ELEMENT.join(elements).rstrip(ELEMENT))
    return segments


def _spots(places: Sequence[Any], where: tuple[int, int | None, int | None]) -> Iterator[tuple[int, int, int]]:
    """The places that a slot took a value from: the one where it was found, and what belongs to it (2380+2379)."""
    index, element, component = where
    yield index, element or 1, component or 1
    for place in places[1:]:
        yield index, place.element, place.component or 1


def _unread(value: str, known: frozenset[str]) -> Verdict:
    return Verdict(how=unread(value, known))


def _json(body: Tree, before: Trace, work: _Work, known: frozenset[str]) -> Any:
    verdicts = {tuple(touch.where): work.verdict(touch) for touch in before.touches}

    def walk(value: Any, path: tuple[str | int, ...]) -> Any:
        if isinstance(value, dict):
            return {key: walk(inner, (*path, key)) for key, inner in value.items()}
        if isinstance(value, list):
            return [walk(inner, (*path, index)) for index, inner in enumerate(value)]
        verdict = verdicts.get(path)
        if isinstance(value, str):
            return work.value(value, verdict or _unread(value, known))
        if isinstance(value, Decimal) and verdict is not None:
            return Decimal(work.value(format(value, "f"), verdict))
        return value

    return walk(body.root, ())


def _xml(body: Tree, before: Trace, work: _Work, known: frozenset[str]) -> str:
    root = copy.deepcopy(body.root)
    twins = dict(zip(body.root.iter(), root.iter(), strict=True))
    verdicts: dict[tuple[Any, str | None], Verdict] = {}
    for touch in before.touches:
        element, attribute = touch.where
        verdicts[twins[element], attribute] = work.verdict(touch)
    for element in root.iter():
        if not isinstance(element.tag, str):  # comments and instructions may say anything
            if element.getparent() is not None:
                element.getparent().remove(element)
            continue
        if element.text and element.text.strip():
            verdict = verdicts.get((element, None)) or _unread(element.text, known)
            element.text = work.value(element.text, verdict)
        for name, value in element.attrib.items():
            element.set(name, work.value(value, verdicts.get((element, name)) or _unread(value, known)))
    return str(etree.tostring(root, encoding="unicode"))


def _computed(body: Any, after: Trace) -> Any:
    """The body with the sums that follow from the masked values."""
    if not isinstance(body, list) or not all(isinstance(text, str) for text in body):
        return body
    segments = [text.split(ELEMENT) for text in body]
    for where, value in after.sums:
        if value is None:
            continue
        index, element, component = where
        parts = segments[index][element or 1].split(COMPONENT)
        parts[(component or 1) - 1] = _like(parts[(component or 1) - 1], value)
        segments[index][element or 1] = COMPONENT.join(parts)
    return [ELEMENT.join(segment) for segment in segments]


def _like(text: str, value: Any) -> str:
    """A number written as ``text`` is."""
    mark = "," if "," in text else "."
    found = format(Decimal(str(value)), "f")
    return found.replace(".", mark)


def _verify(before: Trace, after: Trace) -> None:
    first = next((finding for finding in after.findings if finding.is_error), None)
    if first is not None:
        raise _refusal(f"masked, it is not read any more: {first.message}")
    if [touch.slot.number for touch in before.touches] != [touch.slot.number for touch in after.touches]:
        raise _refusal("masked, it is read by other entries of the mapping")
    if Counter(map(_code, before.findings)) != Counter(map(_code, after.findings)):
        raise _refusal("masked, it gives other warnings")


def _at(value: Any, location: Sequence[str | int]) -> tuple[Any, Any]:
    """What holds the value at ``location`` of a JSON value, and under which key; None where there is none."""
    holder: Any = value
    for step in location[:-1]:
        holder = holder[int(step)] if isinstance(holder, list) else (holder or {}).get(step)
    last = location[-1]
    if isinstance(holder, list):
        return (holder, last) if isinstance(last, int) and last < len(holder) else (None, None)
    return (holder, last) if isinstance(holder, dict) and last in holder else (None, None)


def _code(finding: Any) -> str:
    return finding.code if finding.severity is not Severity.REMARK else ""


def _refusal(message: str) -> ConfigurationError:
    return ConfigurationError(f"no masked test is made: {message}", hint="make one by hand")
