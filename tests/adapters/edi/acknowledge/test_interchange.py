"""TA1: what is said of an X12 interchange's own envelope."""

import re
from pathlib import Path

import pytest

from transload.adapters.edi import X12Format
from transload.adapters.edi.acknowledge import Subject, SubjectGroup, SubjectMessage, condemned, make_ta1
from transload.adapters.edi.options import AcknowledgementPolicy
from transload.canonical.context import Context
from transload.canonical.findings import Finding, Severity

ISA = "ISA*00*          *00*          *ZZ*ACMERETAIL     *01*BOLTNUT        *260105*1030*U*00401*000000007*0*T*>~"
SETS = "GS*PO*ACME*BOLT*20260105*1030*17*X*004010~ST*850*0001~BEG*00*NE*PO-1**20260105~PO1*1*1*EA~SE*4*0001~GE*1*17~"


def subject(*findings: Finding, **more: object) -> Subject:
    known: dict[str, object] = {"reference": "000000007", "prepared": ("260105", "1030")}
    group = SubjectGroup(kind="PO", reference="17", messages=(SubjectMessage(kind="850"),))
    return Subject(sender=("A", "ZZ"), receiver=("B", "ZZ"), findings=findings, **{"groups": (group,), **known, **more})  # type: ignore[arg-type]


def finding(code: str | None, severity: Severity = Severity.ERROR) -> Finding:
    return Finding(code="E-X", message="wrong", severity=severity, ack={"I18": code} if code else {})


@pytest.mark.parametrize(
    ("findings", "tail"),
    [
        ((), "A*000"),
        ((finding("021"),), "R*021"),
        ((finding("001"), finding("021")), "R*001"),
        ((finding(None), finding("025")), "R*025"),
        ((finding(None),), "R*024"),
        ((finding("021", Severity.REMARK),), "E*021"),
        ((finding(None, Severity.REMARK),), "A*000"),
    ],
)
def test_verdicts(findings: tuple[Finding, ...], tail: str) -> None:
    report = make_ta1(subject(*findings))
    assert report is not None
    assert report.message.body[0].replace("\x1d", "*") == f"TA1*000000007*260105*1030*{tail}"
    assert report.accepted is not tail.startswith("R")


def test_no_answer_to_answers_or_without_a_number() -> None:
    answer = SubjectMessage(kind="TA1")
    assert make_ta1(subject(messages=(answer,), groups=())) is None
    assert make_ta1(subject(reference="")) is None


@pytest.mark.parametrize("number", ["12345678901", "A", ""])
def test_a_number_that_a_ta1_cannot_repeat(number: str) -> None:
    assert make_ta1(subject(reference=number)) is None


@pytest.mark.parametrize(
    ("positive", "requested", "answers"),
    [
        ("always", False, (True, True)),
        ("requested", True, (True, True)),
        ("requested", False, (False, True)),
        ("never", True, (False, True)),
    ],
)
def test_what_is_accepted_is_acknowledged_as_agreed(positive: str, requested: bool, answers: tuple[bool, bool]) -> None:
    policy = AcknowledgementPolicy.model_validate({"positive": positive})
    made = [make_ta1(subject(*each, requested=requested), policy) is not None for each in ((), (finding("021"),))]
    assert tuple(made) == answers


def test_deviations_may_be_ignored() -> None:
    report = make_ta1(subject(finding("021", Severity.REMARK)), AcknowledgementPolicy(deviations="ignored"))
    assert report is not None
    assert report.message.body[0].endswith("A\x1d000")


def test_an_interchange_that_is_rejected_for_one_message() -> None:
    bad = SubjectMessage(kind="850", findings=(Finding(code="E-X", message="wrong"),), number=1)
    whole = subject(groups=(SubjectGroup(kind="PO", reference="17", messages=(bad,)),))
    rows = [make_ta1(condemned(whole, scope)) for scope in ("message", "group", "interchange")]
    assert [row.message.body[0][-5:] for row in rows if row] == ["A\x1d000", "A\x1d000", "R\x1d024"]


@pytest.mark.parametrize(
    ("trailer", "row", "accepted"),
    [
        ("IEA*1*000000007~", "TA1*000000007*260105*1030*A*000", True),
        ("IEA*2*000000007~", "TA1*000000007*260105*1030*R*021", False),
        ("IEA*1*000000008~", "TA1*000000007*260105*1030*R*001", False),
        ("", "TA1*000000007*260105*1030*R*023", False),
    ],
)
def test_from_bytes_and_back(context: Context, trailer: str, row: str, accepted: bool) -> None:
    edi = X12Format(X12Format.Options())
    (made,) = edi.acknowledge((ISA + SETS + trailer).encode(), kind="ta1", context=context)
    assert made.content.decode() == (
        "ISA*00*          *00*          *01*BOLTNUT        *ZZ*ACMERETAIL     *260105*1030*U*00401*000000001*0*T*>~"
        f"{row}~IEA*0*000000001~"
    )
    assert (made.reference, made.accepted) == ("000000007", accepted)
    assert list(edi.acknowledge(made.content, kind="ta1", context=context)) == []
    assert list(edi.acknowledge(made.content, kind="997", context=context)) == []


def test_our_ta1_is_that_of_pyx12(shared: Path, context: Context) -> None:
    name = "pyx12td__x12testdata.py_fail_no_IEA"
    folder = shared / "samples" / "x12"
    (made,) = X12Format(X12Format.Options()).acknowledge(
        (folder / f"{name}.source.x12").read_bytes(), kind="ta1", context=context
    )
    theirs = (folder / f"{name}.res997.expected.x12").read_text("latin-1")
    (expected,) = re.findall(r"TA1\*[^~]*", theirs)
    assert expected.encode() in made.content
