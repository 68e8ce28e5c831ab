"""Segments, composites, elements and code lists of the toy directory, in the shapes of both times."""

import pytest

from transload.adapters.edi.guides.importing.uncefact.directory import build_directory
from transload.adapters.edi.guides.importing.uncefact.elements import read_codes, read_elements
from transload.adapters.edi.guides.importing.writing import Body


@pytest.fixture
def built(toy):
    def build(files, **kinds):
        faults = []
        parts = {kind: [toy.part(files[name], name)] for kind, name in kinds.items() if name in files}
        return build_directory(parts, faults), [fault.line() for fault in faults]

    return build


@pytest.fixture
def new(toy, built):
    def build(**changed):
        files = {**toy.new, **changed}
        return built(files, SD="EDSD.99Z", CD="EDCD.99Z", ED="EDED.99Z", CL="UNCL.99Z")

    return build


def test_segments_with_times_marks_and_titles_over_two_lines(new):
    directory, _ = new()
    assert directory.segments["BGM"] == Body(title="Beginning of message", parts=("C002 C", "1004 M", "1225 C"))
    assert directory.segments["QTY"] == Body(title="Quantity", parts=("C186 M r9",))


def test_dependency_notes_count_positions_from_one(new):
    directory, _ = new()
    assert directory.segments["PRI"] == Body(
        title="Price", parts=("5118 C", "5125 C", "5375 C r3"), conditions=("D5(02,01)", "D4(01,03)")
    )
    assert directory.composites["C186"].conditions == ("D2(01,02)",)


def test_cells_that_stand_one_after_the_other_leave_the_segment_open(new):
    directory, _ = new()
    assert directory.segments["TOY"].parts == ("7140 M x2", "7140 C", "C999 C", "...")
    assert directory.composites["C999"].parts == ("9424 C x99", "9424 C")


def test_service_segments_are_ours(new):
    directory, _ = new()
    assert directory.segments["UNS"] == Body(title="Section control", parts=("0081 M {D|S}",))
    assert directory.segments["UGH"].parts == directory.segments["UGT"].parts == ("0087 M",)


def test_the_element_directory_wins_and_a_difference_is_told_once(new):
    directory, faults = new()
    assert directory.elements["6060"] == "n..12 Quantity whose title goes on below"
    assert directory.elements["1225"] == "an..3 Function code of a message whose title is long and goes on"
    assert directory.elements["7140"] == "an..35 Toy"
    assert faults == [
        "EDCD.99Z line 20: remark R-IMPORT element 6060 is n..15 here and n..12 in the element directory, "
        "whose form was taken"
    ]


def test_codes_without_deleted_ones_and_open_lists(new):
    directory, _ = new()
    assert directory.codes == {"1001": ["1", "220", "222", "X"]}


def test_where_a_minus_sign_marks_for_deletion_the_code_stays(new, toy):
    directory, _ = new(**{"UNCL.99Z": toy.new["UNCL.99Z"].replace("for a deletion", "for marked for deletion")})
    assert directory.codes["1001"] == ["1", "220", "221", "222", "X"]


def test_the_first_shape(built, toy):
    directory, faults = built(toy.old, SD="TRSD.96A", CL="UNCL-1.96A")
    assert faults == []
    assert directory.segments["BGM"] == Body(title="Beginning of message", parts=("C002 C", "1004 M", "1225 C"))
    assert directory.composites["C002"] == Body(title="Message name", parts=("1001 C", "3055 C"))
    assert directory.elements["1225"] == "an..3 Function, coded"
    assert directory.codes == {"1001": ["1", "220", "X"], "6063": ["12"]}


def test_a_title_that_goes_on_behind_the_status(built, toy):
    text = toy.old["TRSD.96A"]
    directory, faults = built({"TRSD.96A": text}, SD="TRSD.96A")
    assert faults == []
    assert directory.elements["1001"] == "an..3 Name, coded, with a title that goes on behind the status"


def test_a_segment_directory_alone_is_enough(built, toy):
    alone, faults = built(toy.new, SD="EDSD.99Z")
    assert faults == []
    assert alone.composites["C002"] == Body(title="Message name", parts=("1001 C", "1131 C", "3055 C"))
    assert alone.elements["6060"] == "n..15 Quantity whose title goes on below"


@pytest.mark.parametrize(
    ("file", "old", "new_text", "expected"),
    [
        (
            "EDSD.99Z",
            "M    1 an..35\n\n030 X",
            "?    1 an..35\n\n030 X",
            "EDSD.99Z line 18: error E-IMPORT this line of a directory file is not understood "
            "(look at the file: the UN writes position, code, title, status and form in columns)",
        ),
        (
            "EDED.99Z",
            "Repr: an..35",
            "Repr: text",
            "EDED.99Z line 15: error E-IMPORT the form 'text' of element 1004 is not understood "
            "(the UN writes Repr: and a form such as an..35)",
        ),
        (
            "EDED.99Z",
            "Repr: n..15\n",
            "",
            "EDED.99Z line 40: error E-IMPORT element 5118 has no form (the UN writes Repr: and a form such as an..35)",
        ),
        (
            "UNCL.99Z",
            "     1     Order",
            "     1.5   Order",
            "UNCL.99Z line 13: error E-IMPORT this line of the code list of 1001 is not understood "
            "(look at the file: a code and its name stand in two columns)",
        ),
        (
            "EDSD.99Z",
            "D5(020,010)",
            "D5(020,090)",
            "EDSD.99Z line 25: error E-IMPORT the dependency note D5(020,090) names no such position "
            "(look at the file: it counts the segment's or composite's positions in tens)",
        ),
    ],
    ids=["row", "form", "no form", "code", "dependency"],
)
def test_what_is_not_understood_is_told_with_its_line(new, toy, file, old, new_text, expected):
    text = toy.new[file]
    assert old in text
    _, faults = new(**{file: text.replace(old, new_text, 1)})
    assert expected in faults


def test_a_composite_that_nobody_describes(built, toy):
    text = toy.old["TRSD.96A"].replace("      6063   Quantity qualifier                            M  an..3\n", "")
    text = text.replace("      6060   Quantity                                      M  n..15\n", "")
    directory, faults = built({"TRSD.96A": text}, SD="TRSD.96A")
    assert faults == [
        "TRSD.96A line 28: error E-IMPORT composite C186 is in no directory of the source "
        "(give the whole release: the zip, or the folder that it was unpacked to)"
    ]
    assert "QTY" not in directory.segments
    assert "BGM" in directory.segments


def test_a_segment_without_elements(built, toy):
    text = toy.old["TRSD.96A"].replace("010   7140  TOY                                            M  an..35\n", "")
    directory, faults = built({"TRSD.96A": text}, SD="TRSD.96A")
    assert "TOY" not in directory.segments
    assert faults[0].startswith("TRSD.96A line 34: error E-IMPORT this segment has no elements")


def test_one_code_list_in_two_files(toy):
    faults = []
    halves = toy.new["UNCL.99Z"].replace("X    222   Marked\n              Soon no more.\n", "")
    more = toy.new["UNCL.99Z"].replace("     1     Order", "     9     Another")
    parts = {"SD": [toy.part(toy.new["EDSD.99Z"], "EDSD.99Z")]}
    parts["CL"] = [toy.part(halves, "UNCL-1.99Z"), toy.part(more, "UNCL-2.99Z")]
    assert build_directory(parts, faults).codes["1001"] == ["1", "220", "X", "9", "222"]


@pytest.mark.parametrize("form", ["a3", "n..15", "an..35", "an ..35", "n3"])
def test_forms(toy, form):
    part = toy.part(f"{'-' * 40}\n     1000  Name\n\n     Repr: {form}\n")
    faults = []
    assert read_elements(part, faults)["1000"].form == form.replace(" ", "")
    assert faults == []
    assert read_codes(part, faults) == {}
