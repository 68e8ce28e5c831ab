"""Segment tables: nested groups however they are drawn, and what is said of a table that cannot be read."""

import pytest

from transload.adapters.edi.guides.importing.uncefact.messages import names_of, read_message

EXPECTED = [
    "BGM M 1",
    "QTY C 35",
    ("SG1 M 200000", ["TOY M 1", "QTY C 99", ("SG2 C 5", ["PRI M 1", "QTY C 1"])]),
    "UNS M 1",
    ("SG3 C 9", ["QTY M 1"]),
]


def tree(entries):
    return [
        (f"{e.name} {e.status} {e.most}", tree(e.children)) if e.children else f"{e.name} {e.status} {e.most}"
        for e in entries
    ]


def read(part):
    faults = []
    return read_message(part, faults), [fault.line() for fault in faults]


def test_groups_marks_and_titles_over_two_lines(toy):
    message, faults = read(toy.part(toy.new["TOYORD_D.99Z"]))
    assert faults == []
    assert tree(message.entries) == EXPECTED
    assert (message.type, message.version, message.release, message.agency) == ("TOYORD", "D", "99Z", "UN")
    assert message.title == "Toy order message"
    assert message.groups == 3
    assert list(message.tags) == ["BGM", "QTY", "TOY", "PRI", "UNS"]


def test_positions_of_four_digits_or_none(toy):
    lines = toy.new["TOYORD_D.99Z"].split("\n")
    four = "\n".join(line[1:] if line.startswith("00") else line for line in lines)
    assert tree(read(toy.part(four))[0].entries) == EXPECTED
    none = "\n".join(" " * 8 + line[8:] if line.startswith("00") and "," not in line else line for line in lines)
    assert tree(read(toy.part(none))[0].entries) == EXPECTED


def test_lower_case_and_ascii_lines(toy):
    text = toy.new["TOYORD_D.99Z"].replace("Segment group", "Segment Group").translate(str.maketrans("─│┐┘┴", "-|+++"))
    assert tree(read(toy.part(text))[0].entries) == EXPECTED


def test_a_file_name_says_what_the_head_does_not(toy):
    text = toy.new["TOYORD_D.99Z"].replace("Message Type :", "").replace("Release      :", "")
    assert names_of(toy.part(text)) == {
        "type": "TOYORD",
        "version": "D",
        "release": "99Z",
        "agency": "UN",
        "header": "UNH",
    }
    assert names_of(toy.part(text, "somewhere/orders.txt")) is None


def test_a_table_without_a_header_is_no_message(toy):
    assert (
        names_of(toy.part(toy.new["TOYORD_D.99Z"].replace("UNH Message header                           M", "")))
        is None
    )
    assert names_of(toy.part(toy.new["EDSD.99Z"])) is None


def test_an_old_message_names_its_own_version(toy):
    text = toy.new["TOYORD_D.99Z"].replace(": D\n", ": 1\n").replace(": 99Z", ": 911")
    message, _ = read(toy.part(text))
    assert (message.version, message.release) == ("1", "911")


def test_a_broken_drawing_is_mended_by_the_list_of_groups(toy):
    text = toy.new["TOYORD_D.99Z"].replace("1───────────────┴┘", "1───────────────┘│")
    message, faults = read(toy.part(text))
    assert tree(message.entries) == EXPECTED
    assert faults == [
        "toy.zip/TOYORD_D.99Z line 41: warning W-IMPORT the drawing of the segment groups does not add up; "
        "the list of groups in the message's text was taken instead"
    ]


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("C   5───────────────┐│", "C   5───────────────┐", 36),
        ("M   1                │", "M   1", 32),
        ("M   1────────────────┘", "M   1────────────────", 43),
    ],
    ids=["a group within a group", "a segment outside", "never closed"],
)
def test_a_broken_drawing_without_a_list_is_a_fault_at_its_line(toy, old, new, line):
    text = toy.new["TOYORD_D.99Z"].replace("Segment group 2:", "Group two:").replace("Segment group 3:", "Group three:")
    text = text.replace("Segment group 1:", "Group one:")
    assert old in text
    message, faults = read(toy.part(text.replace(old, new, 1)))
    assert message is None
    assert faults == [
        f"toy.zip/TOYORD_D.99Z line {line}: error E-IMPORT the drawing of the segment groups does not add up "
        "(mend the lines of the groups in the file, and import it again)"
    ]


def test_where_text_and_table_differ_the_table_counts(toy):
    message, faults = read(toy.part(toy.new["TOYORD_D.99Z"].replace("group 3:  QTY", "group 3:  QTY-PRI")))
    assert tree(message.entries) == EXPECTED
    assert faults == [
        "toy.zip/TOYORD_D.99Z line 42: remark R-IMPORT the table gives SG3 the members QTY, the text QTY-PRI; "
        "the table was taken"
    ]


def test_what_opens_a_group_stands_once(toy):
    message, faults = read(
        toy.part(
            toy.new["TOYORD_D.99Z"].replace(
                "TOY Toy                                      M   1",
                "TOY Toy                                      M   7",
            )
        )
    )
    assert tree(message.entries) == EXPECTED
    assert faults == [
        "toy.zip/TOYORD_D.99Z line 32: warning W-IMPORT TOY opens SG1 and may stand 7 times there; once is taken"
    ]


def test_a_group_that_begins_with_a_group(toy):
    lines = [
        line
        for line in toy.new["TOYORD_D.99Z"].split("\n")
        if " TOY Toy" not in line and "X QTY" not in line and "goes on below" not in line
    ]
    message, faults = read(toy.part("\n".join(lines)))
    assert message is None
    assert faults[0].endswith(
        "error E-IMPORT SG1 begins with SG2, a group (look at the file: a group begins with the segment that opens it)"
    )


def test_a_table_that_is_cut_off(toy):
    text = toy.new["TOYORD_D.99Z"].partition("00130")[0]
    message, faults = read(toy.part(text))
    assert message is None
    assert faults == [
        "toy.zip/TOYORD_D.99Z: error E-IMPORT the segment table does not end with UNT "
        "(the file may be cut off: get it again)"
    ]


def test_a_row_without_status(toy):
    text = toy.new["TOYORD_D.99Z"].replace("QTY Quantity                                 C   35\n", "QTY Quantity\n")
    message, faults = read(toy.part(text))
    assert message is None
    assert faults == [
        "toy.zip/TOYORD_D.99Z line 29: error E-IMPORT this line of the segment table is not understood "
        "(look at the file: the UN writes position, tag, title, status and number of times in columns)"
    ]


def test_groups_without_end_are_refused_not_followed(toy):
    rows = "\n".join(f"0{n:04}  ---- Segment group {n} ---- C   1---+{'|' * (n - 1)}" for n in range(1, 900))
    text = (
        toy.new["TOYORD_D.99Z"].replace("            HEADER SECTION", "").replace("00030   QTY", f"{rows}\n00030   QTY")
    )
    listed = "\n".join(f"Segment group {n}: SG{n + 1}" for n in range(1, 900))
    message, faults = read(toy.part(f"{listed}\n{text}"))
    assert message is None
    assert len(faults) == 1
