"""Objects between UNO and UNP (ISO 9735-8): bytes that are no segments, in the place of a message."""

UNB = "UNB+UNOC:4+S:14+R:14+20260114:0915+REF1'"
OBJECT = b"PK\x03\x04'UNT+9+9'UNZ+7+x'\x00\xff?"


def payload(body, interchange, count=None, reference="OBJ1"):
    size = len(body) if count is None else count
    uno = f"UNO+OBJ1+ORD:4711+6:1:1+{size}'".encode()
    unp = f"UNP+{size}+{reference}'".encode()
    whole = interchange("BGM+220'", unb=UNB, unz="")
    return whole + uno + body + unp + b"UNZ+2+REF1'"


def test_an_object_is_a_message_of_its_own(edifact, interchange):
    content = payload(OBJECT, interchange)
    reading = edifact().read(content)
    assert reading.findings == ()
    order, package = reading
    assert order.kind == "ORDERS"
    assert (package.kind, package.version, package.reference, package.findings) == ("UNO", "", "OBJ1", ())
    assert package.body.segments == [[OBJECT.decode("latin-1")]]
    assert content[package.start : package.end].startswith(b"UNO+")
    assert content[package.start : package.end].endswith(b"+OBJ1'")
    assert package.body.place(0).byte == content.index(b"PK")


def test_a_wrong_length_is_found(edifact, interchange, codes):
    reading = edifact().read(payload(OBJECT.replace(b"'", b" "), interchange, count=5))
    (found,) = reading.findings
    assert (found.code, found.place.tag, found.value, dict(found.ack)) == ("E-BINARY", "UNO", "5", {"0085": "12"})
    _, package = reading
    assert package.findings == ()
    assert package.body.segments == [[OBJECT.replace(b"'", b" ").decode("latin-1")]]


def test_the_lengths_must_agree(edifact, interchange):
    _, package = edifact().read(payload(OBJECT, interchange).replace(b"UNP+", b"UNP+1"))
    (found,) = package.findings
    assert (found.code, found.place.tag, found.value) == ("E-COUNT", "UNP", f"1{len(OBJECT)}")


def test_the_references_must_agree(edifact, interchange):
    _, package = edifact().read(payload(OBJECT, interchange, reference="OBJ2"))
    (found,) = package.findings
    assert (found.code, found.place.tag, found.place.element) == ("E-REFERENCE", "UNP", 2)


def test_an_object_that_is_too_large_is_told_of(edifact, interchange, codes):
    _, package = edifact(largest_message=10).read(payload(OBJECT, interchange))
    assert codes(package.findings) == ["E-LIMIT"]
    assert package.body.segments == []


def test_an_object_without_end(edifact, interchange, codes):
    content = payload(b"PK and more", interchange)
    reading = edifact().read(content[: content.index(b"UNP+")])
    assert "E-TRUNCATED" in codes(reading.findings)
    assert codes(list(reading)[1].findings) == ["E-TRAILER"]
