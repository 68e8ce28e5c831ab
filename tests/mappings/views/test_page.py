"""The guideline page: one file, well formed, nothing from outside, and nothing of a mapping becomes markup."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from lxml import etree

from transload.mappings import Mapping, library_names, load_mapping
from transload.mappings.views.bound import entries
from transload.mappings.views.page import guideline

PORTAL = Path(__file__).parents[3] / "fixtures/mappings/portal-order.yaml"
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "firefox"))), None)


def tree(text: str) -> "etree._Element":
    head, _, page = text.partition("\n")
    assert head == "<!DOCTYPE html>"
    page = page.replace("<wbr/>", "")  # where a long name may be broken
    return etree.fromstring(page)  # it is built as XML is, so a tag that is not closed would be refused here


def texts(page: "etree._Element") -> str:
    return " ".join(" ".join(page.itertext()).split())


@pytest.mark.parametrize("reference", [*library_names(), str(PORTAL)])
def test_a_page_of_each_mapping(reference: str) -> None:
    mapping = load_mapping(reference)
    page = tree(guideline(mapping))
    said = texts(page)
    assert mapping.digest in said
    for bound in entries(mapping.meaning):
        if bound.slot.field is not None and bound.whole is None:
            assert bound.slot.field.path == () or bound.slot.field.path[-1] in said
    for table in mapping.meaning.codes.values():
        for wire, canonical in table.read.items():
            row = page.xpath(f"//tr[th/code='{wire}' and td='{canonical}']")
            assert row, (table.name, wire)
    for name in mapping.loses:
        assert page.xpath("//section[@id='not-carried']//code[text()=$name]", name=name), name
    assert str(mapping.file.parent) not in said  # where it lies here is nothing to a partner
    _alone(page)


def _alone(page: "etree._Element") -> None:
    assert not page.xpath("//script|//link|//iframe|//img|//object|//embed|//form|//base")
    assert not page.xpath("//@src|//@style|//@onclick|//@onload|//@srcset")
    for href in page.xpath("//@href"):
        assert href.startswith("#")
        assert page.xpath(f"//*[@id='{href[1:]}']"), href
    style = page.findtext(".//style") or ""
    assert "url(" not in style
    assert "@import" not in style
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))


def test_headings_tables_and_landmarks_for_everybody() -> None:
    page = tree(guideline(load_mapping("library:edifact/orders-d96a")))
    assert page.get("lang") == "en"
    assert page.xpath("count(//h1)") == 1
    assert page.xpath("//main")
    assert page.xpath("//nav/@aria-label") == ["Contents"]
    assert not page.xpath("//table[not(.//thead//th[@scope='col'])]")
    assert not page.xpath("//tbody//th[not(@scope)]")
    assert all(section.xpath("h2/@id") == [section.get("aria-labelledby")] for section in page.xpath("//section"))


def test_what_stands_in_a_row() -> None:
    page = tree(guideline(load_mapping("library:edifact/orders-d96a")))

    def row(place: str, field: str) -> list[str]:
        found = page.xpath("//tr[th/code=$place and td/code=$field]", place=place, field=field)[0]
        return [" ".join(" ".join(cell.itertext()).split()) for cell in found]

    assert row("QTY 6060", "lines[].quantity") == [
        "QTY 6060", "quantity Ordered quantity", "lines[].quantity", "n..15", "M", "", "1000",
    ]  # fmt: skip
    assert row("QTY 6411", "lines[].uom")[3:7] == ["an..3 code(uom)", "C", "code table uom", "PCE"]
    heads = ["".join(head.itertext()) for head in page.xpath("//th[@scope='rowgroup']")]
    assert "NAD name and address (one for each of BY = buyer, SU = seller, DP = ship_to, SF = ship_from," in " ".join(
        heads
    )
    assert row("NAD 3036", "….name")[0] == "NAD 3036"
    (example,) = page.xpath("//section[@id='example']//tr[td[@class='wire']=$line]/td[2]", line="QTY+21:1000:PCE'")
    assert " ".join(example.itertext()) == "lines[0].quantity   1000 lines[0].uom   PCE"


HOSTILE = """
mapping: "<script>alert(1)</script>"
document: order/1
note: "</style><img src=x onerror=alert(1)>"
format: {type: json}
codes:
  "a\\" onmouseover=\\"x": {"<b>": "</td><script>1</script>"}
layout:
  - id: {value: =number, note: "<i>&amp; \\u202e"}
  - at: =issued_on | date(iso)
  - note: "]]><svg onload=alert(1)>"
    "<x>": '<y a="b">'
  - k: =contract | code(a" onmouseover="x)
"""


def test_texts_of_a_mapping_are_texts_of_the_page(tmp_path: Path) -> None:
    file = tmp_path / "map.yaml"
    file.write_text(HOSTILE.replace('  - k: =contract | code(a" onmouseover="x)\n', ""), encoding="utf-8")
    text = guideline(load_mapping(file))
    page = tree(text)
    _alone(page)
    assert not page.xpath("//b|//i|//svg|//x|//y")
    assert page.findtext(".//h1") == "<script>alert(1)</script>, version 1"
    said = texts(page)
    for told in (
        "</style><img src=x onerror=alert(1)>",
        "</td><script>1</script>",
        "]]><svg onload=alert(1)>",
        "&amp; ",
    ):
        assert told in said
    assert "\u202e" not in text
    names = {name for one in page.iter() for name in one.attrib}
    assert not [name for name in names if name.startswith("on")]


def test_a_page_is_the_same_each_time(tmp_path: Path) -> None:
    assert guideline(load_mapping(PORTAL)) == guideline(load_mapping(PORTAL))


def mapping_of(tmp_path: Path, text: str) -> Mapping:
    file = tmp_path / "map.yaml"
    file.write_text(text, encoding="utf-8")
    return load_mapping(file)


def test_limits_match_and_conditions_are_told(tmp_path: Path) -> None:
    text = """
mapping: m
document: order/1
format: {type: edifact, message: "ORDERS:D:96A:UN"}
match: {sender: ["1", "2"]}
limits: {number: {length: 17}}
loses: [contract]
layout:
  - BGM: {1001: [220, 221], 1004: =number}
  - DTM: {2005: 137, 2380+2379: =issued_on | dtm(102)}
  - when: {purpose: replace}
    note: only for changes
    RFF: {1153: ON, 1154: {value: =previous_order, max: 12, note: theirs}}
  - only_if: price_list != '0'
    RFF: {1153: PL, 1154: =price_list}
  - UNS: {0081: S}
"""
    said = texts(tree(guideline(mapping_of(tmp_path, text))))
    for told in (
        "sender is 1 or 2", "number at most 17 characters", "220 is written; also read: 221",
        "RFF ON reference (only where purpose is replace) only for changes", "at most 12 characters", "theirs",
        "RFF PL reference (written only if price_list != '0')", "contract Contract or frame agreement",
    ):  # fmt: skip
        assert told in said, told


@pytest.mark.skipif(BROWSER is None or "firefox" in BROWSER, reason="no Chromium here to look at the page")
class TestInABrowser:
    """The page as Chromium shows it."""

    def shown(self, folder: Path, text: str, *options: str) -> subprocess.CompletedProcess[str]:
        file = folder / "page.html"
        file.write_text(text, encoding="utf-8")
        command = [
            str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--v=0",
            f"--user-data-dir={folder}/profile", *options, file.as_uri(),
        ]  # fmt: skip
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)

    def test_it_is_shown_without_a_complaint(self, tmp_path: Path) -> None:
        text = guideline(load_mapping("library:edifact/orders-d96a"))
        done = self.shown(tmp_path, text, "--dump-dom")
        assert done.stdout.count("<tr>") == text.count("<tr>")
        assert done.stdout.count("<td>") == text.count("<td>")
        assert "CONSOLE" not in done.stderr

    def test_it_can_be_printed(self, tmp_path: Path) -> None:
        self.shown(tmp_path, guideline(load_mapping("library:fixed/orders")), f"--print-to-pdf={tmp_path}/page.pdf")
        assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")

    @pytest.mark.parametrize("width", [1200, 600])
    @pytest.mark.parametrize("name", ["edifact/orders-d96a", "x12/856-004010", "ubl/order-2.1"])
    def test_it_is_never_wider_than_the_window(self, name: str, width: int, tmp_path: Path) -> None:
        """A script measures it; the policy of the page, which allows none, is taken out for that."""
        text = re.sub(r"<meta http-equiv[^>]*>", "", guideline(load_mapping(f"library:{name}")))
        measure = "document.title = document.documentElement.scrollWidth + ' ' + document.documentElement.clientWidth"
        text = text.replace("</body>", f"<script>{measure}</script></body>")
        done = self.shown(tmp_path, text, f"--window-size={width},900", "--dump-dom")
        found = re.search(r"<title>(\d+) (\d+)</title>", done.stdout)
        assert found is not None
        assert int(found[1]) <= int(found[2])
