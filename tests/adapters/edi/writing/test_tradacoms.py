"""TRADACOMS: transmissions of messages that are counted from 1, the release of five signs, reconciliation."""

from dataclasses import replace

import pytest
from pydantic import ValidationError

from transload.adapters.base import ConfigurationError, Context, Encoded, Identity, Reject
from transload.adapters.edi import TradacomsFormat
from transload.adapters.edi.envelope import Envelope
from transload.adapters.edi.options import TradacomsOptions
from transload.adapters.edi.separators import TRADACOMS_DEFAULT

SHOP, MAKER = Identity(id="5000000000000"), Identity(id="5010000000000")
ORDER_FILE = [
    Encoded(kind="ORDHDR", version="9", body=["TYP\x1d0430\x1dNEW-ORDERS", "FIL\x1d1630\x1d1\x1d260115"]),
    Encoded(
        kind="ORDERS", version="9", body=["CLO\x1d5000000000283\x1f89828", "ORD\x1d70970\x1f\x1f260115", "OTR\x1d0"]
    ),
    Encoded(kind="ORDTLR", version="9", body=["OFT\x1d1"]),
]


def tradacoms(**options: object) -> TradacomsFormat:
    return TradacomsFormat(TradacomsOptions.model_validate(options))


def test_a_new_transmission(context: Context) -> None:
    format_ = tradacoms(
        newline="lf",
        sender_name="SOME STORES LTD",
        receiver_name="SUPPLIER UK LTD",
        recipient_reference="PASSW",
        application_reference="ORDHDR",
        priority="B",
    )
    envelope = format_.envelope(sender=SHOP, receiver=MAKER)
    assert format_.write(ORDER_FILE, envelope=envelope, context=context).decode() == (
        "STX=ANA:1+5000000000000:SOME STORES LTD+5010000000000:SUPPLIER UK LTD+260115:083000+1+PASSW+ORDHDR+B'\n"
        "MHD=1+ORDHDR:9'\nTYP=0430+NEW-ORDERS'\nFIL=1630+1+260115'\nMTR=4'\n"
        "MHD=2+ORDERS:9'\nCLO=5000000000283:89828'\nORD=70970::260115'\nOTR=0'\nMTR=5'\n"
        "MHD=3+ORDTLR:9'\nOFT=1'\nMTR=3'\n"
        "END=3'\n"
    )
    again = format_.write(ORDER_FILE[:1], envelope=envelope, context=context)
    assert b"+260115:083000+2+" in again  # the next number of tradacoms/5000000000000/5010000000000/interchange


def test_the_five_signs_are_released_and_a_segment_without_elements_is_its_tag(context: Context) -> None:
    envelope = tradacoms().envelope(sender=SHOP, receiver=MAKER)
    body = ["CDT\x1d\x1f1=2\x1dO'Brien? A+B:C", "SEP"]
    written = tradacoms().write([Encoded(kind="UTLHDR", version="3", body=body)], envelope=envelope, context=context)
    assert b"'CDT=:1?=2+O?'Brien?? A?+B?:C'SEP'MTR=4'END=1'" in written


def test_reconciliation_is_announced_and_written_at_the_end(context: Context) -> None:
    format_ = tradacoms(reconciliation=True)
    envelope = format_.envelope(sender=SHOP, receiver=MAKER)
    written = format_.write(ORDER_FILE, envelope=envelope, context=context).decode()
    assert written.startswith("STX=ANAA:1+5000000000000+5010000000000+260115:083000+1'")
    assert written.endswith("'MHD=4+RSGRSG:2'RSG=1+5010000000000'MTR=3'END=4'")
    own = Encoded(kind="RSGRSG", version="2", body=["RSG\x1dX\x1dY"])
    written = format_.write([*ORDER_FILE, own], envelope=envelope, context=context).decode()
    assert written.endswith("'MHD=4+RSGRSG:2'RSG=X+Y'MTR=3'END=4'")


def test_batches_count_their_messages_and_the_end_counts_all(context: Context) -> None:
    envelope = tradacoms().envelope(sender=SHOP, receiver=MAKER)
    first, second = (replace(envelope, group=(text,), position=(1, at)) for at, text in ((1, "ONE"), (2, "TWO")))
    written = tradacoms(reconciliation=True).write(ORDER_FILE, envelope=[first, first, second], context=context)
    assert written.endswith(b"MTR=3'EOB=1'END=3'")
    announced = replace(second, interchange=("ANAA\x1f1", *second.interchange[1:]))
    written = tradacoms().write(ORDER_FILE[:1], envelope=announced, context=context)
    assert written.endswith(b"MTR=4'EOB=1'MHD=2+RSGRSG:2'RSG=2+5010000000000'MTR=3'END=2'")
    written = tradacoms().write(ORDER_FILE, envelope=[first, first, second], context=context)
    assert written.count(b"BAT=ONE'MHD=1+ORDHDR:9'") == written.count(b"MTR=5'EOB=2'BAT=TWO'MHD=3+") == 1


def test_messages_are_counted_whatever_their_headers_said(context: Context) -> None:
    read = Envelope(
        standard="tradacoms",
        separators=TRADACOMS_DEFAULT,
        interchange=("ANA\x1f1", "A", "B", "260115\x1f083000", "7"),
        message=("02", "ORDERS\x1f9\x1fX", "MORE"),
    )
    same = replace(ORDER_FILE[1], version="9:X")
    assert tradacoms().write([same], envelope=read, context=context).decode() == (
        "STX=ANA:1+A+B+260115:083000+7'MHD=1+ORDERS:9:X+MORE'"
        "CLO=5000000000283:89828'ORD=70970::260115'OTR=0'MTR=5'END=1'"
    )
    second = replace(read, message=("02", "ORDERS\x1f9"))
    written = tradacoms().write([ORDER_FILE[1]] * 2, envelope=[read, second], context=context)
    assert b"MHD=02+ORDERS:9'" in written  # a number that fits stays as it was


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("漢", "'漢' is no character of ISO 8859-1"),
        ("a\nb", "the control character U+000A cannot stand in a value"),
        ("a\x19b", "the control character U+0019 cannot stand in a value"),
        ("a\x1eb", "this syntax has no repetitions"),
    ],
)
def test_what_tradacoms_cannot_carry(context: Context, value: str, message: str) -> None:
    bad = Encoded(kind="ORDERS", version="9", body=["ORD\x1d1", f"DNA\x1d{value}"])
    envelope = tradacoms().envelope(sender=SHOP, receiver=MAKER)
    with pytest.raises(Reject) as refused:
        tradacoms().write([bad], envelope=envelope, context=context)
    found = refused.value.findings[0]
    assert (found.code, found.message, found.place and found.place.tag) == ("E-DOMAIN", message, "DNA")


def test_parties_and_tests(context: Context) -> None:
    with pytest.raises(ConfigurationError, match="TRADACOMS knows no qualifier, and the party A has 14"):
        tradacoms().envelope(sender=Identity(id="A", qualifier="14"), receiver=MAKER)
    with pytest.raises(ConfigurationError, match="TRADACOMS has no mark for tests"):
        tradacoms().envelope(sender=SHOP, receiver=MAKER, test=True)
    made = tradacoms(test_reference="ORDTES", application_reference="ORDHDR").envelope(
        sender=SHOP, receiver=MAKER, test=True
    )
    assert (made.application_reference, made.sender, made.receiver) == ("ORDTES", SHOP, MAKER)
    assert (made.syntax, made.prepared, made.reference) == ("ANA:1", "", "")
    assert not made.test
    assert not made.acknowledgement_requested
    nameless = replace(made, interchange=("ANA\x1f1", "\x1fANY SHOP PLC", "B", "260115", "1"))
    assert nameless.sender == Identity(id="ANY SHOP PLC")
    assert nameless.again().interchange == ("ANA\x1f1", "\x1fANY SHOP PLC", "B", "", "")
    with pytest.raises(Reject) as refused:
        tradacoms().write(
            ORDER_FILE, envelope=tradacoms().envelope(sender=Identity(id="5" * 15), receiver=MAKER), context=context
        )
    assert [(f.message, f.place and f.place.tag) for f in refused.value.findings] == [
        ("this component takes 14 characters, not 15", "STX")
    ]


@pytest.mark.parametrize("options", [{"group_sender": "X"}, {"acknowledgement_request": True}, {"priority": "AB"}])
def test_options_that_tradacoms_does_not_have(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TradacomsOptions.model_validate(options)
