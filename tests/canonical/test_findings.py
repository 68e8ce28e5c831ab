from dataclasses import replace

from transload.canonical.errors import Reject, Retry, TransloadError
from transload.canonical.findings import Finding, Severity, errors_of, folded
from transload.canonical.places import MappingPlace, Place

CODE = Finding(
    code="E-CODE",
    message="code 'STK' is not in table 'uom'",
    hint="add it to codes: uom:",
    value="STK",
    place=Place(file="orders.edi", line=42, byte=1046, message=1, segment=39, tag="QTY", element=1, component=3),
    mapping=MappingPlace(file="orders-d96a.yaml", line=40, column=42, place="QTY 6411"),
    field="lines[3].uom",
    ack={"0085": "12"},
)


def test_text_of_a_finding_says_what_where_and_what_to_do() -> None:
    assert str(CODE) == (
        "error E-CODE code 'STK' is not in table 'uom'\n"
        "    value    'STK'\n"
        "    source   orders.edi line 42 byte 1046, message 1, segment 39 QTY, element 1, component 3\n"
        "    mapping  orders-d96a.yaml:40:42 (QTY 6411)\n"
        "    field    lines[3].uom\n"
        "    hint     add it to codes: uom:"
    )


def test_one_line_of_a_finding_is_like_a_compilers() -> None:
    assert (
        CODE.line() == "orders-d96a.yaml:40:42: error E-CODE code 'STK' is not in table 'uom' (add it to codes: uom:)"
    )
    assert Finding(code="E-X", message="it broke").line() == "error E-X it broke"


def test_json_of_a_finding_leaves_out_what_is_absent() -> None:
    assert Finding(code="W-SUM", severity=Severity.WARNING, message="differs").as_dict() == {
        "code": "W-SUM",
        "severity": "warning",
        "message": "differs",
    }
    assert CODE.as_dict()["ack"] == {"0085": "12"}
    assert CODE.as_dict()["mapping"] == {"file": "orders-d96a.yaml", "line": 40, "column": 42, "place": "QTY 6411"}


def test_only_errors_count_as_errors() -> None:
    remark = Finding(code="R", severity=Severity.REMARK, message="m")
    assert errors_of([remark, CODE]) == [CODE]


def test_a_finding_within_an_outer_place_keeps_its_own() -> None:
    bare = Finding(code="E-X", message="m")
    assert bare.within(Place(file="f")).place == Place(file="f")
    assert bare.within(None) is bare
    within = CODE.within(Place(file="other", interchange=7)).place
    assert within is not None
    assert (within.file, within.interchange) == ("orders.edi", 7)


def test_an_error_always_has_a_finding() -> None:
    error = Retry("the server is busy", wait=30, hint="nothing to do")
    assert error.findings == (Finding(code="E-RETRY", message="the server is busy", hint="nothing to do"),)
    assert error.wait == 30
    assert Reject("no", findings=[CODE]).findings == (CODE,)
    assert isinstance(error, TransloadError)


def test_an_error_learns_where_its_cause_is_configured_and_forgets_nothing() -> None:
    at = MappingPlace(file="partner.yaml", line=9, column=3)
    error = Reject("no", findings=[CODE, Finding(code="E-X", message="m")])
    assert error.at(at) is error
    assert [finding.mapping for finding in error.findings] == [CODE.mapping, at]


def test_warnings_that_differ_in_their_places_alone_are_one_and_errors_are_not() -> None:
    at = MappingPlace(file="orders.yaml", line=9, column=3)
    aside = Finding(code="E-UNMAPPED", severity=Severity.WARNING, message="RFF LI is left aside", mapping=at)
    several = [replace(aside, place=Place(segment=number)) for number in (33, 40, 53)]
    other = replace(aside, message="FTX ZZZ is left aside")
    found = folded([several[0], CODE, other, several[1], CODE, several[2]])
    assert found == [replace(several[0], times=3), CODE, other, CODE]
    assert found[0].as_dict()["times"] == 3
    assert "times" not in CODE.as_dict()
    assert found[0].line() == "orders.yaml:9:3: warning E-UNMAPPED RFF LI is left aside, 3 times"
    assert "    times    3" in str(found[0]).splitlines()
    assert folded(found) == found
    assert folded([found[0], several[1]]) == [replace(several[0], times=4)]
