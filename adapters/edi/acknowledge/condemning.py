"""The subject of a report where one wrong message rejects its whole group or interchange."""

from dataclasses import replace

from transload.adapters.edi.acknowledge.subject import Subject, SubjectGroup, SubjectMessage
from transload.adapters.edi.reading.rejection import Scope, because
from transload.canonical.findings import errors_of


def condemned(subject: Subject, scope: Scope) -> Subject:
    """``subject`` with an error at each group, or at the interchange, that a wrong message rejects."""
    if scope == "message":
        return subject
    groups = tuple(_condemned(group) for group in subject.groups)
    if scope == "group":
        return replace(subject, groups=groups)
    first = next((message.number for message in subject.held if _is_wrong(message)), None)
    if first is None:
        return subject
    return replace(subject, findings=(*subject.findings, because(first, "interchange")))


def _condemned(group: SubjectGroup) -> SubjectGroup:
    first = next((message.number for message in group.messages if _is_wrong(message)), None)
    if first is None:
        return group
    return replace(group, findings=(*group.findings, because(first, "group")))


def _is_wrong(message: SubjectMessage) -> bool:
    return bool(errors_of(message.findings)) and not message.is_acknowledgement
