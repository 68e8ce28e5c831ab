"""What a partner reports, found again in our own bytes: complaints become findings with places, values and hints."""

from transload.adapters.base.acknowledgement import Verdict
from transload.adapters.base.format import COMPONENT, Message, Records
from transload.adapters.edi.acknowledge.incoming.statement import Complaint
from transload.adapters.edi.interchange import Frame, Group, Interchange
from transload.adapters.edi.reading.messages import EdiReading
from transload.adapters.edi.services import Service
from transload.canonical.findings import Finding, Severity
from transload.canonical.places import Place

_SET_PLACES = {
    "1": ("ST", 1),
    "2": ("SE", None),
    "3": ("SE", 2),
    "4": ("SE", 1),
    "6": ("ST", 1),
    "7": ("ST", 2),
    "18": ("ST", 1),
    "19": ("ST", 3),
    "23": ("ST", 2),
    "I6": ("ST", 3),
}
"""Where in ST and SE the codes 718 and 618 point to."""
_GROUP_PLACES = {
    "1": ("GS", 1),
    "2": ("GS", 8),
    "3": ("GE", None),
    "4": ("GE", 2),
    "5": ("GE", 1),
    "6": ("GS", 6),
    "19": ("GS", 6),
}
"""Where in GS and GE the codes 716 point to."""
_INTERCHANGE_PLACES = {
    "001": ("IEA", 2),
    "002": ("ISA", 11),
    "003": ("ISA", 12),
    "004": ("ISA", None),
    "005": ("ISA", 5),
    "006": ("ISA", 6),
    "007": ("ISA", 7),
    "008": ("ISA", 8),
    "009": ("ISA", 8),
    "010": ("ISA", 1),
    "011": ("ISA", 2),
    "012": ("ISA", 3),
    "013": ("ISA", 4),
    "014": ("ISA", 9),
    "015": ("ISA", 10),
    "016": ("ISA", 11),
    "017": ("ISA", 12),
    "018": ("ISA", 13),
    "019": ("ISA", 14),
    "020": ("ISA", 15),
    "021": ("IEA", 1),
    "025": ("ISA", 13),
    "027": ("ISA", 16),
}
"""Where in ISA and IEA the codes I18 point to."""
_MISSING = {("720", "3"), ("620", "3"), ("620", "I6"), ("620", "I7"), ("620", "I8")}
"""Codes of segments that are not there: what stands in their place has another tag."""
_TRAILERS = ("UNT", "SE")
_HEADERS = ("UNH", "ST")


def severity_of(verdict: Verdict | None) -> Severity:
    """How bad it is what is reported of something with this verdict."""
    return Severity.WARNING if verdict in (Verdict.ACCEPTED, Verdict.ACCEPTED_WITH_ERRORS) else Severity.ERROR


def in_message(complaint: Complaint, message: Message, frame: Frame, verdict: Verdict | None) -> Finding:
    """The finding for a complaint about ``message`` of ours."""
    records = message.body
    assert isinstance(records, Records)
    index, element = _spot(complaint, records)
    if index is None:
        place = records.place(-1)
        place = Place(
            file=place.file,
            line=place.line,
            byte=place.byte,
            interchange=place.interchange,
            group=place.group,
            message=place.message,
        )
        beyond = complaint.segment is not None
        notes = (
            [f"our message has {len(records.segments) + 2} segments, the partner counts to {complaint.segment}"]
            if beyond
            else []
        )
        return _finding(complaint, verdict, place, None, notes)
    place = records.place(index, element, complaint.repetition, complaint.component)
    tag = place.tag or ""
    missing = (complaint.element_list, complaint.code) in _MISSING
    notes = []
    if complaint.tag and complaint.tag != tag and not missing:
        notes.append(f"there our message has {tag or 'no segment'}, the partner names {complaint.tag}")
    value = _value(complaint, records, frame, index, element)
    return _finding(complaint, verdict, place, value, notes, missing=complaint.tag if missing else None)


def _spot(complaint: Complaint, records: Records) -> tuple[int | None, int | None]:
    """The index of the segment, -1 for the header, one past the end for the trailer; None for the whole message."""
    end = len(records.segments)
    if complaint.segment is not None:
        index = complaint.segment - 2
        return (index, complaint.element) if -1 <= index <= end else (None, None)
    tag, element = complaint.tag, complaint.element
    if complaint.element_list in ("718", "618"):
        tag, element = _SET_PLACES.get(complaint.code, (None, None))
    if tag in _HEADERS:
        return -1, element
    return (end, element) if tag in _TRAILERS else (None, None)


def _value(complaint: Complaint, records: Records, frame: Frame, index: int, element: int | None) -> str | None:
    """What stands at the place in our message; None where nothing does."""
    if element is None:
        return None
    if 0 <= index < len(records.segments):
        segment, component = records.segments[index], records.component
        value = segment[element] if element < len(segment) else ""
    else:
        service = frame.header if index < 0 else frame.trailer
        value, component = service.element(element) if service else "", COMPONENT
    if complaint.repetition and records.repetition:
        parts = value.split(records.repetition)
        value = parts[complaint.repetition - 1] if complaint.repetition <= len(parts) else ""
    if complaint.component and component:
        parts = value.split(component)
        value = parts[complaint.component - 1] if complaint.component <= len(parts) else ""
    elif component:
        value = value.replace(component, ":")
    return value or None


def in_envelope(
    complaint: Complaint,
    reading: EdiReading,
    interchange: Interchange,
    group: Group | None,
    verdict: Verdict | None,
) -> Finding:
    """The finding for a complaint about the header or trailer of ``interchange``, or of its ``group``."""
    places = {"I18": _INTERCHANGE_PLACES, "716": _GROUP_PLACES}.get(complaint.element_list)
    tag, element = complaint.tag, complaint.element
    if places is not None:
        tag, element = places.get(complaint.code, (None, None))
    owner = group or interchange
    services = [service for service in (owner.header, owner.trailer) if service is not None]
    service = next((each for each in services if each.tag == tag), services[0] if services else None)
    if service is None:
        return _finding(complaint, verdict, Place(interchange=interchange.number), None, [])
    named = service.tag == tag
    where = Place(
        interchange=interchange.number,
        group=group.number if group else None,
        tag=tag or service.tag,
        element=element if named else None,
        component=complaint.component if named else None,
    )
    place = reading.scan.reporter.place(service.start, where)
    value = _service_value(service, element, complaint.component) if named and element else None
    return _finding(complaint, verdict, place, value, [])


def _service_value(service: Service, element: int, component: int | None) -> str | None:
    return service.element(element, component).replace(COMPONENT, ":").strip() or None


def _finding(
    complaint: Complaint,
    verdict: Verdict | None,
    place: Place,
    value: str | None,
    notes: list[str],
    *,
    missing: str | None = None,
) -> Finding:
    severity = severity_of(verdict)
    what = f"{complaint.meaning}: {missing}" if missing else complaint.meaning
    if complaint.value and complaint.value != value:
        notes.append(f"the partner read {complaint.value!r}")
    notes += [f"context: {text}" for text in complaint.context]
    notes.append(f"it is said in {complaint.said}")
    return Finding(
        code="E-ACK-ERROR" if severity is Severity.ERROR else "W-ACK-ERROR",
        severity=severity,
        message=f"the partner reports: {what} ({complaint.element_list} {complaint.code})",
        hint="; ".join(notes),
        value=value if value is not None else complaint.value,
        place=place,
        ack={complaint.element_list: complaint.code},
    )
