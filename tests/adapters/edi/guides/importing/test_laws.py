"""Whatever stands in a source: it is imported or refused, and what is imported is a guide that loads."""

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from transload.adapters.edi.guides import find_guide
from transload.adapters.edi.guides.importing.outlines.drafting import Imported
from transload.adapters.edi.guides.importing.pyx12 import import_maps, installed_maps
from transload.adapters.edi.guides.importing.writing import write_release
from transload.adapters.edi.guides.importing.xsd import import_schema
from transload.canonical.findings import Finding

MAP = """\
<transaction xid="837"><name>test</name>
<loop xid="ST_LOOP" type="explicit"><usage>R</usage><pos>10</pos><repeat>1</repeat>
<segment xid="ST"><usage>R</usage><pos>10</pos><max_use>1</max_use>
<element xid="ST01"><data_ele>143</data_ele><usage>R</usage><seq>01</seq>
<valid_codes><code>837</code></valid_codes></element></segment>
<loop xid="2000A"><usage>R</usage><pos>20</pos><repeat>&gt;1</repeat>
<segment xid="HL"><usage>R</usage><pos>10</pos><max_use>1</max_use><syntax>P0102</syntax>
<element xid="HL01"><data_ele>628</data_ele><usage>R</usage><seq>01</seq><regex>[0-9]{9}</regex></element>
<composite xid="HL02"><data_ele>C022</data_ele><usage>S</usage><seq>02</seq><repeat>2</repeat>
<element xid="HL02-01"><data_ele>1270</data_ele><usage>R</usage><seq>01</seq>
<valid_codes external="list"><code>BK</code></valid_codes></element></composite></segment>
<segment xid="REF" pos="20" usage="S" max_use="3" name="x"><element xid="REF01" data_ele="128" usage="R" seq="01">
<valid_codes><code>F8</code></valid_codes></element></segment>
<segment xid="REF" pos="20" usage="S" max_use="3" name="y"><element xid="REF01" data_ele="128" usage="N" seq="01">
<valid_codes><code>G1</code></valid_codes></element></segment></loop></loop></transaction>
"""
SHARED = {
    "maps.xml": '<maps><version icvn="00401"><map vriic="004010" fic="HC" abbr="837">a.xml</map></version></maps>',
    "dataele.xml": "<data_elements>"
    + "".join(
        f'<data_ele ele_num="{number}" data_type="{kind}" min_len="1" max_len="9" name="n"/>'
        for number, kind in (("143", "ID"), ("628", "AN"), ("1270", "ID"), ("128", "ID"))
    )
    + "</data_elements>",
    "codes.xml": "<codesets><codeset><id>list</id><version><code>ABK</code></version></codeset></codesets>",
}
SCHEMA = """\
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:b="http://schemas.microsoft.com/BizTalk/2003">
<xs:element name="X12_00401_850"><xs:complexType><xs:sequence>
<xs:element name="BEG"><xs:annotation><xs:appinfo><b:recordInfo notes="n" trigger_field="BEG01" trigger_value="00"/>
<b:Rule subjects="X12ConditionDesignatorX_Paired"><b:Subject name="BEG01"/><b:Subject name="BEG02"/></b:Rule>
</xs:appinfo></xs:annotation><xs:complexType><xs:sequence><xs:element name="BEG01" type="X12_ID_353"/>
<xs:element name="BEG02" minOccurs="0" maxOccurs="2"><xs:complexType><xs:choice><xs:element name="C00101" type="T"/>
<xs:element name="C00102" type="xs:decimal"/></xs:choice></xs:complexType></xs:element>
</xs:sequence></xs:complexType></xs:element>
<xs:element name="N1Loop1" minOccurs="0" maxOccurs="unbounded"><xs:complexType><xs:sequence>
<xs:element name="N1" type="N1"/></xs:sequence></xs:complexType></xs:element>
</xs:sequence></xs:complexType></xs:element>
<xs:complexType name="N1"><xs:sequence><xs:element name="E98" type="T"/></xs:sequence></xs:complexType>
<xs:simpleType name="X12_ID_353"><xs:restriction base="xs:string"><xs:enumeration value="00"/></xs:restriction>
</xs:simpleType>
<xs:simpleType name="T"><xs:restriction base="xs:string"><xs:minLength value="1"/><xs:maxLength value="9"/>
</xs:restriction></xs:simpleType></xs:schema>
"""
NEW = st.text(alphabet="<>/\"'=&;:.*(){}[]|, ANRS0129_-\n\0é", max_size=6)


def check(made: list[Imported], findings: list[Finding], folder: Path) -> None:
    # a map without ST is one of the envelope's, of which a remark tells
    assert made or any(finding.is_error or "no segment ST" in finding.message for finding in findings)
    for one in made:
        write_release(one.release, folder, day=date(2026, 1, 5))
        guide = find_guide(one.standard, one.message.message, one.message.version, (folder,))
        assert guide is not None
        assert str(folder) in guide.file
        assert guide.tags


def mutated(text: str, start: int, length: int, new: str) -> str:
    return text[:start] + new + text[start + length :]


@given(st.integers(0, len(MAP) - 1), st.integers(0, 9), NEW)
@example(0, 0, "")
@example(MAP.index("HL"), 2, "hl")
@example(MAP.index('xid="ST"') + 1, 0, "0")
@example(MAP.index("C022"), 4, "COMPOSITE")
@example(MAP.index("BK<"), 2, "B|K")
@example(MAP.index("<repeat>2") + 8, 1, "9" * 9)
def test_mutated_maps_are_imported_or_refused(start: int, length: int, new: str) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        for file, text in SHARED.items():
            (folder / file).write_text(text, encoding="utf-8")
        (folder / "a.xml").write_text(mutated(MAP, start, length, new), encoding="utf-8")
        check(*import_maps(folder), folder / "guides")


@given(st.integers(0, len(SCHEMA) - 1), st.integers(0, 9), NEW)
@example(0, 0, "")
@example(SCHEMA.index('<xs:element name="N1"') + 18, 2, "n1")
@example(SCHEMA.index('value="00"/></xs:restriction>') + 7, 2, "0(0")
@example(SCHEMA.index('maxLength value="9"') + 17, 1, "0")
def test_mutated_schemas_are_imported_or_refused(start: int, length: int, new: str) -> None:
    with TemporaryDirectory() as name:
        path = Path(name) / "any.xsd"
        path.write_text(mutated(SCHEMA, start, length, new), encoding="utf-8")
        check(*import_schema(path, message="850", version="004010"), path.parent / "guides")


def test_the_maps_of_pyx12_have_no_faults() -> None:
    folder = installed_maps()
    if folder is None:
        pytest.skip("pyx12 is not installed")
    assert not [finding for finding in import_maps(folder)[1] if finding.is_error]
