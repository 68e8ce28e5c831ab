"""Reading and writing XML payloads."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from transload.adapters.base import Context, Encoded, Message, Reading, Reject
from transload.adapters.xml import XmlFormat, XmlOptions

CONTEXT = Context(now=datetime(2026, 1, 1, tzinfo=UTC))
ORDER = """<?xml version="1.0" encoding="UTF-8"?>
<!-- <o:Line> is no element here -->
<o:Order xmlns:o="urn:orders" xmlns="urn:other">
  <o:Number>4711</o:Number>
  <o:Line no="1"><o:Item>Schl\u00fcssel</o:Item></o:Line>
  <![CDATA[<o:Line no="9">]]>
  <o:Line
     text="a > b"
     no="2"><o:Item>B</o:Item><Price o:cur='EUR'/></o:Line>
</o:Order>
<?done?>
""".encode()


def format_with(**options: object) -> XmlFormat:
    return XmlFormat(XmlOptions.model_validate(options))


def only(payload: bytes, **options: object) -> Message:
    reading = format_with(**options).read(payload, file="in.xml")
    assert reading.findings == ()
    (message,) = reading
    return message


def write(text: str, envelope: Any = None, **options: object) -> bytes:
    return format_with(**options).write([Encoded(kind="", body=text)], envelope=envelope, context=CONTEXT)


def test_kind_and_version_are_name_and_namespace_of_the_root() -> None:
    message = only(ORDER)
    assert (message.kind, message.version, message.start, message.end) == ("Order", "urn:orders", 0, len(ORDER))
    assert only(b"<a/>").version == ""


@pytest.mark.parametrize(
    ("path", "shown", "text"),
    [
        ([], "/o:Order", "<o:Order "),
        (["{urn:orders}Number", 0], "/o:Order/o:Number", "<o:Number>"),
        (["{urn:orders}Line", 0, "{urn:orders}Item", 0], "/o:Order/o:Line[1]/o:Item", "<o:Item>Schl"),
        (["{urn:orders}Line", 1], "/o:Order/o:Line[2]", "<o:Line\n     text"),
        (["{urn:orders}Line", 1, "@no"], "/o:Order/o:Line[2]/@no", 'no="2"'),
        (["{urn:orders}Line", 1, "{urn:other}Price", 0, "@{urn:orders}cur"], "/o:Order/o:Line[2]/Price/@cur", "o:cur"),
        (["{urn:orders}Line", 1, "{urn:orders}Gone", 0, "@x"], "/o:Order/o:Line[2]/Gone/@x", "<o:Line\n"),
        (["{urn:orders}Line", 7], "/o:Order/Line", "<o:Order "),
        (["@none"], "/o:Order/@none", "<o:Order "),
    ],
)
def test_a_value_stands_at_its_byte(path: list[str | int], shown: str, text: str) -> None:
    place = only(ORDER).body.place(path)  # type: ignore[arg-type]
    assert place.path == shown
    assert ORDER[place.byte :].decode().startswith(text)
    assert place.line == ORDER[: place.byte].count(b"\n") + 1
    assert place.file == "in.xml"


def test_places_in_utf_16() -> None:
    payload = '<?xml version="1.0" encoding="utf-16"?>\n<a><b>é</b><c x="1"/></a>'.encode("utf-16")
    place = only(payload).body.place(["c", 0, "@x"])  # type: ignore[arg-type]
    assert place.line == 2
    assert payload[place.byte :].decode("utf-16-le") == 'x="1"/></a>'


NAMES = st.sampled_from(["a", "b", "c"])
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Cn"]), max_size=8)


@st.composite
def trees(draw: Any, depth: int = 3) -> "etree._Element":
    element = etree.Element(draw(NAMES), {name: draw(TEXTS) for name in draw(st.sets(NAMES, max_size=2))})
    element.text = draw(TEXTS)
    for _ in range(draw(st.integers(0, 3)) if depth else 0):
        child = etree.Comment("<a b='>'>") if draw(st.booleans()) else draw(trees(depth=depth - 1))
        child.tail = draw(TEXTS)
        element.append(child)
    return element


@given(trees(), st.sampled_from(["utf-8", "utf-16", "iso-8859-1", "us-ascii"]))
def test_every_element_is_found_at_its_start_tag(tree: "etree._Element", encoding: str) -> None:
    payload = etree.tostring(tree, xml_declaration=True, encoding=encoding)
    message = only(payload)
    real = "utf-16-le" if encoding == "utf-16" else encoding

    def look(element: "etree._Element", path: list[str | int]) -> None:
        place = message.body.place(path)  # type: ignore[arg-type]
        assert payload[place.byte :].decode(real).startswith(f"<{element.tag}")
        for name in element.attrib:
            at = message.body.place([*path, f"@{name}"])  # type: ignore[arg-type]
            assert payload[at.byte :].decode(real).startswith(f'{name}="')
        counts: dict[str, int] = {}
        for child in element.iterchildren(tag=etree.Element):
            tag = str(child.tag)
            look(child, [*path, tag, counts.get(tag, 0)])
            counts[tag] = counts.get(tag, 0) + 1

    look(message.body.root, [])  # type: ignore[union-attr]


@given(trees(), st.sampled_from(["utf-8", "utf-16", "iso-8859-1", "us-ascii", "windows-1252"]))
def test_what_is_written_is_read_again(tree: "etree._Element", encoding: str) -> None:
    text = etree.tostring(tree, encoding="unicode")
    payload = write(text, encoding=encoding)
    root = only(payload).body.root  # type: ignore[union-attr]
    assert etree.tostring(root, method="c14n") == etree.tostring(tree, method="c14n")


@pytest.mark.parametrize(
    ("root", "payload"),
    [
        (ORDER.decode()[ORDER.decode().index("<o:Order") : -len("\n<?done?>\n")], ORDER),
        ("<a/>", b"<a/>"),
        ("<a></a>", b"<a></a>\r\n"),
        ("<a>\u20ac</a>", '\ufeff<?xml version="1.0"?><a>\u20ac</a>'.encode()),
        ("<a/>", '<?xml version="1.0" encoding="utf-16"?><!-- \u20ac --><a/>\n'.encode("utf-16")),
        ("<a/>", '<?xml version="1.0" encoding="iso-8859-1"?><!--\u00e9--><a/>'.encode("iso-8859-1")),
    ],
)
def test_what_stood_around_the_root_is_written_again(root: str, payload: bytes) -> None:
    assert write(root, only(payload).envelope) == payload


def test_a_new_document_has_a_declaration() -> None:
    assert write("<a>€</a>") == '<?xml version="1.0" encoding="UTF-8"?>\n<a>€</a>\n'.encode()
    assert write("<a>€</a>", encoding="ISO-8859-1") == (
        b'<?xml version="1.0" encoding="ISO-8859-1"?>\n<a>&#8364;</a>\n'
    )
    assert write("<a/>", declaration=False) == b"<a/>\n"


@pytest.mark.parametrize(
    ("payload", "line"),
    [
        (b"", "in.xml line 1 byte 0: error E-XML the payload is empty"),
        (
            b"hello",
            "in.xml line 1 byte 0: error E-XML this does not begin like XML (is the address right, and the format?)",
        ),
        (
            b'<?xml version="1.0"?>\n<!-- -->\n<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
            "in.xml line 3 byte 31: error E-DTD the document has a DOCTYPE, which is refused "
            "(it could read files and addresses through it; the sender must leave it out)",
        ),
        (
            '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a><a/>'.encode("utf-16"),
            "in.xml line 1: error E-DTD the document has a DOCTYPE, which is refused "
            "(it could read files and addresses through it; the sender must leave it out)",
        ),
        (
            b"<a>" * 101 + b"</a>" * 101,
            "in.xml line 1: error E-DEPTH elements are nested more than 100 deep "
            "(no business document is so deep; if this one is, raise 'deepest' under format:)",
        ),
        (
            b"<a>\n" * 5000,
            "in.xml line 257 byte 1026: error E-DEPTH elements are nested more than 100 deep "
            "(no business document is so deep; if this one is, raise 'deepest' under format:)",
        ),
    ],
)
def test_what_is_refused_is_said_with_its_place(payload: bytes, line: str) -> None:
    reading = format_with().read(payload, file="in.xml")
    assert list(reading) == []
    assert [finding.line() for finding in reading.findings] == [line]


@pytest.mark.parametrize(
    ("payload", "code", "place", "hint"),
    [
        (b"<a>\n<b></a>", "E-XML", (2, 10), "every element must be closed"),
        (b"<a/>\nx", "E-XML", (2, 5), "one payload holds one root element"),
        (b"<a>&foo;</a>", "E-XML", (1, 8), "only &amp; &lt; &gt; &quot; &apos;"),
        (b"<a>A & B</a>", "E-XML", (1, 6), "an ampersand in a text is written &amp;"),
        (b"<a b=1/>", "E-XML", (1, 5), "the value of an attribute stands in quotes"),
        (b"<a>\x01</a>", "E-XML", (1, 3), "XML 1.0 allows no control characters"),
        (b' <?xml version="1.0"?><a/>', "E-XML", (1, 6), "nothing may stand before <?xml"),
        (b"<p:a/>", "E-XML", (1, 4), "every prefix needs its xmlns:"),
        (b"<a>\xff</a>", "E-ENCODING", (1, 3), "the encoding in <?xml"),
        (b'<?xml version="1.0" encoding="klingon"?><a/>', "E-ENCODING", (1, 38), "the encoding in <?xml"),
    ],
)
def test_what_is_not_well_formed(payload: bytes, code: str, place: tuple[int, int], hint: str) -> None:
    """The parser's own words differ by version; code, place and hint are ours."""
    (finding,) = format_with().read(payload, file="in.xml").findings
    assert finding.code == code
    assert finding.place is not None
    assert finding.place.line == place[0]
    assert finding.hint is not None
    assert finding.hint.startswith(hint)


def test_no_file_and_no_address_is_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("do not read me")
    for payload in (
        f'<a xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="{secret.as_uri()}" parse="text"/></a>',
        f'<?xml-stylesheet href="{secret.as_uri()}"?><a/>',
        f'<a xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:x {secret.as_uri()}"/>',
    ):
        root = only(payload.encode()).body.root  # type: ignore[union-attr]
        assert b"do not read me" not in etree.tostring(root.getroottree())


def test_an_oversized_text_is_a_finding() -> None:
    (finding,) = format_with().read(b"<a>" + b"x" * 10_000_001 + b"</a>").findings
    assert finding.code == "E-SIZE"
    (finding,) = format_with(largest=3).read(b"<a/>").findings
    assert finding.message == "the payload has 4 bytes, more than the 3 that are allowed"


@pytest.mark.parametrize(
    "text", ["<a>\x00</a>", "<a>\x0b</a>", "<a>\ufffe</a>", "<a>\ud800</a>", "<a>", "", "x", "<a/><b/>"]
)
def test_what_xml_cannot_carry_is_refused(text: str) -> None:
    with pytest.raises(Reject) as caught:
        write(text)
    (finding,) = caught.value.findings
    assert finding.code == "E-DOMAIN"
    assert finding.message.startswith("this cannot be written as XML: ")


def test_one_payload_has_one_root() -> None:
    for count in (0, 2):
        with pytest.raises(Reject, match=f"an XML payload has one root element, not {count}"):
            format_with().write([Encoded(kind="", body="<a/>")] * count, context=CONTEXT)


def test_an_encoding_that_cannot_be_written_is_refused_in_the_settings() -> None:
    with pytest.raises(ValueError, match="'klingon' cannot be written"):
        format_with(encoding="klingon")


MARKUP = st.text(alphabet="<>/!?-[]CDAT&;'\"= abx:\n\u20ac", max_size=40)


@given(st.binary(max_size=60) | MARKUP.map(str.encode) | MARKUP.map(lambda text: f"<a>{text}</a>".encode()))
def test_no_bytes_make_it_raise(payload: bytes) -> None:
    reading = format_with().read(payload)
    messages = list(reading)
    assert bool(messages) != bool(reading.findings)
    for message in messages:
        assert message.body.place([]).byte is not None  # type: ignore[arg-type]


@pytest.mark.parametrize("piece", [b"<!--a-->", b"<?a b?>"])
def test_many_comments_before_the_root_take_no_time(piece: bytes) -> None:
    assert codes(XmlFormat(XmlOptions()).read(piece * 5000 + b"<r/>")) == []
    assert codes(XmlFormat(XmlOptions()).read(piece * 5000 + b"<!DOCTYPE r><r/>")) == ["E-DTD"]


def codes(reading: Reading) -> list[str]:
    return [finding.code for finding in reading.findings]


@pytest.mark.parametrize("deepest", [3, 23, 24, 25, 26, 40])
@pytest.mark.parametrize("more", [0, 1])
def test_elements_may_be_so_deep_and_no_deeper(deepest: int, more: int) -> None:
    levels = deepest + more
    payload = b"<a>" * levels + b"</a>" * levels
    reading = XmlFormat(XmlOptions(deepest=deepest)).read(payload)
    assert [finding.code for finding in reading.findings] == (["E-DEPTH"] if more else [])
