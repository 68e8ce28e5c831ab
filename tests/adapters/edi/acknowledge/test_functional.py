"""997 from what was found wrong, segment by segment."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from transload.adapters.edi.acknowledge import Report, Subject, SubjectGroup, SubjectMessage, make_997, make_999
from transload.adapters.edi.options import AcknowledgementPolicy
from transload.canonical.findings import Finding, Severity
from transload.canonical.places import Place

Shown = Callable[[Report | None], list[str]]


def finding(
    *, severity: Severity = Severity.ERROR, value: str | None = None, ack: dict[str, str], **place: int | str
) -> Finding:
    where = Place(**place) if place else None  # type: ignore[arg-type]
    return Finding(code="E-X", message="wrong", severity=severity, value=value, place=where, ack=ack)


def message(*findings: Finding, reference: str = "0001", kind: str = "850") -> SubjectMessage:
    return SubjectMessage(kind=kind, version="004010", reference=reference, findings=findings)


def group(*messages: SubjectMessage, findings: tuple[Finding, ...] = (), **more: object) -> SubjectGroup:
    known: dict[str, object] = {"kind": "PO", "reference": "17", "announced": len(messages)}
    return SubjectGroup(messages=messages, findings=findings, **{**known, **more})  # type: ignore[arg-type]


def subject(*groups: SubjectGroup, findings: tuple[Finding, ...] = ()) -> Subject:
    return Subject(reference="000000001", sender=("A", "ZZ"), receiver=("B", "ZZ"), groups=groups, findings=findings)


def only(reports: list[Report]) -> Report:
    assert len(reports) == 1
    return reports[0]


BAD = message(
    finding(ack={"720": "3", "721": "BEG", "719": "2"}, segment=1, tag="ST"),
    finding(ack={"723": "7", "725": "353"}, value="99", segment=3, tag="REF", element=1),
    finding(ack={"723": "5", "725": "127"}, value="x" * 120, segment=3, tag="REF", element=4, component=2),
    finding(ack={"720": "5", "721": "CUR"}, segment=4, tag="CUR"),
    finding(ack={"723": "6", "725": "100"}, value="E*R", segment=4, tag="CUR", element=2),
    reference="0002",
)
BAD_ROWS = [
    "AK2+850+0002",
    "AK3+BEG+2++3",
    "AK3+REF+3++8",
    "AK4+1+353+7+99",
    "AK4+4:2+127+5",
    "AK3+CUR+4++5",
    "AK3+CUR+4++8",
    "AK4+2+100+6",
    "AK5+R+5",
]


def test_all_accepted(shown: Shown) -> None:
    report = only(make_997(subject(group(message(), message(reference="0002")))))
    assert shown(report) == ["AK1+PO+17", "AK2+850+0001", "AK5+A", "AK2+850+0002", "AK5+A", "AK9+A+2+2+2"]
    assert (report.accepted, report.reference, report.message.version) == (True, "17", "004010")


def test_some_rejected(shown: Shown) -> None:
    report = only(make_997(subject(group(message(), BAD))))
    assert shown(report) == ["AK1+PO+17", "AK2+850+0001", "AK5+A", *BAD_ROWS, "AK9+P+2+2+1"]
    assert not report.accepted


def test_all_rejected(shown: Shown) -> None:
    assert shown(only(make_997(subject(group(BAD))))) == ["AK1+PO+17", *BAD_ROWS, "AK9+R+1+1+0"]


@pytest.mark.parametrize(("code", "row"), [("4", "AK5+R+4"), ("3", "AK5+R+3"), ("23", "AK5+R+23")])
def test_errors_of_header_and_trailer(shown: Shown, code: str, row: str) -> None:
    bad = message(finding(ack={"718": code}, segment=9, tag="SE", element=1))
    assert shown(only(make_997(subject(group(bad)))))[2] == row


def test_codes_of_a_set_stand_in_their_order(shown: Shown) -> None:
    bad = message(
        finding(ack={"718": "23"}, tag="ST"),
        finding(ack={"718": "4"}, tag="SE"),
        finding(ack={"720": "7", "721": "CUR"}, segment=4, tag="CUR"),
    )
    assert shown(only(make_997(subject(group(bad)))))[1:4] == ["AK2+850+0001", "AK3+CUR+4++7", "AK5+R+4+5+23"]


def test_deviations_that_are_let_pass_are_noted(shown: Shown) -> None:
    lenient = message(finding(ack={"718": "4"}, severity=Severity.REMARK, tag="SE", segment=9))
    assert shown(only(make_997(subject(group(message(), lenient)))))[-2:] == ["AK5+E+4", "AK9+E+2+2+2"]


def test_remarks_without_codes_are_not_reported(shown: Shown) -> None:
    quiet = message(finding(ack={}, severity=Severity.REMARK, tag="N3", segment=9))
    assert shown(only(make_997(subject(group(quiet)))))[-2:] == ["AK5+A", "AK9+A+1+1+1"]


def test_errors_without_codes_reject_all_the_same(shown: Shown) -> None:
    bad = message(finding(ack={}, tag="BEG", segment=2))
    assert shown(only(make_997(subject(group(bad)))))[-2:] == ["AK5+R", "AK9+R+1+1+0"]


def test_a_wrong_group_is_rejected_whole(shown: Shown) -> None:
    wrong = finding(ack={"716": "5"}, tag="GE", element=1)
    report = only(make_997(subject(group(message(), announced=3, findings=(wrong,)))))
    assert shown(report) == ["AK1+PO+17", "AK2+850+0001", "AK5+A", "AK9+R+3+1+0+5"]


def test_a_wrong_interchange_rejects_its_groups(shown: Shown) -> None:
    wrong = finding(ack={"I18": "021"}, tag="IEA", element=1)
    assert shown(only(make_997(subject(group(message()), findings=(wrong,)))))[-1] == "AK9+R+1+1+0"


def test_one_997_for_each_group_but_none_for_acknowledgements(shown: Shown) -> None:
    acknowledgement = group(message(kind="997"), kind="FA", reference="18")
    odd = group(message(kind="999"), kind="XX", reference="19")
    found = make_997(subject(group(message()), acknowledgement, odd, group(reference="20")))
    assert [report.reference for report in found] == ["17", "20"]
    assert shown(found[1]) == ["AK1+PO+20", "AK9+R+0+0+0"]


def test_an_acknowledgement_among_other_sets_is_not_answered(shown: Shown) -> None:
    answer = message(finding(ack={"718": "4"}, tag="SE"), kind="997", reference="0002")
    report = only(make_997(subject(group(message(), answer))))
    assert shown(report) == ["AK1+PO+17", "AK2+850+0001", "AK5+A", "AK9+A+2+2+2"]


def test_only_wrong_sets_are_named_where_the_partner_wants_it_so(shown: Shown) -> None:
    errors = AcknowledgementPolicy(sets="errors")
    report = only(make_997(subject(group(message(), BAD, unnamed=3, announced=5)), errors))
    assert shown(report) == ["AK1+PO+17", *BAD_ROWS, "AK9+P+5+5+4"]
    assert shown(only(make_997(subject(group(message(), unnamed=3, announced=4)), errors))) == [
        "AK1+PO+17",
        "AK9+A+4+4+4",
    ]


def test_only_what_is_rejected_is_answered_where_the_partner_wants_it_so() -> None:
    never = AcknowledgementPolicy(positive="never")
    assert make_997(subject(group(message())), never) == []
    assert [report.accepted for report in make_997(subject(group(message()), group(BAD)), never)] == [False]
    assert len(make_997(subject(group(message())), AcknowledgementPolicy(positive="requested"))) == 1


def test_deviations_may_be_ignored(shown: Shown) -> None:
    lenient = message(finding(ack={"718": "4"}, severity=Severity.REMARK, tag="SE", segment=9))
    report = only(make_997(subject(group(lenient)), AcknowledgementPolicy(deviations="ignored")))
    assert shown(report)[-2:] == ["AK5+A", "AK9+A+1+1+1"]


@pytest.mark.parametrize(
    "nameless", [message(finding(ack={}), reference=""), message(finding(ack={}), reference="1" * 10)]
)
def test_a_bad_set_that_cannot_be_named_rejects_its_group(shown: Shown, nameless: SubjectMessage) -> None:
    assert shown(only(make_997(subject(group(message(), nameless))))) == [
        "AK1+PO+17",
        "AK2+850+0001",
        "AK5+A",
        "AK9+R+2+2+0",
    ]


@pytest.mark.parametrize("reference", ["", "1234567890", "A7"])
def test_a_group_without_a_number_to_repeat_is_not_answered(reference: str) -> None:
    assert make_997(subject(group(message(), reference=reference))) == []


def new(*messages: SubjectMessage, version: str = "005010") -> Subject:
    made = tuple(replace(each, version=version, guide=version if len(version) > 6 else "") for each in messages)
    return subject(group(*made, version=version))


REPEATED = message(
    finding(ack={"723": "7", "725": "235"}, value="XX", segment=3, tag="LIN", element=2, component=1, repetition=4),
    finding(ack={"723": "2", "725": "66"}, segment=4, tag="NM1", element=8),
)


def test_997_of_005010(shown: Shown) -> None:
    assert shown(only(make_997(new(REPEATED)))) == [
        "AK1+PO+17+005010",
        "AK2+850+0001",
        "AK3+LIN+3++8",
        "AK4+2:1:4+235+7+XX",
        "AK3+NM1+4++8",
        "AK4+8+66+2",
        "AK5+R+5",
        "AK9+R+1+1+0",
    ]


def test_999(shown: Shown) -> None:
    report = only(make_999(new(REPEATED, replace(REPEATED, findings=(), reference="0002"), version="005010X222A1")))
    assert shown(report) == [
        "AK1+PO+17+005010X222A1",
        "AK2+850+0001+005010X222A1",
        "IK3+LIN+3++8",
        "IK4+2:1:4+235+7+XX",
        "IK3+NM1+4++8",
        "IK4+8+66+2",
        "CTX+SITUATIONAL TRIGGER+NM1+4",
        "IK5+R+5",
        "AK2+850+0002+005010X222A1",
        "IK5+A",
        "AK9+P+2+2+1",
    ]
    assert (report.kind, report.message.version) == ("999", "005010X231A1")


@pytest.mark.parametrize(("version", "own"), [("004010", "005010"), ("005010", "005010"), ("006020", "006020")])
def test_the_version_of_a_999(version: str, own: str) -> None:
    assert only(make_999(new(message(), version=version))).message.version == own


def test_no_more_than_a_997_can_carry(own_findings: Callable[[Report], list[Finding]]) -> None:
    flood = [finding(ack={"723": "5"}, segment=2, tag="BEG", element=element) for element in range(1, 151)]
    far = [finding(ack={"720": "5"}, segment=1_000_000, tag="REF"), finding(ack={"720": "1"}, segment=3, tag="?")]
    codes = [finding(ack={"718": str(code)}, tag="SE") for code in range(1, 9)]
    report = only(make_997(subject(group(message(*flood, *far, *codes), announced=10**7, unnamed=10**6))))
    assert sum(row.startswith("AK4") for row in report.message.body) == 99
    assert [row.split("\x1d")[1] for row in report.message.body if row.startswith("AK3")] == ["BEG"]
    assert own_findings(report) == []
    assert report.message.body[-2].endswith("\x1d".join(["AK5", "R", "1", "2", "3", "4", "5"]))
    assert report.message.body[-1] == "\x1d".join(["AK9", "P", "999999", "999999", "999999"])


def test_a_999_prefers_its_own_codes(shown: Shown) -> None:
    """What an implementation guide forbids has codes of its own in 621, which the 997 does not know."""
    place = Place(segment=3, tag="NM1", element=1)
    odd = Finding(code="E-CODE", message="x", value="QC", place=place, ack={"723": "7", "621": "I6", "725": "98"})
    asked = new(message(odd, kind="837"), version="005010X222A1")
    assert "IK4+1+98+I6+QC" in shown(only(make_999(asked)))
    assert "AK4+1+98+7+QC" in shown(only(make_997(asked)))
