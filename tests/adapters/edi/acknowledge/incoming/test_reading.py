"""Incoming acknowledgements as plain records."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transload.adapters.base.acknowledgement import Verdict
from transload.adapters.base.format import Identity, Message, Records
from transload.adapters.edi.acknowledge.incoming import Complaint, Statement, read_statement
from transload.canonical.places import Place

Read = Callable[..., Statement]
US, THEM = Identity(id="US", qualifier="ZZ"), Identity(id="THEM", qualifier="ZZ")


class Body(Records):
    """Segments given as text, ``AK4+2:1+353+7``."""

    def __init__(self, *rows: str) -> None:
        self.segments = [row.split("+") for row in rows]
        self.component = ":"
        self.repetition = ""

    def place(
        self, segment: int, element: int | None = None, repetition: int | None = None, component: int | None = None
    ) -> Place:
        return Place(segment=segment + 2, element=element, repetition=repetition, component=component)


def statement(kind: str, *rows: str) -> Statement:
    found = read_statement(Message(kind=kind, sender=THEM, receiver=US, body=Body(*rows)))
    assert found is not None
    return found


def complaints(found: tuple[Complaint, ...]) -> list[tuple[object, ...]]:
    return [
        (each.segment, each.tag, each.element, each.component, each.repetition, each.element_list, each.code)
        for each in found
    ]


def texts(found: Statement) -> list[str]:
    return [f"{finding.code} {finding.message}" for finding in found.findings]


def test_other_messages_say_nothing() -> None:
    assert read_statement(Message(kind="ORDERS", body=Body("BGM+220"))) is None


def test_contrl() -> None:
    found = statement(
        "CONTRL",
        "UCI+IC7+US:14+THEM:14+7",
        "UCM+2+ORDERS:D:96A:UN:EAN008+4+29+UNT+2",
        "UCS+2+13",
        "UCS+4",
        "UCD+37+3:2",
        "UCD+12+1:0:2",
        "UCM+3+ORDERS:D:96A:UN+7",
    )
    assert (found.reference, found.verdict, found.sender) == (
        "IC7",
        Verdict.ACCEPTED,
        Identity(id="US", qualifier="14"),
    )
    assert found.receiver == Identity(id="THEM", qualifier="14")
    first, second = found.messages
    assert (first.kind, first.version, first.reference, first.verdict) == (
        "ORDERS",
        "D:96A:UN:EAN008",
        "2",
        Verdict.REJECTED,
    )
    assert complaints(first.complaints) == [
        (None, "UNT", 1, None, None, "0085", "29"),
        (2, None, None, None, None, "0085", "13"),
        (4, None, 2, 2, None, "0085", "37"),
        (4, None, None, 0, 2, "0085", "12"),  # 0098 says 1: the tag itself
    ]
    assert first.complaints[0].meaning == "the count in the trailer is not what was received"
    assert first.complaints[0].said == Place(segment=3)
    assert (second.verdict, second.complaints) == (Verdict.ACCEPTED, ())
    assert found.findings == ()


def test_contrl_of_groups_and_packages() -> None:
    found = statement(
        "CONTRL",
        "UCI+IC7+US:14::SUB+THEM:14+7",
        "UCM+++4+18+++P-1+1:X",
        "UCF+G1+A:14+B+4+29+UNE+2",
        "UCF+G2+++7",
        "UCM+1+ORDERS:D:96A:UN+4+26+UNH+2::1",
    )
    (package,) = found.messages
    assert (package.reference, package.verdict) == ("P-1", Verdict.REJECTED)
    first, second = found.groups
    assert (first.reference, first.sender, first.receiver, first.verdict) == ("G1", "A", "B", Verdict.REJECTED)
    assert complaints(first.complaints) == [(None, "UNE", 1, None, None, "0085", "29")]
    assert complaints(second.messages[0].complaints) == [(None, "UNH", 1, None, 1, "0085", "26")]


@pytest.mark.parametrize(("action", "verdict"), [("4", Verdict.REJECTED), ("8", Verdict.RECEIVED), ("9", None)])
def test_actions(action: str, verdict: Verdict | None) -> None:
    found = statement("CONTRL", f"UCI+IC7+US+THEM+{action}")
    assert found.verdict is verdict
    assert texts(found) == ([] if verdict else ["E-ACK-UNREADABLE UCI gives the action '9', which is none of 4, 7, 8"])


def test_a_contrl_that_makes_no_sense() -> None:
    found = statement("CONTRL", "UCS+2+13", "UCD+12+2", "UCM+1+ORDERS:D:96A:UN+4", "UCS+x", "FTX+AAI")
    assert texts(found) == [
        "E-ACK-UNREADABLE UCS stands before any UCM",
        "E-ACK-UNREADABLE UCD stands before any UCS",
        "E-ACK-UNREADABLE UCS names no segment",
        "E-ACK-UNREADABLE the CONTRL has no UCI, which says of which interchange it speaks",
    ]
    assert (found.reference, found.sender) == ("", None)
    assert texts(statement("CONTRL", "UCI+1+A+B+7", "UCI+2+A+B+7")) == ["E-ACK-UNREADABLE the CONTRL has a second UCI"]


FUNCTIONAL = (
    "AK1+PO+17+005010",
    "AK2+850+0001",
    "xK5+A",
    "AK2+850+0002+005010X1",
    "xK3+BEG+2++8",
    "xK4+5+373+8+20260231",
    "xK4+2:1:4+235+7",
    "xK3+REF+3++8",
    "xK3+CUR+3++3",
    "xK5+R+4+5",
    "AK9+P+2+2+1+5",
)


@pytest.mark.parametrize(
    ("kind", "letter", "lists"), [("997", "A", ("718", "720", "723")), ("999", "I", ("618", "620", "621"))]
)
def test_997_and_999(kind: str, letter: str, lists: tuple[str, str, str]) -> None:
    found = statement(kind, *(row.replace("x", letter) for row in FUNCTIONAL))
    assert (found.sender, found.receiver, found.findings) == (US, THEM, ())
    (group,) = found.groups
    assert (group.kind, group.reference, group.version) == ("PO", "17", "005010")
    assert (group.verdict, group.included, group.received, group.accepted) == (Verdict.PARTIAL, 2, 2, 1)
    assert complaints(group.complaints) == [(None, None, None, None, None, "716", "5")]
    first, second = group.messages
    assert (first.reference, first.verdict, first.complaints) == ("0001", Verdict.ACCEPTED, ())
    assert (second.reference, second.version, second.verdict) == ("0002", "005010X1", Verdict.REJECTED)
    of_set, of_segment, of_element = lists
    assert complaints(second.complaints) == [
        (2, "BEG", 5, None, None, of_element, "8"),
        (2, "BEG", 2, 1, 4, of_element, "7"),
        (3, "REF", None, None, None, of_segment, "8"),  # nothing more is said of this segment
        (3, "CUR", None, None, None, of_segment, "3"),
        (None, None, None, None, None, of_set, "4"),
    ]
    assert second.complaints[0].value == "20260231"


def test_the_context_of_a_999() -> None:
    found = statement(
        "999",
        "AK1+HC+1",
        "AK2+837+0001",
        "IK3+CLM+22++8",
        "CTX+CLM01:123456789",
        "IK4+2+782+1",
        "CTX+SITUATIONAL TRIGGER+CLM+43++5:3+C023:1325",
        "IK3+REF+57++3",
        "CTX+SITUATIONAL TRIGGER+CLM+43",
        "IK5+R+5",
        "AK9+R+1+1+0",
    )
    first, second = found.groups[0].messages[0].complaints
    assert first.context == ("SITUATIONAL TRIGGER CLM 43 5 3 C023 1325",)
    assert second.context == ("SITUATIONAL TRIGGER CLM 43",)


@pytest.mark.parametrize("code", "AEMRWX")
def test_verdicts_on_sets(code: str) -> None:
    found = statement("997", "AK1+PO+1", "AK2+850+0001", f"AK5+{code}", "AK9+A+1+1+1")
    expected = {"A": Verdict.ACCEPTED, "E": Verdict.ACCEPTED_WITH_ERRORS}.get(code, Verdict.REJECTED)
    assert found.groups[0].messages[0].verdict is expected


def test_five_codes_of_one_segment_as_old_versions_had_them() -> None:
    found = statement("997", "AK1+PO+1", "AK2+850+0001", "AK3+REF+3++5+7", "AK5+R", "AK9+R+1+1+0")
    assert [each.code for each in found.groups[0].messages[0].complaints] == ["5", "7"]


def test_only_a_count_of_segments_in_error_is_something_too() -> None:
    found = statement("997", "AK1+PO+1", "AK2+850+0001", "AK5+R+5", "AK9+R+1+1+0")
    assert complaints(found.groups[0].messages[0].complaints) == [(None, None, None, None, None, "718", "5")]


def test_a_997_that_makes_no_sense() -> None:
    found = statement("997", "AK2+850+0001", "AK1+PO+1", "AK4+1", "AK2+850+0001", "AK2+850+0002", "AK5+Q", "AK1+PO+2")
    assert texts(found) == [
        "E-ACK-UNREADABLE AK2 stands where nothing is that it could speak of",
        "E-ACK-UNREADABLE AK4 stands where nothing is that it could speak of",
        "E-ACK-UNREADABLE AK2 of set 0001 is not followed by its verdict",
        "E-ACK-UNREADABLE AK5 gives the verdict 'Q', which is none of A, E, M, P, R, W, X",
        "E-ACK-UNREADABLE AK1 of group 1 is not followed by its AK9",
        "E-ACK-UNREADABLE AK1 of group 2 is not followed by its AK9",
    ]
    assert [message.verdict for message in found.groups[0].messages] == [None, None]
    assert texts(statement("997")) == ["E-ACK-UNREADABLE the 997 has no AK1, which says of which group it speaks"]
    assert texts(statement("997", "AK9+A+1+1+1"))[0] == "E-ACK-UNREADABLE AK9 stands where no AK1 names a group"


@pytest.mark.parametrize(("code", "verdict"), [("A", Verdict.RECEIVED), ("E", Verdict.RECEIVED), ("Q", None)])
def test_ta1(code: str, verdict: Verdict | None) -> None:
    found = statement("TA1", f"TA1+000000007+260105+1030+{code}+000")
    assert (found.reference, found.prepared, found.verdict) == ("000000007", ("260105", "1030"), verdict)
    assert found.complaints == ()
    assert texts(found) == ([] if verdict else ["E-ACK-UNREADABLE TA1 gives the verdict 'Q', which is none of A, E, R"])


def test_ta1_with_an_error() -> None:
    found = statement("TA1", "TA1+000000007+260105+1030+R+021")
    assert found.verdict is Verdict.REJECTED
    assert [each.meaning for each in found.complaints] == ["the count in IEA is not the number of groups"]


_ROWS = st.lists(
    st.tuples(
        st.sampled_from(
            ["UCI", "UCF", "UCM", "UCS", "UCD", "AK1", "AK2", "AK3", "AK4", "AK5", "AK9", "IK3", "IK4", "CTX", "TA1"]
        ),
        st.lists(st.sampled_from(["", "1", "4", "7", "A", "R", "P", "12:3", "99999999999", "é", "::"]), max_size=8),
    ).map(lambda row: "+".join((row[0], *row[1]))),
    max_size=12,
)


@given(st.sampled_from(["CONTRL", "997", "999", "TA1"]), _ROWS)
def test_nothing_that_stands_in_one_is_raised(kind: str, rows: list[str]) -> None:
    found = statement(kind, *rows)
    assert found.kind == kind
