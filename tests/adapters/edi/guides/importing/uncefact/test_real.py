"""The UN's own directories D.96A and D.01B: all messages load, and the facts are those of other sources.

The other sources: the indexes that the UN packs beside each directory, our guides written by hand, and real messages.
"""

import re

import pytest

from transload.adapters.edi import EdifactFormat
from transload.adapters.edi.guides import find_guide
from transload.adapters.edi.guides.importing.uncefact.parts import read_parts
from transload.adapters.edi.guides.model import Composite
from transload.adapters.edi.options import EdifactOptions

SERVICE = {"UNS", "UGH", "UGT"}


@pytest.fixture(scope="session")
def indexes(real, shared):
    """The codes that the UN's indexes list, by the index's file."""
    found = {}
    for name in real.releases:
        for part in read_parts(shared / "samples" / "uncefact" / f"{name}.zip")[0]:
            if re.fullmatch(r"(?:TR|ED)(?:MD|SD|CD|ED)I1\.\d\d[AB]", part.file):
                lines = part.lines[part.lines.index(next(line for line in part.lines if "1.1" in line)) :]
                rows = [
                    row
                    for line in lines
                    if (row := re.fullmatch(r"([-+*#|XR]{0,3}) +([A-Z]{3}|[A-Z]{6}|C\d{3}|\d{4}) +\S.*", line))
                ]
                found[part.file] = {row[2] for row in rows}
    return found


def structure(entries):
    return [
        (e.name, e.status, e.most, structure(e.children)) if e.children else (e.name, e.status, e.most) for e in entries
    ]


def contents(parts):
    return [
        (part.element.code, part.status, part.repetitions, contents(part.element.parts))
        if isinstance(part.element, Composite)
        else (part.element.code, part.status, part.repetitions, str(part.element.form))
        for part in parts
    ]


@pytest.mark.parametrize(
    ("name", "version", "counts"),
    [
        (
            "d96a",
            "D.96A",
            {
                "messages": 125,
                "segments": 130,
                "composites": 161,
                "elements": 464,
                "code lists": 186,
                "codes": 5229,
            },
        ),
        (
            "d01b",
            "D.01B",
            {
                "messages": 194,
                "segments": 161,
                "composites": 199,
                "elements": 574,
                "code lists": 246,
                "codes": 9725,
            },
        ),
    ],
)
def test_nothing_is_lost_and_nothing_is_wrong(real, name, version, counts):
    found = real.releases[name]
    assert found.version == version
    assert found.counts == counts
    assert [finding.line() for finding in real.findings[name]] == (
        []
        if name == "d96a"
        else ["remark R-IMPORT 14 interactive messages (UIH) are left out: guides are made of batch messages (UNH)"]
    )


def test_all_messages_load_and_so_do_their_codes(real):
    for found in real.releases.values():
        for message in found.messages:
            guide = find_guide(
                "edifact", message.type, f"{message.version}:{message.release}:{message.agency}", [real.folder]
            )
            assert guide is not None
            assert guide.rules.tags == set(message.tags)
        assert guide is not None
        assert guide.rules.code_book is not None
        assert "380" in guide.rules.code_book.lists["1001"]


def test_the_uns_indexes_list_the_same(real, indexes):
    for name, kind, suffix in (("d96a", "TR", "96A"), ("d01b", "ED", "01B")):
        release = real.releases[name].release
        assert {message.message for message in release.messages} == indexes[f"{kind}MDI1.{suffix}"]
        assert set(release.directory.segments) - SERVICE == indexes[f"{kind}SDI1.{suffix}"]
        composites = indexes[f"{kind}CDI1.{suffix}"]
        assert set(release.directory.composites) <= composites
        assert set(release.directory.elements) - {"0081", "0087"} <= indexes[f"{kind}EDI1.{suffix}"]
        assert len(composites) - len(release.directory.composites) <= 1


@pytest.mark.parametrize("version", ["D:96A:UN", "D:01B:UN"])
@pytest.mark.parametrize("message", ["ORDERS", "ORDRSP", "DESADV", "INVOIC", "APERAK"])
def test_the_guides_written_by_hand_say_the_same(real, message, version):
    ours = find_guide("edifact", message, version)
    theirs = find_guide("edifact", message, version, [real.folder])
    assert ours.rules.file != theirs.rules.file
    assert structure(ours.structure) == structure(theirs.structure)
    assert set(ours.rules.tags) <= set(ours.rules.segments)
    for tag, rule in ours.rules.segments.items():
        assert contents(rule.parts) == contents(theirs.rules.segments[tag].parts), tag
        assert rule.open == theirs.rules.segments[tag].open, tag


def test_cells_of_arrays(real):
    for version in ("D:96A:UN", "D:01B:UN"):
        guide = find_guide("edifact", "GESMES", version, [real.folder])
        cells = guide.rules.segments["ARR"].parts[-1].element
        assert guide.rules.segments["ARR"].open
        assert cells.code == "C770"
        assert len(cells.parts) == 100


def test_deleted_codes_and_open_lists_are_left_out(real):
    lists = real.releases["d96a"].release.directory.codes
    assert list(lists["3405"])[:5] == ["1", "2", "3", "5", "6"]  # D.96A marks 4 with a minus sign, for a deletion
    assert "1153" in lists
    assert not {"1131", "4053", "7161", "8155"} & set(lists)  # their notes allow codes from elsewhere


SAMPLES = {
    # Fewer segments than the directory asks for: those who made these say of some that they are valid, and
    # mean their own rules, which begin and end with BGM and NAD.  D.96A and D.01B say M 1 of UNS in both messages, M of
    # DTM in ORDERS and of MOA (SG48, SG50) in INVOIC.
    ("edifactls__envelope-count-mismatch.edi", 1): ["E-MANDATORY 2 BGM: DTM", "E-MANDATORY 2 BGM: UNS"],
    ("edifactls__functional-group.edi", 1): ["E-MANDATORY 2 BGM: DTM", "E-MANDATORY 2 BGM: UNS"],
    ("edifactls__functional-group.edi", 2): ["E-MANDATORY 2 BGM: DTM", "E-MANDATORY 2 BGM: UNS"],
    ("edifactrs__tests_fixtures_d01b_invoic_conforming.edi", 1): ["E-MANDATORY 6 NAD: UNS", "E-MANDATORY 6 NAD: MOA"],
    ("edifactrs__tests_fixtures_d96a_invoic_conforming.edi", 1): ["E-MANDATORY 6 NAD: UNS", "E-MANDATORY 6 NAD: MOA"],
    ("edifactrs__tests_fixtures_d01b_orders_conforming.edi", 1): ["E-MANDATORY 6 NAD: UNS"],
    ("edifactrs__tests_fixtures_d96a_orders_conforming.edi", 1): ["E-MANDATORY 6 NAD: UNS"],
    # Malformed by their makers: BGM is not there.
    ("edifactrs__tests_fixtures_d01b_invoic_malformed.edi", 1): [
        "E-MANDATORY 1 UNH: BGM",
        "E-MANDATORY 3 NAD: UNS",
        "E-MANDATORY 3 NAD: MOA",
    ],
    ("edifactrs__tests_fixtures_d96a_invoic_malformed.edi", 1): [
        "E-MANDATORY 1 UNH: BGM",
        "E-MANDATORY 3 NAD: UNS",
        "E-MANDATORY 3 NAD: MOA",
    ],
    ("edifactrs__tests_fixtures_d01b_orders_malformed.edi", 1): ["E-MANDATORY 1 UNH: BGM", "E-MANDATORY 3 NAD: UNS"],
    ("edifactrs__tests_fixtures_d96a_orders_malformed.edi", 1): ["E-MANDATORY 1 UNH: BGM", "E-MANDATORY 3 NAD: UNS"],
    # Whole messages, as applications wrote them.
    ("edinet__indice.Edi.Tests_Samples_Apperak_edi_out_issue235.edi", 1): [],
    ("edinet__indice.Edi.Tests_Samples_edifact.Issue196.edi", 1): [],
    ("pydifact__messages_v3_aperak.edi", 1): [],
    ("pydifact__messages_v3_aperak_rejected.edi", 1): [],
    ("pydifact__messages_v4_aperak.edi", 1): [],
    ("pydifact__messages_v4_aperak_rejected.edi", 1): [],
    ("pydifact__tests_data_order.edi", 1): [],
    ("pydifact__tests_data_order2.edi", 1): [],
    ("pydifact__tests_data_wikipedia_de.edi", 1): [],
    ("smooksex__5f3a28_test_resources_expected.txt", 1): [],
    # EDIEL2: codes of the Nordic power market (SM for Svenska Kraftnät, Z13), which the UN's D.96A does not have.
    **{
        (f"edinet__indice.Edi.Tests_Samples_edifact.01{name}.edi", number): [
            "W-CODE 9 LOC 2.3: SM",
            *(
                fault
                for line in (11, 17, 23)
                for fault in (f"W-CODE {line} LIN 3.4: SM", f"W-CODE {line + 1} DTM 1.3: Z13")
            ),
            "W-CODE 30 CNT 1.1: ZZZ",
        ]
        for name, number in (("", 1), (".multi-message", 1), (".multi-message", 2))
    },
    # An SSCC of 18 digits stands where C202 has 7065 an..17; UCO is the association's (EAN003).
    ("edinet__indice.Edi.Tests_Samples_edifact.D01B.IFCSUM.EDI", 1): [
        "E-LENGTH 19 GID 2.2: 350114081527920321",
        "W-CODE 22 MEA 2.1: UCO",
        "E-LENGTH 23 GID 2.2: 350114081527920321",
        "W-CODE 26 MEA 2.1: UCO",
    ],
    # Each message is UNH, DTM, UNT.
    ("edinet__indice.Edi.Tests_Samples_edifact.Issue188.edi", 1): ["E-MANDATORY 1 UNH: BGM", "E-MANDATORY 2 DTM: NAD"],
    ("edinet__indice.Edi.Tests_Samples_edifact.Issue188.edi", 2): [
        "E-MANDATORY 1 UNH: BGM",
        "E-MANDATORY 2 DTM: UNS",
        "E-MANDATORY 2 DTM: MOA",
    ],
    ("edinet__indice.Edi.Tests_Samples_edifact.Issue188.edi", 3): ["E-MANDATORY 1 UNH: BGM", "E-MANDATORY 2 DTM: NAD"],
    ("edinet__indice.Edi.Tests_Samples_edifact.Issue188.edi", 4): [
        "E-MANDATORY 1 UNH: BGM",
        "E-MANDATORY 2 DTM: UNS",
        "E-MANDATORY 2 DTM: MOA",
    ],
    # A test's message: no BGM, TEST as an amount, PL, X29, 33E and PP where D.01B has no such code.
    ("edinet__indice.Edi.Tests_Samples_edifact.Issue203.edi", 1): [
        "E-MANDATORY 1 UNH: BGM",
        "W-CODE 13 COM 1.2: PL",
        "E-FORMAT 65 MOA 1.2: TEST",
        "W-CODE 67 APR 3.1: X29",
        "W-CODE 73 PCI 1: 33E",
        "W-CODE 101 ALC 1: PP",
    ],
    # EAN007: YC1 is EAN's; AVQ came with a later release; 3036 is an..35.
    ("smooks__resources_recadv_recadv.txt", 1): [
        "W-CODE 8 RFF 1.1: YC1",
        "W-CODE 10 RFF 1.1: YC1",
        "E-LENGTH 12 NAD 4.1: CSP test d'This is also a test section",
        "W-CODE 13 RFF 1.1: YC1",
        "R-TRAILING 15 LIN: ",
        "W-CODE 22 RFF 1.1: AVQ",
    ],
    # FTX+GEN+DUY:1B:28: 4453 is a simple element; 31B is no agency.
    ("smooksex__camel_camel-unedifact-to-xml_input-message.txt", 1): [
        "E-ELEMENT 5 FTX 2: DUY:1B:28",
        "W-CODE 6 NAD 2.3: 31B",
    ],
}
TOO_LONG = "pydifact__tests_data_huge_file2.edi"


def told(finding):
    """Code, segment, element and component of a finding, and its value or the tag that is missing."""
    place = finding.place
    where = f"{place.segment} {place.tag}"
    if place.element:
        where += f" {place.element}" + (f".{place.component}" if place.component else "")
    missing = re.search(r"the mandatory segment ([A-Z]{3})", finding.message)
    return f"{finding.code} {where}: {missing[1] if missing else finding.value or ''}"


def messages(shared):
    """The messages of D.96A and D.01B among the samples, with their files and numbers."""
    reader = EdifactFormat(EdifactOptions())
    for path in sorted((shared / "samples" / "edifact").iterdir()):
        content = path.read_bytes()
        if not re.search(rb"UNH\+[^+]*\+[A-Z]{6}:D:(?:96A|01B):", content):
            continue
        if b"UNB+" not in content:  # a message without its envelope
            content = b"UNB+UNOC:3+A+B+200101:0000+1'" + content + b"UNZ+1+1'"
        for number, message in enumerate(reader.read(content, file=path.name), start=1):
            if re.match("D:(?:96A|01B):", message.version):
                yield path.name, number, message


def test_real_messages_are_accepted_and_their_faults_placed(real, shared):
    found = {}
    for file, number, message in messages(shared):
        guide = find_guide("edifact", message.kind, message.version, [real.folder])
        assert guide is not None, (file, message.kind, message.version)
        if file != TOO_LONG:
            found[file, number] = [told(finding) for finding in guide.validate(message.body)]
    assert found == SAMPLES


def test_a_hundred_thousand_segments_without_end_are_told_of_in_measure(real, shared):
    [(_, _, message)] = [row for row in messages(shared) if row[0] == TOO_LONG]
    guide = find_guide("edifact", message.kind, message.version, [real.folder])
    findings = guide.validate(message.body)
    assert {finding.code for finding in findings} == {"E-ORDER", "E-MORE"}  # one message after the other in one UNH
    assert told(findings[0]) == "E-ORDER 15 BGM: "
    assert len(findings) == 1001
