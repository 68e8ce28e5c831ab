"""What `transload inspect` shows of a file as JSON values: its interchanges, messages, segments and findings."""

from pathlib import Path
from typing import Any

from transload.adapters.base.format import COMPONENT, REPETITION, Message
from transload.adapters.edi.interchange import Interchange
from transload.adapters.edi.reading.messages import Checking, EdiReading
from transload.adapters.edi.reading.records import EdiRecords
from transload.adapters.edi.reading.scan import scan
from transload.adapters.edi.services import Service
from transload.adapters.edi.tokens import WHOLE


def inspect(payload: bytes, file: str | None = None, *, guides: tuple[Path, ...] = ()) -> dict[str, Any]:
    """All standards of a file as JSON values; nothing is raised for what stands in it.

    ``{"interchanges": [{"standard", "sender", "receiver", "reference", "groups", "messages": [{"type",
    "version", "reference", "segments"}], "findings"}], "findings"}``.  Segments are those between
    header and trailer, ``[tag, element, ...]``; an element is a text, a list of component
    texts, or ``{"repeat": [element, ...]}``.  Where an X12 interchange holds segments outside
    of groups (TA1), they are under ``outside``.
    """
    reading = EdiReading(scan(payload, file=file), None, Checking(folders=guides))
    interchanges = []
    for interchange in reading.interchanges:
        messages = [reading.message(interchange, frame) for frame in interchange.frames]
        findings = [*interchange.findings]
        findings += [finding for message in messages for finding in message.findings]
        interchanges.append(
            {
                **head(interchange),
                "messages": [content(message) for message in messages],
                "findings": [finding.as_dict() for finding in findings],
                **tail(interchange),
            }
        )
    return {"interchanges": interchanges, "findings": [finding.as_dict() for finding in reading.scan.findings]}


def head(interchange: Interchange) -> dict[str, Any]:
    """What is said of an interchange before its messages."""
    return {
        "standard": interchange.standard,
        "sender": interchange.sender.id if interchange.sender else "",
        "receiver": interchange.receiver.id if interchange.receiver else "",
        "reference": interchange.reference,
        "groups": len(interchange.groups),
    }


def content(message: Message) -> dict[str, Any]:
    """One message with its segments."""
    assert isinstance(message.body, EdiRecords)
    return {
        "type": message.kind,
        "version": message.version,
        "reference": message.reference,
        "segments": [_segment(segment, message.body) for segment in message.body.segments],
    }


def tail(interchange: Interchange) -> dict[str, Any]:
    """What is said of an interchange after its findings."""
    return {"outside": [_service(service) for service in interchange.outside]} if interchange.outside else {}


def _segment(segment: list[str], records: EdiRecords) -> list[Any]:
    tag, *elements = segment
    whole = WHOLE.get(tag)
    return [
        tag,
        *(
            value if number == whole else _element(value, records.component, records.repetition)
            for number, value in enumerate(elements, 1)
        ),
    ]


def _service(service: Service) -> list[Any]:
    return [service.tag, *(_element(value, COMPONENT, REPETITION) for value in service.elements)]


def _element(value: str, component: str, repetition: str) -> Any:
    if repetition and repetition in value:
        return {"repeat": [_element(part, component, "") for part in value.split(repetition)]}
    return value.split(component) if component and component in value else value
