"""transload guide import, of pyx12's maps and of XML Schemas."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from transload.adapters.edi.guides import find_guide
from transload.adapters.edi.guides.importing.pyx12 import installed_maps

Run = Callable[..., Any]

SCHEMA = """\
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:element name="X12_00401_850"><xs:complexType><xs:sequence>
    <xs:element name="BEG"><xs:complexType><xs:sequence>
      <xs:element name="BEG01" type="X12_ID_353"/>
    </xs:sequence></xs:complexType></xs:element>
  </xs:sequence></xs:complexType></xs:element>
  <xs:simpleType name="X12_ID_353"><xs:restriction base="xs:string">
    <xs:enumeration value="00"/><xs:enumeration value="05"/>
  </xs:restriction></xs:simpleType>
</xs:schema>
"""


@pytest.fixture
def maps() -> Path:
    folder = installed_maps()
    if folder is None:
        pytest.skip("pyx12 is not installed")
    return folder


def test_the_installed_pyx12_becomes_guides(run: Run, maps: Path, tmp_path: Path) -> None:
    del maps
    ran = run("guide", "import", "pyx12", "--message", "835", "--into", tmp_path)
    assert (ran.code, ran.err) == (0, "")
    assert [line.replace(str(tmp_path), "DIR") for line in ran.lines] == [
        "004010X091A1: 1 message, 8 loops, 43 segments, 381 elements",
        "DIR/x12/004010x091a1: 1 file new",
        "005010X221A1: 1 message, 8 loops, 51 segments, 443 elements",
        "DIR/x12/005010x221a1: 1 file new",
    ]
    guide = find_guide("x12", "835", "005010X221A1", (tmp_path,))
    assert guide is not None
    assert str(tmp_path) in guide.file
    again = run("guide", "import", "pyx12", "--message", "835", "--into", tmp_path)
    assert again.lines[1].endswith("1 file unchanged")


def test_one_map_of_pyx12_and_a_folder_of_maps(run: Run, maps: Path, tmp_path: Path) -> None:
    ran = run("guide", "import", "pyx12/277.5010.X212.xml", "--into", tmp_path, "--json")
    assert ran.code == 0
    assert [row["folder"] for row in ran.json["releases"]] == ["x12/005010x212"]
    assert '"code": "R-IMPORT"' in ran.err
    assert run("guide", "import", maps / "277.5010.X212.xml", "--into", tmp_path).code == 0
    listed = run("guide", "import", maps, "--message", "999", "--list", "--json")
    assert [(row["version"], row["messages"][0]["message"]) for row in listed.json] == [
        ("005010X231", "999"),
        ("005010X231A1", "999"),
    ]


def test_what_pyx12_does_not_have_is_an_error(run: Run, maps: Path, tmp_path: Path) -> None:
    del maps
    ran = run("guide", "import", "pyx12", "--message", "850", "--into", tmp_path)
    assert (ran.code, ran.err) == (1, "map:1:1: error E-IMPORT there is no map of 850\n")
    ran = run("guide", "import", "pyx12/850.xml", "--into", tmp_path)
    assert ran.code == 1
    assert ran.err.startswith("850.xml:1:1: error E-IMPORT there is no map '850.xml' (maps are: 270.4010.X092.A1.xml, ")
    assert not list(tmp_path.iterdir())


def test_without_pyx12_it_is_said_what_to_do(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    ran = run("guide", "import", "pyx12", "--into", tmp_path)
    assert ran.code == 1
    assert "pyx12 is not installed, so there are no maps of it" in ran.err


def test_a_schema_becomes_a_guide(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "order.xsd"
    file.write_text(SCHEMA, encoding="utf-8")
    ran = run("guide", "import", file, "--into", tmp_path / "guides")
    assert (ran.code, ran.err, ran.lines[0]) == (0, "", "004010: 1 message, 1 segment, 1 element")
    guide = find_guide("x12", "850", "004010", (tmp_path / "guides",))
    assert guide is not None
    assert guide.source == "the XML Schema order.xsd, element X12_00401_850"


def test_a_schema_that_does_not_say_what_it_is(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "order.xsd"
    file.write_text(SCHEMA.replace("X12_00401_850", "Order"), encoding="utf-8")
    ran = run("guide", "import", file, "--into", tmp_path / "guides")
    assert ran.code == 1
    assert "the schema does not say which message and version Order is" in ran.err
    named = ("--message", "850", "--version", "004010", "--element", "Order")
    assert run("guide", "import", file, *named, "--into", tmp_path / "guides").code == 0
    ran = run("guide", "import", file, "--element", "Nothing", "--into", tmp_path / "guides")
    assert ran.code == 1
    assert "the schema has no element 'Nothing' with segments in it" in ran.err
