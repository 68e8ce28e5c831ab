"""Acknowledgements against what was sent: verdicts by the rules of each kind, errors found in our own bytes."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transload.adapters.base.acknowledgement import Reconciliation, Verdict, overall, worse
from transload.adapters.base.format import Format
from transload.adapters.edi import EdifactFormat, X12Format
from transload.canonical.context import Context
from transload.canonical.errors import ConfigurationError

SENT = """\
UNB+UNOC:3+US:14+THEM:14+260105:1030+IC7'
UNH+1+ORDERS:D:96A:UN'
BGM+220+PO-1+9'
DTM+137:20260105:102'
UNT+4+1'
UNH+2+ORDERS:D:96A:UN'
BGM+220+PO-2+9'
UNT+3+2'
UNZ+2+IC7'
"""
GROUPED = """\
UNB+UNOC:3+US:14+THEM:14+260105:1030+IC8'
UNG+ORDERS+A:14+B:14+260105:1030+G1+UN+D:96A'
UNH+1+ORDERS:D:96A:UN'
BGM+220+PO-1+9'
UNT+3+1'
UNE+1+G1'
UNG+ORDERS+A:14+B:14+260105:1030+G2+UN+D:96A'
UNH+1+ORDERS:D:96A:UN'
BGM+220+PO-2+9'
UNT+3+1'
UNE+1+G2'
UNZ+2+IC8'
"""
SETS = """\
ISA*00*          *00*          *ZZ*US             *ZZ*THEM           *260105*1030*U*00401*000000007*0*P*>~
GS*PO*US*THEM*20260105*1030*17*X*004010~
ST*850*0001~
BEG*00*NE*PO-1**20260105~
SE*3*0001~
ST*850*0002~
BEG*00*NE*PO-2**20260231~
SE*3*0002~
GE*2*17~
IEA*1*000000007~
"""
CONTRL_HEAD = "UNB+UNOC:3+THEM:14+US:14+260106:0800+9'UNH+1+CONTRL:D:3:UN'"
FA_HEAD = (
    "ISA*00*          *00*          *ZZ*THEM           *ZZ*US             *260106*0800*U*00401*000000001*0*P*>~"
    "GS*FA*THEM*US*20260106*0800*1*X*004010~ST*{kind}*0001~"
)


def form(standard: str) -> Format[Any]:
    return X12Format(X12Format.Options()) if standard == "x12" else EdifactFormat(EdifactFormat.Options())


def contrl(*rows: str, sent: str = SENT) -> Reconciliation:
    text = CONTRL_HEAD + "".join(f"{row}'" for row in rows) + f"UNT+{len(rows) + 2}+1'UNZ+1+9'"
    return by("edifact", text, sent)


def functional(*rows: str, kind: str = "997", sent: str = SETS) -> Reconciliation:
    text = FA_HEAD.format(kind=kind) + "".join(f"{row}~" for row in rows)
    return by("x12", text + f"SE*{len(rows) + 2}*0001~GE*1*1~IEA*1*000000001~", sent)


def ta1(row: str, sent: str = SETS) -> Reconciliation:
    return by("x12", FA_HEAD[: FA_HEAD.index("GS*")] + f"{row}~IEA*0*000000001~", sent)


def by(standard: str, text: str, sent: str) -> Reconciliation:
    chosen = form(standard)
    (message,) = chosen.read(text.encode(), file="ack")
    return chosen.reconcile(message, sent.encode(), file="sent")


def verdicts(found: Reconciliation) -> list[str | None]:
    return [outcome.verdict.value if outcome.verdict else None for outcome in found.outcomes]


def lines(found: Reconciliation) -> list[str]:
    """All findings without their hints: those about the whole first."""
    return [f"{finding.code} {finding.place}: {finding.message}" for finding in found.all_findings]


def test_contrl_accepts_what_it_does_not_name() -> None:
    found = contrl("UCI+IC7+US:14+THEM:14+7")
    assert (verdicts(found), found.verdict, lines(found)) == (["accepted", "accepted"], Verdict.ACCEPTED, [])
    assert [str(reference) for reference in found.about] == ["edifact interchange IC7 from US to THEM"]


def test_contrl_that_tells_of_arrival_alone() -> None:
    assert verdicts(contrl("UCI+IC7+US:14+THEM:14+8")) == ["received", "received"]


def test_contrl_rejects_one_message() -> None:
    found = contrl(
        "UCI+IC7+US:14+THEM:14+7",
        "UCM+1+ORDERS:D:96A:UN+4+29+UNT+2",
        "UCS+3",
        "UCD+12+2:2",
        "UCS+9+15",
        "UCS+2+13",
    )
    assert (verdicts(found), found.verdict) == (["rejected", "accepted"], Verdict.PARTIAL)
    where = "line {} byte {}, interchange 1, message 1"
    assert lines(found) == [
        f"E-ACK-ERROR sent {where.format(5, SENT.index('4+1'))}, segment 4 UNT, element 1: the partner reports: "
        "the count in the trailer is not what was received (0085 29)",
        f"E-ACK-ERROR sent {where.format(4, SENT.index('20260105:102'))}, segment 3 DTM, element 1, component 2: "
        "the partner reports: the value is invalid (0085 12)",
        f"E-ACK-ERROR sent {where.format(2, SENT.index('UNH'))}: the partner reports: "
        "the segment or element is not supported in this place (0085 15)",
        f"E-ACK-ERROR sent {where.format(3, SENT.index('BGM'))}, segment 2 BGM: the partner reports: "
        "something mandatory is missing (0085 13)",
    ]
    count, value, beyond, _ = found.outcomes[0].findings
    assert (count.value, value.value) == ("4", "20260105")
    at = len(CONTRL_HEAD) + len("UCI+IC7+US:14+THEM:14+7'UCM+1+ORDERS:D:96A:UN+4+29+UNT+2'UCS+3'")
    assert value.hint == f"it is said in ack line 1 byte {at}, interchange 1, message 1, segment 5 UCD"
    assert beyond.hint is not None
    assert beyond.hint.startswith("our message has 4 segments, the partner counts to 9; it is said in ack")
    assert dict(value.ack) == {"0085": "12"}


def test_contrl_rejects_the_interchange() -> None:
    found = contrl("UCI+IC7+US:14+THEM:14+4+29+UNZ+2")
    assert verdicts(found) == ["rejected", "rejected"]
    assert lines(found) == [
        f"E-ACK-ERROR sent line 9 byte {SENT.index('UNZ')}, interchange 1, segment UNZ, element 1: "
        "the partner reports: the count in the trailer is not what was received (0085 29)",
        f"E-ACK-REJECTED sent line 2 byte {SENT.index('UNH')}, interchange 1, message 1, segment UNH: "
        "the partner rejects ORDERS 1 with its interchange",
        f"E-ACK-REJECTED sent line 6 byte {SENT.index('UNH+2')}, interchange 1, message 2, segment UNH: "
        "the partner rejects ORDERS 2 with its interchange",
    ]
    assert found.complaints[0].value == "2"


def test_contrl_of_groups() -> None:
    found = contrl(
        "UCI+IC8+US:14+THEM:14+7",
        "UCF+G1+A:14+B:14+4+29+UNE+2",
        "UCF+G2+A:14+B:14+7",
        "UCM+1+ORDERS:D:96A:UN+4",
        sent=GROUPED,
    )
    assert verdicts(found) == ["rejected", "rejected"]
    assert [line.partition(": ")[2] for line in lines(found)] == [
        "the partner reports: the count in the trailer is not what was received (0085 29)",
        "the partner rejects ORDERS 1 with its group",
        "the partner rejects ORDERS 1 and does not say why",
    ]
    assert verdicts(contrl("UCI+IC8+US:14+THEM:14+7", "UCF+G1+A+B+4", sent=GROUPED)) == ["rejected", "accepted"]


def test_numbers_that_were_never_sent() -> None:
    found = contrl("UCI+IC9+US:14+THEM:14+7")
    assert found.outcomes == ()
    assert lines(found) == [
        f"E-ACK-UNKNOWN ack line 1 byte {len(CONTRL_HEAD)}, interchange 1, message 1, segment 2 UCI: "
        "the CONTRL speaks of edifact interchange IC9 from US to THEM, and nothing was sent with that number"
    ]
    found = contrl("UCI+IC7+US:14+THEM:14+7", "UCM+3+ORDERS:D:96A:UN+4", "UCF+G9+A+B+4")
    assert verdicts(found) == ["accepted", "accepted"]
    assert [line.partition(": ")[2] for line in lines(found)] == [
        "the CONTRL speaks of ORDERS 3, which what was sent does not hold",
        "the CONTRL speaks of group G9, which what was sent does not hold",
    ]
    found = functional("AK1*PO*18", "AK9*A*1*1*1")
    assert [line.partition(": ")[2] for line in lines(found)] == [
        "the 997 speaks of x12 group 18 from US to THEM, and nothing was sent with that number"
    ]
    assert [each.code for each in ta1("TA1*000000008*260105*1030*A*000").all_findings] == ["E-ACK-UNKNOWN"]


def test_what_contrl_says_twice() -> None:
    head = "UCI+IC7+US:14+THEM:14+7"
    found = contrl(head, "UCM+1+ORDERS:D:96A:UN+7", "UCM+1+ORDERS:D:96A:UN+4+18")
    assert verdicts(found) == ["rejected", "accepted"]
    assert found.findings[0].message == "the CONTRL contradicts itself: message 1 has two verdicts"
    found = contrl("UCI+IC7+US:14+THEM:14+4+18", "UCM+1+ORDERS:D:96A:UN+7")
    assert verdicts(found) == ["rejected", "rejected"]
    assert found.findings[-1].message == (
        "the CONTRL contradicts itself: message 1 is accepted, what it stands in is rejected"
    )


def test_another_type_and_other_parties() -> None:
    found = contrl("UCI+IC7+US:14+OTHER:14+7", "UCM+1+INVOIC:D:96A:UN+7")
    assert verdicts(found) == ["accepted", "accepted"]
    assert [line.partition(": ")[2] for line in lines(found)] == [
        "what was sent is from US to THEM, the CONTRL speaks of another pair",
        "message 1 is ORDERS, the CONTRL calls it INVOIC",
    ]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (("AK9*A*2*2*2",), ["accepted", "accepted"]),
        (("AK9*E*2*2*2",), ["accepted with errors", "accepted with errors"]),
        (("AK2*850*0002", "AK5*E*4", "AK9*E*2*2*2"), ["accepted", "accepted with errors"]),
        (("AK2*850*0002", "AK5*R*4", "AK9*P*2*2*1"), ["accepted", "rejected"]),
        (("AK2*850*2", "AK5*R*4", "AK9*P*2*2*1"), ["accepted", "rejected"]),  # without its leading zeros
        (("AK9*R*2*2*0*5",), ["rejected", "rejected"]),
        (("AK2*850*0001", "AK5*A", "AK9*R*2*2*0*5"), ["rejected", "rejected"]),
        (("AK2*850*0001", "AK5*A", "AK2*850*0002", "AK5*R*2", "AK9*P*2*2*1"), ["accepted", "rejected"]),
        (("AK9*P*2*2*1",), [None, None]),  # which of them is not said
        (("AK2*850*0001", "AK5*Z", "AK9*A*2*2*2"), [None, "accepted"]),
    ],
)
def test_997(rows: tuple[str, ...], expected: list[str | None]) -> None:
    assert verdicts(functional("AK1*PO*17", *rows)) == expected
    assert verdicts(functional("AK1*PO*000000017", *rows)) == expected


@pytest.mark.parametrize("kind", ["997", "999"])
def test_errors_of_a_set_are_found_in_our_bytes(kind: str) -> None:
    letter = "I" if kind == "999" else "A"
    found = functional(
        "AK1*PO*17",
        "AK2*850*0002",
        f"{letter}K3*BEG*2**8",
        f"{letter}K4*5*373*8*20260230",
        f"{letter}K3*REF*2**3",
        f"{letter}K3*CUR*2**5",
        f"{letter}K5*R*5*3",
        "AK9*P*2*2*1",
        kind=kind,
    )
    one, two, three = ("621", "620", "618") if kind == "999" else ("723", "720", "718")
    where = "sent line {} byte {}, interchange 1, group 1, message 2, segment {}"
    begin = where.format(7, SETS.index("BEG*00*NE*PO-2"), "2 BEG")
    date_at = where.format(7, SETS.index("20260231"), "2 BEG")
    pair_at = where.format(8, SETS.index("0002~\nGE"), "3 SE")
    assert lines(found) == [
        f"E-ACK-ERROR {date_at}, element 5: the partner reports: the date is invalid ({one} 8)",
        f"E-ACK-ERROR {begin}: the partner reports: a mandatory segment is missing: REF ({two} 3)",
        f"E-ACK-ERROR {begin}: the partner reports: the segment stands more often than allowed ({two} 5)",
        f"E-ACK-ERROR {pair_at}, element 2: the partner reports: the control numbers in ST and SE differ ({three} 3)",
    ]
    date, _, other, pair = found.outcomes[1].findings
    assert (date.value, pair.value) == ("20260231", "0002")
    assert date.hint is not None
    assert date.hint.startswith("the partner read '20260230'; it is said in ack")
    assert other.hint is not None
    assert other.hint.startswith("there our message has BEG, the partner names CUR;")


def test_errors_of_what_is_accepted_are_warnings() -> None:
    found = functional("AK1*PO*17", "AK2*850*0001", "AK3*BEG*2**8", "AK4*3**5", "AK5*E*5", "AK9*E*2*2*2")
    assert [(finding.code, finding.is_error) for finding in found.outcomes[0].findings] == [("W-ACK-ERROR", False)]


def test_counts_and_verdicts_that_do_not_fit() -> None:
    found = functional("AK1*PO*17", "AK2*850*0001", "AK5*R", "AK9*A*3*1*2")
    assert verdicts(found) == ["rejected", "accepted"]
    assert [f"{finding.code} {finding.message}" for finding in found.findings] == [
        "W-ACK-COUNT AK902 says 3, but the group was sent with 2 sets",
        "W-ACK-COUNT AK903 says 1, but the group was sent with 2 sets",
        "W-ACK-COUNT AK904 says 2, but 1 of 2 sets are rejected",
        "E-ACK-CONTRADICTION the 997 contradicts itself: set 0001 is rejected, its group accepted",
    ]


def test_a_group_that_is_acknowledged_twice() -> None:
    found = functional("AK1*PO*17", "AK9*A*2*2*2", "AK1*PO*17", "AK9*R*2*2*0")
    assert verdicts(found) == ["rejected", "rejected"]
    assert found.findings[0].message == "the 997 contradicts itself: group 17 is acknowledged twice, differently"


def test_another_functional_identifier() -> None:
    found = functional("AK1*IN*17", "AK9*A*2*2*2")
    assert found.outcomes == ()
    assert [finding.code for finding in found.all_findings] == ["E-ACK-UNKNOWN", "W-ACK-GROUP"]


@pytest.mark.parametrize(
    ("row", "expected", "said"),
    [
        ("TA1*000000007*260105*1030*A*000", "received", []),
        ("TA1*7*260105*1030*E*000", "received", []),
        (
            "TA1*000000007*260105*1030*R*021",
            "rejected",
            ["E-ACK-ERROR the partner reports: the count in IEA is not the number of groups (I18 021)"],
        ),
        (
            "TA1*000000007*260106*1030*A*000",
            "received",
            ["W-ACK-DATE the interchange was prepared at 260105 1030, the TA1 speaks of another time"],
        ),
    ],
)
def test_ta1(row: str, expected: str, said: list[str]) -> None:
    found = ta1(row)
    assert verdicts(found) == [expected, expected]
    about_envelopes = (*found.findings, *found.complaints)
    assert [f"{finding.code} {finding.message}" for finding in about_envelopes] == said


def test_where_in_the_envelope() -> None:
    (finding,) = ta1("TA1*000000007*260105*1030*R*008").complaints
    assert (str(finding.place), finding.value) == ("sent line 1 byte 0, interchange 1, segment ISA, element 8", "THEM")
    (finding,) = functional("AK1*PO*17", "AK9*R*2*2*0*4").complaints
    assert str(finding.place).endswith("interchange 1, group 1, segment GE, element 2")
    assert finding.value == "17"


def test_the_numbers_of_a_payload() -> None:
    assert [str(each) for each in form("x12").references(SETS.encode())] == [
        "x12 interchange 7 from US to THEM",
        "x12 group 17 from US to THEM",
    ]
    assert [str(each) for each in form("edifact").references(GROUPED.encode())] == [
        "edifact interchange IC8 from US to THEM"
    ]
    assert form("x12").references(b"hello") == ()


def test_what_is_no_acknowledgement() -> None:
    (message, *_) = form("edifact").read(SENT.encode())
    assert form("edifact").acknowledged(message) is None
    with pytest.raises(ConfigurationError, match="a message ORDERS is no acknowledgement that this format reads"):
        form("edifact").reconcile(message, SENT.encode())


def test_json() -> None:
    found = functional("AK1*PO*17", "AK9*A*2*2*2").as_dict()
    assert found["verdict"] == "accepted"
    assert found["messages"][1] == {
        "interchange": 1,
        "group": 1,
        "message": 2,
        "kind": "850",
        "reference": "0002",
        "verdict": "accepted",
        "findings": [],
    }


@given(st.lists(st.sampled_from([*Verdict, None]), max_size=6))
def test_the_verdict_on_a_whole(parts: list[Verdict | None]) -> None:
    whole = overall(parts)
    known = [part for part in parts if part is not None]
    if not known:
        assert whole is None
        return
    bad = {Verdict.REJECTED, Verdict.PARTIAL}
    assert whole is not None
    assert (whole in bad) is any(part in bad for part in known)
    assert (whole is Verdict.REJECTED) is all(part is Verdict.REJECTED for part in parts)
    assert worse(whole, Verdict.ACCEPTED) is whole


ORDER = "BEG*00*NE*PO**20260105~PO1*1*1*EA~"
WRONG = "BEG*00*NE*PO**20260231~PO1*1*1*EA~"
GOOD_ORDERS = "BGM+220+PO+9'DTM+137:20260105:102'LIN+1++4000862141404:EN'QTY+21:1:PCE'UNS+S'"
WRONG_ORDERS = "BGM+220+PO+9'DTM+137:20260105:102'LIN+1++4000862141404:EN'QTY+21:many:PCE'UNS+S'"
Groups = st.lists(st.lists(st.booleans(), min_size=1, max_size=3), min_size=1, max_size=3)


def interchange_of(groups: list[list[bool]], *, new: bool) -> str:
    head = SETS[: SETS.index("GS*")]
    version = "005010" if new else "004010"
    text = head.replace("*U*00401*", "*^*00501*") if new else head
    for number, sets in enumerate(groups, 1):
        text += f"GS*PO*US*THEM*20260105*1030*{number}*X*{version}~"
        for position, good in enumerate(sets, 1):
            text += f"ST*850*{position:04}~{ORDER if good else WRONG}SE*{4 if good else 9}*{position:04}~"
        text += f"GE*{len(sets)}*{number}~"
    return text + f"IEA*{len(groups)}*000000007~"


@given(Groups, st.sampled_from(["997", "999"]), st.booleans(), st.sampled_from(["all", "errors"]))
def test_what_we_answer_reads_back_as_what_we_found(groups: list[list[bool]], kind: str, new: bool, sets: str) -> None:
    """Law: an answer of ours, reconciled with what it answers, gives each message the verdict that reading gave it."""
    text = interchange_of(groups, new=new)
    chosen = X12Format(X12Format.Options.model_validate({"acknowledgement": {"sets": sets}}))
    found: dict[tuple[int | None, int], Verdict | None] = {}
    for made in chosen.acknowledge(text.encode(), kind=kind, context=Context(now=datetime(2026, 1, 6, tzinfo=UTC))):
        for message in chosen.read(made.content):
            assert message.findings == ()
            back = chosen.reconcile(message, text.encode())
            assert (back.findings, dict(back.unknown)) == ((), {})
            found |= {(outcome.group, outcome.message): outcome.verdict for outcome in back.outcomes}
    wanted = [Verdict.ACCEPTED if good else Verdict.REJECTED for group in groups for good in group]
    assert [found[place] for place in sorted(found, key=lambda place: place[1])] == wanted


@given(st.lists(st.booleans(), min_size=1, max_size=4), st.sampled_from(["3", "4"]))
def test_our_contrl_reads_back_as_what_we_found(messages: list[bool], syntax: str) -> None:
    text = f"UNB+UNOC:{syntax}+US:14+THEM:14+{'20' if syntax == '4' else ''}260105:1030+IC7'"
    for number, good in enumerate(messages, 1):
        body = GOOD_ORDERS if good else WRONG_ORDERS
        text += f"UNH+{number}+ORDERS:D:96A:UN'{body}UNT+7+{number}'"
    text += f"UNZ+{len(messages)}+IC7'"
    chosen = form("edifact")
    (made,) = chosen.acknowledge(text.encode(), kind="contrl", context=Context(now=datetime(2026, 1, 6, tzinfo=UTC)))
    (message,) = chosen.read(made.content)
    assert (message.version, message.findings) == ("4:1:UN" if syntax == "4" else "D:3:UN", ())
    back = chosen.reconcile(message, text.encode())
    assert (back.findings, back.complaints, dict(back.unknown)) == ((), (), {})
    wanted = [Verdict.ACCEPTED if good else Verdict.REJECTED for good in messages]
    assert [outcome.verdict for outcome in back.outcomes] == wanted
    values = [outcome.findings[0].value for outcome in back.outcomes if outcome.findings]
    assert values == ["many"] * messages.count(False)


def test_what_pyx12_answers_to_its_own_samples(shared: Path) -> None:
    folder = shared / "samples" / "x12"
    chosen = X12Format(X12Format.Options.model_validate({"check": "envelope"}))
    seen = 0
    for answer in sorted(folder.glob("pyx12td*.res*.expected.x12")):
        sent = Path(str(answer).replace(".res997.expected", ".source").replace(".resAck.expected", ".source"))
        if not sent.is_file():
            continue
        for message in chosen.read(answer.read_bytes()):
            found = chosen.reconcile(message, sent.read_bytes())
            assert found.outcomes, answer.name
            doubts = {"E-ACK-UNKNOWN", "E-ACK-UNREADABLE", "E-ACK-CONTRADICTION", "W-ACK-COUNT"}
            assert not doubts & {finding.code for finding in found.all_findings}, answer.name
            for outcome in found.outcomes:
                assert outcome.verdict is not None
                assert outcome.verdict is not Verdict.REJECTED or outcome.findings
            seen += 1
    assert seen > 10
