"""Schemas in the shapes that are about, and the guides that are made of them."""

from datetime import date
from pathlib import Path

import pytest

from transload.adapters.edi.guides import Guide, find_guide
from transload.adapters.edi.guides.importing.writing import write_release
from transload.adapters.edi.guides.importing.xsd import import_schema
from transload.canonical.findings import Finding

HEAD = (
    '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:b="http://schemas.microsoft.com/BizTalk/2003" %s>\n'
)


def schema(folder: Path, name: str, body: str, attributes: str = "") -> Path:
    path = folder / name
    path.write_text(HEAD % attributes + body.strip() + "\n</xs:schema>\n", encoding="utf-8")
    return path


def complex_element(name: str, inner: str, attributes: str = "", about: str = "") -> str:
    info = f"<xs:annotation><xs:appinfo>{about}</xs:appinfo></xs:annotation>" if about else ""
    return (
        f'<xs:element name="{name}" {attributes}>{info}<xs:complexType><xs:sequence>\n{inner}\n'
        "</xs:sequence></xs:complexType></xs:element>\n"
    )


def simple_element(name: str, type_: str, attributes: str = "") -> str:
    return f'<xs:element name="{name}" type="{type_}" {attributes}/>\n'


def coded(name: str, *codes: str) -> str:
    listed = "".join(f'<xs:enumeration value="{code}"/>' for code in codes)
    return f'<xs:simpleType name="{name}"><xs:restriction base="xs:string">{listed}</xs:restriction></xs:simpleType>\n'


def sized(name: str, base: str, least: int, most: int) -> str:
    return (
        f'<xs:simpleType name="{name}"><xs:restriction base="{base}">'
        f'<xs:minLength value="{least}"/><xs:maxLength value="{most}"/></xs:restriction></xs:simpleType>\n'
    )


OPTIONAL = 'minOccurs="0"'
PURCHASE = (
    complex_element(
        "X12_00401_850",
        complex_element("ST", simple_element("ST01", "xs:string"))
        + '<xs:element ref="BEG"/>\n'
        + complex_element(
            "PER",
            simple_element("PER01", "X12_ID_366")
            + simple_element("PER02", "X12_AN_93", OPTIONAL)
            + simple_element("PER03", "X12_ID_365", OPTIONAL)
            + simple_element("PER04", "X12_AN_364", OPTIONAL),
            'minOccurs="0" maxOccurs="3"',
            '<b:recordInfo notes="Contact"/>'
            '<b:Rule subjects="X12ConditionDesignatorX_Paired"><b:Subject name="PER03"/>'
            '<b:Subject name="PER04"/></b:Rule>'
            '<b:Rule subjects="X12ConditionDesignatorX_ListConditional"><b:Subject name="PER02"/>'
            '<b:Subject name="PER03"/></b:Rule>'
            '<b:Rule subjects="X12ConditionDesignatorX_Strange"><b:Subject name="PER03"/></b:Rule>',
        )
        + complex_element(
            "N1Loop1",
            complex_element("N1", simple_element("N101", "X12_ID_98") + simple_element("N102", "X12_AN_93", OPTIONAL))
            + complex_element(
                "REF",
                simple_element("REF01", "X12_ID_128")
                + complex_element(
                    "REF04", simple_element("C04001", "X12_ID_128") + simple_element("C04002", "X12_AN_127"), OPTIONAL
                ),
                'minOccurs="0" maxOccurs="unbounded"',
            ),
            'minOccurs="0" maxOccurs="200"',
        )
        + complex_element("SE", simple_element("SE01", "xs:string")),
    )
    + complex_element(
        "BEG",
        simple_element("BEG01", "X12_ID_353")
        + simple_element("BEG02", "X12_AN_92", 'minOccurs="0" maxOccurs="0"')
        + simple_element("BEG03", "NUMBER"),
    )
    + '<xs:simpleType name="X12_AN"><xs:restriction base="xs:string"/></xs:simpleType>\n'
    + coded("X12_ID_353", "00", "05")
    + coded("X12_ID_366", "BD")
    + coded("X12_ID_365", "TE", "EM")
    + coded("X12_ID_98", "BY", "ST")
    + coded("X12_ID_128", "VX")
    + sized("X12_AN_93", "X12_AN", 1, 60)
    + sized("X12_AN_364", "X12_AN", 1, 80)
    + sized("X12_AN_127", "X12_AN", 1, 30)
    + sized("X12_AN_92", "X12_AN", 2, 2)
    + sized("NUMBER", "X12_AN", 1, 22)
)


def imported(path: Path, into: Path, **named: str) -> tuple[list[Guide], list[str]]:
    made, findings = import_schema(path, **named)
    guides = []
    for one in made:
        write_release(one.release, into, day=date(2026, 1, 5))
        guide = find_guide(one.standard, one.message.message, one.message.version, (into,))
        assert guide is not None
        guides.append(guide)
    return guides, [finding.line() for finding in findings]


def structure(guide: Guide) -> list[str]:
    found: list[str] = []

    def walk(entries: object, indent: str) -> None:
        for entry in entries:  # type: ignore[attr-defined]
            which = f"({','.join(map(str, entry.selectors))})" if entry.selectors else ""
            found.append(f"{indent}{entry.rule}{which} {entry.status} {entry.most}")
            walk(entry.children, indent + "  ")

    walk(guide.structure, "")
    return found


def parts(guide: Guide, tag: str) -> list[str]:
    return [
        f"{part.element.code} {part.status}{f' r{part.repetitions}' if part.repetitions > 1 else ''}"
        for part in guide.rules.segments[tag].parts
    ]


def test_biztalks_schema_of_a_purchase_order(tmp_path: Path) -> None:
    path = schema(tmp_path, "X12_00401_850.xsd", PURCHASE)
    (guide,), findings = imported(path, tmp_path / "guides")
    assert (guide.standard, guide.message, guide.version) == ("x12", "850", "004010")
    assert structure(guide) == [
        "BEG M 1",
        "PER O 3",
        "N1Loop1 O 200",
        "  N1 M 1",
        "  REF O 0",
    ]
    assert parts(guide, "BEG") == ["353 M", "92 N", "Z1 M"]
    assert parts(guide, "REF") == ["128 M", "Z0 N", "Z0 N", "C040 O"]
    per = guide.rules.segments["PER"]
    assert (per.title, [str(condition) for condition in per.conditions]) == ("contact", ["P0304", "L0203"])
    assert str(guide.rules.elements["364"].form) == "AN 1/80"
    assert tuple(guide.rules.elements["98"].codes) == ("BY", "ST")
    assert [line.partition(": ")[2] for line in findings] == [
        "remark R-IMPORT the rule 'X12ConditionDesignatorX_Strange PER03' of PER is not understood; it is left out",
        "remark R-IMPORT element 02 of REF is not in the schema; the guide does not use it",
        "remark R-IMPORT element 03 of REF is not in the schema; the guide does not use it",
        "remark R-IMPORT 1 elements have no number of a data element, the first is BEG03 in BEG; "
        "they are called Z1 to Z1",
    ]


def noted(name: str, type_: str, notes: str, attributes: str = "") -> str:
    return (
        f'<xs:element name="{name}" type="{type_}" {attributes}><xs:annotation><xs:appinfo>'
        f'<b:fieldInfo notes="{notes}"/></xs:appinfo></xs:annotation></xs:element>\n'
    )


def reference(name: str, about: str, attributes: str = "") -> str:
    return (
        f'<xs:element ref="{name}" {attributes}><xs:annotation><xs:appinfo>{about}</xs:appinfo></xs:annotation>'
        "</xs:element>\n"
    )


def test_biztalks_references_say_more_than_what_they_refer_to(tmp_path: Path) -> None:
    """So are the schemas of its samples: N1_2 is a second N1, and notes hold the numbers of data elements."""
    conditional = (
        '<b:Rule subjects="X12ConditionDesignatorX_Conditional" qualifier="DTM03"><b:Subject name="DTM02"/></b:Rule>'
    )
    paired = (
        '<b:Rule subjects="X12ConditionDesignatorX_Paired"><b:Subject name="C04001"/>'
        '<b:Subject name="C04002"/></b:Rule>'
    )
    body = (
        complex_element(
            "X12_00401_864",
            reference("DTM", f'<b:recordInfo tag_name="DTM" notes="When">{conditional}</b:recordInfo>')
            + reference("N1Loop1", '<b:recordInfo notes="Loop for name"/>', 'minOccurs="0" maxOccurs="200"')
            + reference("MITLoop1", "<b:recordInfo/>", 'maxOccurs="unbounded"'),
        )
        + complex_element(
            "DTM",
            noted("DTM01", "X12_AN", "Qualifier_374")
            + noted("DTM02", "X12_AN", "Date_373", OPTIONAL)
            + noted("DTM03", "X12_AN", "Time_337", OPTIONAL),
            "",
            f'<b:recordInfo tag_name="DTM" notes="When">{conditional}</b:recordInfo>',
        )
        + complex_element("N1Loop1", reference("N1", '<b:recordInfo tag_name="N1" notes="Name"/>'))
        + complex_element("N1", noted("N101", "X12_AN", "Who_98"))
        + complex_element("MITLoop1", reference("MIT", '<b:recordInfo tag_name="MIT"/>') + reference("N1Loop2", ""))
        + complex_element(
            "MIT",
            noted("MIT01", "X12_AN", "Reference_127")
            + reference("C040", (f'<b:recordInfo sequence_number="3" notes="Which">{paired}</b:recordInfo>'), OPTIONAL),
        )
        + complex_element("N1Loop2", reference("N1_2", '<b:recordInfo tag_name="N1_2" notes="Name"/>'))
        + complex_element("N1_2", noted("N101", "X12_AN", "Who_98"))
        + complex_element("C040", noted("C04001", "X12_AN", "Kind_128") + noted("C04002", "X12_AN", "Reference_127"))
        + sized("X12_AN", "xs:string", 1, 30)
    )
    (guide,), findings = imported(schema(tmp_path, "864.xsd", body), tmp_path / "guides")
    assert structure(guide) == [
        "DTM M 1",
        "N1Loop1 O 200",
        "  N1 M 1",
        "MITLoop1 M 0",
        "  MIT M 1",
        "  N1Loop2 M 1",
        "    N1 M 1",
    ]
    assert parts(guide, "DTM") == ["374 M", "373 X", "337 O"]
    assert parts(guide, "MIT") == ["127 M", "Z0 N", "C040 O"]
    dtm = guide.rules.segments["DTM"]
    assert (dtm.title, [str(condition) for condition in dtm.conditions]) == ("when", ["C0302"])
    assert [str(condition) for condition in guide.rules.composites["C040"].conditions] == ["P0102"]
    assert guide.rules.elements["374"].title == "qualifier"
    assert [line.partition("R-IMPORT ")[2] for line in findings] == [
        "element 02 of MIT is not in the schema; the guide does not use it"
    ]


def test_trigger_fields_tell_loops_of_one_tag_apart(tmp_path: Path) -> None:
    def party(loop: str, words: str, code: str) -> str:
        first = f"N101_{words}"
        return complex_element(
            f"TS835W1_{loop}_Loop",
            complex_element(f"N1_{words}_TS835W1_{loop}", simple_element(first, "X12_AN_98")),
            "",
            f'<b:recordInfo trigger_field="N1_{words}_TS835W1_{loop}/{first}" trigger_value="{code}" notes="{words}"/>',
        )

    body = complex_element(
        "X12_00501_835",
        complex_element("BPR", simple_element("BPR01", "X12_AN_98"))
        + complex_element("N1_SubLoop", party("1000A", "Payer", "PR") + party("1000B", "Payee", "PE")),
    ) + sized("X12_AN_98", "xs:string", 2, 3)
    (guide,), findings = imported(schema(tmp_path, "any.xsd", body), tmp_path / "guides")
    assert findings == []
    assert structure(guide) == [
        "BPR M 1",
        "1000A M 1",
        "  N1.1000A(01=PR) M 1",
        "1000B M 1",
        "  N1.1000B(01=PE) M 1",
    ]


ORDERS = (
    '<xs:include schemaLocation="segments.xsd"/>\n'
    + '<xs:import namespace="urn:service" schemaLocation="../service.xsd"/>\n'
    + '<xs:element name="Interchange"><xs:complexType><xs:sequence><xs:element ref="ORDERS"/></xs:sequence>'
    + "</xs:complexType></xs:element>\n"
    + '<xs:element name="ORDERS" type="ORDERS"/>\n<xs:complexType name="ORDERS"><xs:sequence>\n'
    + '<xs:element dfdl:initiator="BGM" name="BGM" type="BGM-BeginningOfMessage"/>\n'
    + '<xs:element dfdl:initiator="DTM" name="DTM" type="DTM-DateTimePeriod" maxOccurs="35"/>\n'
    + complex_element(
        "SegGrp-2",
        '<xs:element dfdl:initiator="NAD" name="NAD" type="NAD-NameAndAddress"/>\n',
        'minOccurs="0" maxOccurs="99"',
    )
    + "</xs:sequence></xs:complexType>\n"
)
SEGMENTS = (
    '<xs:complexType name="BGM-BeginningOfMessage"><xs:sequence>'
    + simple_element("E1004", "E1004-DocumentNumber")
    + "</xs:sequence></xs:complexType>\n"
    + '<xs:complexType name="DTM-DateTimePeriod"><xs:sequence>'
    + simple_element("C507", "C507-DateTimePeriod")
    + "</xs:sequence></xs:complexType>\n"
    + '<xs:complexType name="C507-DateTimePeriod"><xs:sequence>'
    + simple_element("E2005", "E2005-Qualifier")
    + simple_element("E2380", "E2380-Value", OPTIONAL)
    + "</xs:sequence></xs:complexType>\n"
    + '<xs:complexType name="NAD-NameAndAddress"><xs:sequence>'
    + simple_element("E3035", "E3035-PartyQualifier")
    + '<xs:sequence><xs:element name="E3036" type="E3036-PartyName" minOccurs="0" maxOccurs="5"/></xs:sequence>'
    + "</xs:sequence></xs:complexType>\n"
    + sized("E1004-DocumentNumber", "xs:string", 1, 35)
    + sized("E2005-Qualifier", "xs:string", 1, 3)
    + sized("E2380-Value", "xs:string", 1, 35)
    + sized("E3035-PartyQualifier", "xs:string", 3, 3)
    + sized("E3036-PartyName", "xs:string", 2, 35)
)


def test_a_dfdl_schema_of_orders_in_two_files(tmp_path: Path) -> None:
    dfdl = 'xmlns:dfdl="http://www.ogf.org/dfdl/dfdl-1.0/"'
    schema(tmp_path, "segments.xsd", SEGMENTS)
    path = schema(tmp_path, "messages-D.03B.xsd", ORDERS, dfdl)
    (guide,), findings = imported(path, tmp_path / "guides")
    assert (guide.standard, guide.message, guide.version) == ("edifact", "ORDERS", "D:03B:UN")
    assert structure(guide) == ["BGM M 1", "DTM M 35", "SG2 C 99", "  NAD M 1"]
    assert parts(guide, "NAD") == ["3035 M", "3036 C", "3036 C", "3036 C", "3036 C", "3036 C"]
    assert parts(guide, "DTM") == ["C507 M"]
    assert guide.rules.segments["DTM"].title == "date time period"
    assert str(guide.rules.elements["3035"].form) == "an3"
    assert [line.partition(": ")[2] for line in findings] == [
        "remark R-IMPORT the schema '../service.xsd' lies outside of the folder and is not read (put it into the same "
        "folder, and name it without a path, if the message needs it)",
        "remark R-IMPORT E3036: its least length 2 is left out, since an EDIFACT form has none",
    ]


def test_a_plain_schema_needs_the_version_named(tmp_path: Path) -> None:
    body = complex_element(
        "PurchaseOrder",
        complex_element("BEG", simple_element("purpose", "xs:string") + simple_element("number", "xs:decimal"))
        + complex_element(
            "parties",
            complex_element("N1", simple_element("code", "xs:string")),
            'minOccurs="0" maxOccurs="unbounded"',
        ),
    )
    path = schema(tmp_path, "order.xsd", body)
    assert imported(path, tmp_path / "guides") == (
        [],
        [
            "order.xsd:2:1: error E-IMPORT the schema does not say which message and version PurchaseOrder is "
            "(name the message and the version: ORDERS and D:96A:UN, or 850 and 004010)"
        ],
    )
    (guide,), findings = imported(path, tmp_path / "guides", message="850", version="004010")
    assert structure(guide) == ["BEG M 1", "parties O 0", "  N1 M 1"]
    assert str(guide.rules.elements["Z2"].form) == "R 1/99999"
    assert len([line for line in findings if "no greatest length" in line]) == 3


HARMLESS = complex_element("X12_00401_850", complex_element("BEG", simple_element("BEG01", "xs:string")))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            complex_element(
                "X12_00401_850",
                '<xs:choice maxOccurs="2">'
                + complex_element("BEG", simple_element("BEG01", "A"))
                + complex_element("BGN", simple_element("BGN01", "A"))
                + "</xs:choice>",
            ),
            [
                "one of BEG, BGN is to stand here; the guide lets each of them stand",
                "BEG, BGN stand at the same position 1; the guide asks for this order",
            ],
        ),
        (
            complex_element(
                "X12_00401_850",
                complex_element("BEG", simple_element("BEG01", "A"))
                + '<xs:sequence minOccurs="0">'
                + complex_element("CUR", simple_element("CUR01", "A"))
                + complex_element("REF", simple_element("REF01", "A"))
                + '</xs:sequence><xs:any processContents="lax"/>',
            ),
            [
                "these may be absent together only; the guide lets each of them be absent",
                "xs:any lets anything stand here; it is left out",
            ],
        ),
        (
            complex_element("X12_00401_850", complex_element("BEG", simple_element("BEG01", "NOWHERE"))),
            ["there is no type 'NOWHERE'; any text passes"],
        ),
        (
            complex_element("X12_00401_850", complex_element("BEG", simple_element("BEG01", "UNION"))),
            ["BEG01: it is a list or a union of types; any text passes"],
        ),
        (
            complex_element("X12_00401_850", complex_element("BEG", simple_element("BEG01", "RANGE"))),
            ["BEG01: its maxInclusive 9 is left out", "BEG01: its pattern '[A-Z]{3}' is left out"],
        ),
        (
            complex_element("X12_00401_850", complex_element("BEG", simple_element("BEG01", "xs:date"))),
            ["BEG01: xs:date is written in another way in EDI; it is taken for a DT"],
        ),
        (
            complex_element("X12_00401_850", complex_element("BEG", '<xs:element ref="NOWHERE"/>')),
            ["there is no element 'NOWHERE'; it is left out"],
        ),
        (
            complex_element("X12_00401_850", '<xs:group ref="NOWHERE"/>' + '<xs:element name="words" type="A"/>'),
            [
                "there is no group 'NOWHERE'; it is left out",
                "words is neither a segment nor a loop; it is left out",
                "the description of 850 holds no segments",
            ],
        ),
        (
            '<xs:redefine schemaLocation="other.xsd"/><xs:include schemaLocation="lost.xsd"/>' + HARMLESS,
            [
                "xs:redefine is not understood; it is left out",
                "there is no schema 'lost.xsd' in the folder",
                "BEG01: it has no greatest length; the guide allows any",
            ],
        ),
        ('<xs:element name="Letter" type="xs:string"/>', ["the schema has no element that is a message"]),
    ],
)
def test_what_a_guide_cannot_say_is_said(tmp_path: Path, body: str, expected: list[str]) -> None:
    types = (
        sized("A", "xs:string", 1, 5)
        + '<xs:simpleType name="UNION"><xs:union memberTypes="xs:string A"/></xs:simpleType>'
        + '<xs:simpleType name="RANGE"><xs:restriction base="xs:integer"><xs:totalDigits value="4"/>'
        + '<xs:maxInclusive value="9"/><xs:pattern value="[A-Z]{3}"/></xs:restriction></xs:simpleType>'
    )
    _, findings = import_schema(schema(tmp_path, "any.xsd", body + types), message="850", version="004010")
    said = [finding.message for finding in findings if "no number of a data element" not in finding.message]
    assert [message for message in said if "no greatest length" not in message or message in expected] == expected


def test_a_type_made_of_itself_ends(tmp_path: Path) -> None:
    body = (
        complex_element(
            "X12_00401_850",
            complex_element("BEG", simple_element("BEG01", "A")) + '<xs:element name="deep" type="DEEP"/>',
        )
        + '<xs:complexType name="DEEP"><xs:sequence><xs:element name="N1" type="N1"/>'
        + '<xs:element name="deep" type="DEEP"/></xs:sequence></xs:complexType>'
        + '<xs:complexType name="N1"><xs:sequence><xs:element name="N101" type="A"/>'
        + "</xs:sequence></xs:complexType>"
        + sized("A", "xs:string", 1, 5)
    )
    made, findings = import_schema(schema(tmp_path, "any.xsd", body))
    assert len(made) == 1
    assert "deep holds itself, or lies too deep; it is cut off here" in [finding.message for finding in findings]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<xs:schema", "this is no valid XML: "),
        ("<order/>", "the root is <order>, not xs:schema"),
        (
            '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><a>&b;</a>',
            "the file has a DOCTYPE, which is refused",
        ),
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "any.xsd"
    path.write_text(text, encoding="utf-8")
    made, findings = import_schema(path)
    assert made == []
    assert findings[0].message.startswith(expected)
    assert all(isinstance(finding, Finding) and finding.is_error for finding in findings)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    inside = tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    schema(outside, "secret.xsd", sized("A", "xs:string", 1, 5))
    (inside / "linked.xsd").symlink_to(outside / "secret.xsd")
    body = '<xs:include schemaLocation="linked.xsd"/>' + HARMLESS
    _, findings = import_schema(schema(inside, "any.xsd", body))
    assert findings[0].message == "the schema 'linked.xsd' lies outside of the folder and is not read"
