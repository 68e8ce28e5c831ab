"""CONTRL from what was found wrong, segment by segment."""

from collections.abc import Callable

import pytest

from transload.adapters.edi.acknowledge import Report, Subject, SubjectGroup, SubjectMessage, make_contrl
from transload.adapters.edi.options import AcknowledgementPolicy
from transload.canonical.findings import Finding, Severity
from transload.canonical.places import Place

Shown = Callable[[Report | None], list[str]]


def finding(code: str | None = "13", *, severity: Severity = Severity.ERROR, **place: object) -> Finding:
    where = Place(**place) if place else None  # type: ignore[arg-type]
    return Finding(code="E-X", message="wrong", severity=severity, place=where, ack={"0085": code} if code else {})


def message(
    *findings: Finding, reference: str = "1", kind: str = "ORDERS", version: str = "D:96A:UN:EAN008"
) -> SubjectMessage:
    return SubjectMessage(kind=kind, version=version, reference=reference, findings=findings)


def subject(*messages: SubjectMessage, findings: tuple[Finding, ...] = (), **more: object) -> Subject:
    known: dict[str, object] = {
        "reference": "IC7",
        "sender": ("5412345000013", "14", "ROUTE"),
        "receiver": ("4012345000009", "14"),
    }
    return Subject(messages=messages, findings=findings, **{**known, **more})  # type: ignore[arg-type]


UCI = "UCI+IC7+5412345000013:14:ROUTE+4012345000009:14"


def test_a_good_interchange_is_acknowledged_whole(shown: Shown) -> None:
    remark = finding(severity=Severity.REMARK, segment=2, tag="BGM")
    report = make_contrl(subject(message(), message(remark, reference="2")))
    assert shown(report) == [f"{UCI}+7"]
    assert report is not None
    assert (report.accepted, report.reference, report.message.kind, report.message.version) == (
        True,
        "IC7",
        "CONTRL",
        "D:3:UN",
    )


def test_receipt_only(shown: Shown) -> None:
    report = make_contrl(subject(message(finding(segment=3, tag="DTM"))), AcknowledgementPolicy(receipt_only=True))
    assert shown(report) == [f"{UCI}+8"]


def test_a_bad_message_is_rejected_and_its_neighbours_are_not(shown: Shown) -> None:
    bad = message(
        finding("13", segment=2, tag="BGM"),
        finding("39", segment=7, tag="NAD", element=8),
        finding("37", segment=9, tag="QTY", element=1, component=2),
        finding("12", segment=9, tag="QTY", element=1, component=3),
        finding("35", segment=9, tag="QTY"),
        finding("15", segment=9, tag="QTY"),
        reference="2",
    )
    report = make_contrl(subject(message(), bad, message(reference="3")))
    assert shown(report) == [
        f"{UCI}+7",
        "UCM+2+ORDERS:D:96A:UN:EAN008+4",
        "UCS+2+13",
        "UCS+7",
        "UCD+39+9",
        "UCS+9+35",
        "UCD+37+2:2",
        "UCD+12+2:3",
        "UCS+9+15",
    ]
    assert report is not None
    assert not report.accepted


@pytest.mark.parametrize(
    ("given", "row"),
    [
        (finding("29", segment=9, tag="UNT", element=1), "UCM+1+ORDERS:D:96A:UN+4+29+UNT+2"),
        (finding("28", segment=9, tag="UNT", element=2), "UCM+1+ORDERS:D:96A:UN+4+28+UNT+3"),
        (finding("13", tag="UNT"), "UCM+1+ORDERS:D:96A:UN+4+13+UNT"),
        (finding("26", segment=1, tag="UNH", element=1), "UCM+1+ORDERS:D:96A:UN+4+26+UNH+2"),
        (finding("35", segment=1, tag="UNH"), "UCM+1+ORDERS:D:96A:UN+4+18+UNH"),  # 35 is not for UCM
        (finding(None), "UCM+1+ORDERS:D:96A:UN+4+18"),
    ],
)
def test_errors_of_header_and_trailer(shown: Shown, given: Finding, row: str) -> None:
    assert shown(make_contrl(subject(message(given, version="D:96A:UN")))) == [f"{UCI}+7", row]


@pytest.mark.parametrize(
    ("given", "tail"),
    [
        (finding("29", tag="UNZ", element=1), "4+29+UNZ+2"),
        (finding("13", tag="UNB", element=4), "4+13+UNB+5"),
        (finding("20", tag="UNA"), "4+20+UNA"),
        (finding("26"), "4+26"),
        (finding(None), "4+18"),
        (finding("36", tag="UNZ"), "4+18+UNZ"),
    ],
)
def test_a_wrong_envelope_rejects_the_interchange(shown: Shown, given: Finding, tail: str) -> None:
    report = make_contrl(subject(message(), findings=(given,)))
    assert shown(report) == [f"{UCI}+{tail}"]
    assert report is not None
    assert not report.accepted


def test_groups(shown: Shown) -> None:
    parties: dict[str, tuple[str, ...]] = {"sender": ("A", "14"), "receiver": ("B",)}
    report = make_contrl(
        subject(
            groups=(
                SubjectGroup(kind="ORDERS", reference="1", messages=(message(),), **parties),
                SubjectGroup(
                    kind="ORDERS", reference="2", messages=(message(finding("13", segment=2, tag="BGM")),), **parties
                ),
                SubjectGroup(kind="ORDERS", reference="3", findings=(finding("29", tag="UNE", element=1),), **parties),
            )
        )
    )
    assert shown(report) == [
        f"{UCI}+7",
        "UCF+2+A:14+B+7",
        "UCM+1+ORDERS:D:96A:UN:EAN008+4",
        "UCS+2+13",
        "UCF+3+A:14+B+4+29+UNE+2",
    ]


def test_acknowledgements_are_not_acknowledged(shown: Shown) -> None:
    contrl = message(finding("13", segment=2, tag="UCI"), kind="CONTRL", version="D:3:UN")
    assert make_contrl(subject(contrl)) is None
    assert shown(make_contrl(subject(contrl, message(reference="2")))) == [f"{UCI}+7"]


@pytest.mark.parametrize("absent", [{"sender": ("",)}, {"receiver": ()}, {"reference": ""}])
def test_without_parties_and_reference_there_is_nobody_to_answer(absent: dict[str, object]) -> None:
    assert make_contrl(subject(message(), **absent)) is None


@pytest.mark.parametrize("nameless", [{"reference": ""}, {"version": "D"}, {"kind": ""}])
def test_a_bad_message_that_cannot_be_named_rejects_the_interchange(shown: Shown, nameless: dict[str, str]) -> None:
    bad = message(finding("13", segment=1, tag="UNH"), **nameless)
    assert shown(make_contrl(subject(message(), bad))) == [f"{UCI}+4+13"]


def test_no_more_than_contrl_can_carry(own_findings: Callable[[Report], list[Finding]]) -> None:
    many = [finding("13", segment=position, tag="DTM") for position in range(2, 1502)]
    flood = [finding("39", segment=2, tag="BGM", element=element) for element in range(1, 151)]
    report = make_contrl(subject(message(*many, *flood)))
    assert report is not None
    assert sum(row.startswith("UCS") for row in report.message.body) == 999
    assert sum(row.startswith("UCD") for row in report.message.body) == 99
    assert own_findings(report) == []
