"""Packages between UNO and UNP: any bytes, their length, and what nobody but the sender can say."""

from dataclasses import replace

import pytest

from transload.adapters.base import Encoded, Identity, Reject

A, B = Identity(id="A"), Identity(id="B")
ORDERS = Encoded(kind="ORDERS", version="D:96A:UN", body=["BGM\x1d220"])
DATA = bytes(range(256)) + b"'UNP+1+X'UNZ+9'"
UNO = ("P1", "AAI\x1f4711", "48\x1fEDA")


def package(data: bytes) -> Encoded:
    return Encoded(kind="UNO", body=[data.decode("latin-1")])


def test_an_object_is_written_as_it_is_and_counted(edifact, context):
    format_ = edifact(syntax="UNOC:4", newline="crlf", una=False)
    envelope = format_.envelope(sender=A, receiver=B)
    own = replace(envelope, message=UNO)
    written = format_.write([ORDERS, package(DATA)], envelope=[envelope, own], context=context)
    assert written == (
        b"UNB+UNOC:4+A+B+20260115:0830+1'\r\nUNH+1+ORDERS:D:96A:UN'\r\nBGM+220'\r\nUNT+3+1'\r\n"
        b"UNO+P1+AAI:4711+48:EDA+271'" + DATA + b"UNP+271+P1'\r\nUNZ+2+1'\r\n"
    )


def test_a_stated_length_is_kept_when_it_is_right_and_mended_when_the_object_changed(edifact, context):
    format_ = edifact(syntax="UNOC:4")
    envelope = format_.envelope(sender=A, receiver=B)
    for stated in ("0003\x1f5", "9\x1f5"):
        own = replace(envelope, message=(*UNO, stated), digits=(1, 1, 4))
        written = format_.write([package(b"abc")], envelope=own, context=context)
        kept = b"0003" if stated.startswith("0003") else b"3"
        assert b"UNO+P1+AAI:4711+48:EDA+" + kept + b":5'abcUNP+0003+P1'" in written


def test_a_package_gets_a_reference_and_stands_in_the_group_that_is_open(edifact, context):
    format_ = edifact(syntax="UNOC:4", group=True)
    envelope = format_.envelope(sender=A, receiver=B)
    blank = replace(envelope, message=("", *UNO[1:]))
    written = format_.write([ORDERS, package(b"a"), package(b"b")], envelope=[envelope, blank, blank], context=context)
    assert written.count(b"UNG+") == 1
    assert b"UNT+3+1'UNO+1+AAI:4711+48:EDA+1'aUNP+1+1'UNO+2+AAI:4711+48:EDA+1'bUNP+1+2'UNE+3+1'UNZ+1+1'" in written


def test_what_is_missing_or_no_byte_is_refused(edifact, context):
    format_ = edifact(syntax="UNOC:4")
    envelope = format_.envelope(sender=A, receiver=B)
    with pytest.raises(Reject) as refused:
        format_.write([package(b"a")], envelope=envelope, context=context)
    assert [(f.message, f.place.tag, f.place.element) for f in refused.value.findings] == [
        ("UNO needs the reference of the object (S020)", "UNO", 2),
        ("UNO needs the type of the object (S021)", "UNO", 3),
    ]
    own = replace(envelope, message=UNO)
    with pytest.raises(Reject) as refused:
        format_.write([Encoded(kind="UNO", body=["a漢"])], envelope=own, context=context)
    (found,) = refused.value.findings
    assert (found.code, found.value, found.place.message) == ("E-DOMAIN", "漢", 1)
    assert found.message.startswith("'漢' is no byte")
    with pytest.raises(Reject, match="a package before it has the same reference"):
        format_.write([package(b"a")] * 2, envelope=[own, own], context=context)
    with pytest.raises(Reject, match="is no character of"):
        format_.write([package(b"a")], envelope=replace(own, message=("漢", *UNO[1:])), context=context)
