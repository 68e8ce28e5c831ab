"""All samples, read by pydifact and pyx12 too: the same messages with the same references, or a reason why not."""

import io

import pytest

from transload.adapters.edi.reading.messages import Checking, EdiReading
from transload.adapters.edi.reading.scan import scan

pytestmark = pytest.mark.filterwarnings("ignore")  # pydifact warns for each segment that its wheel holds no directories

PYDIFACT_REFUSES = {
    "UNH segment was not closed": "a group (UNG, UNE), which it does not know, or a message that lacks its UNT",
    "Syntax identifier malformed": "a message without UNB, or a syntax identifier that is none",
    "string index out of range": "an empty composite at the end of a header",
    "A tag name must only contain": "a byte order mark, a blank or a tabulator before a tag, or no EDIFACT at all",
    "Unexpected end of EDI messages": "a file without terminators, or one whose end is cut",
    "An interchange must start with UNB": "a line end inside of UNB",
    "must be an uppercase 3-letter string": "a tag of four letters",
}
"""Why pydifact raises, by what it says."""
PYX12_REFUSES = {
    "First line does not begin with 'ISA'": "a byte order mark",
    "ISA Interchange Control Version Number is unknown": "a version that it does not list, or an ISA of another length",
}
DIFFERENT = {
    "edinet__indice.Edi.Tests_Samples_x12.850.issue135.edi": (
        [("850", "0001~"), ("850", "0001~")],
        [("850", "0001"), ("850", "0001")],
        "its ISA16 announces ~ as the component separator, and each segment ends with ~ before the line end that is "
        "the terminator: ST02 has an empty second component, which pyx12 drops and we keep and report (E-NUMBER)",
    ),
}


def ours(path, standard):
    reading = EdiReading(scan(path.read_bytes()), standard, Checking(guided=False))
    return [(message.kind, message.reference) for message in reading if message.kind != "TA1"]


def pydifacts(text):
    from pydifact.segmentcollection import Interchange

    return [(message.type, message.reference_number) for message in Interchange.from_str(text).get_messages()]


def pyx12s(text):
    from pyx12.x12file import X12Reader

    return [(s.get_value("ST01"), s.get_value("ST02")) for s in X12Reader(io.StringIO(text)) if s.get_seg_id() == "ST"]


@pytest.mark.parametrize(
    ("standard", "peer", "refuses", "least"),
    [("edifact", pydifacts, PYDIFACT_REFUSES, 62), ("x12", pyx12s, PYX12_REFUSES, 88)],
)
def test_messages_and_references_agree(shared, standard, peer, refuses, least):
    read = 0
    for path in sorted((shared / "samples" / standard).iterdir()):
        said = None
        try:
            theirs = peer(path.read_bytes().decode("latin-1"))
        except Exception as error:  # noqa: BLE001 - whatever a peer raises says that it does not read the file
            said = str(error)
        if said is not None:
            assert any(reason in said for reason in refuses), (path.name, said)
            continue
        read += 1
        if path.name in DIFFERENT:
            expected = DIFFERENT[path.name]
            assert (ours(path, standard), theirs) == expected[:2], path.name
        else:
            assert ours(path, standard) == theirs, path.name
    assert read >= least
