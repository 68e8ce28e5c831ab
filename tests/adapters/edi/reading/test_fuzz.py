"""Whatever the bytes, reading raises nothing, loses nothing it cannot name, and takes time in proportion to them."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transload.adapters.edi.view import inspect

PIECES = [
    b"UNA:+.? '",
    b"UNA",
    b"UNB+UNOC:3+A+B+260114:0915+1'",
    b"UNB+",
    b"UNG+ORDERS+A+B+260114:0915+1+UN+D:96A'",
    b"UNH+1+ORDERS:D:96A:UN'",
    b"BGM+220+1+9'",
    b"UNT+3+1'",
    b"UNE+1+1'",
    b"UNZ+1+1'",
    b"ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260114*0915*U*00401*000000007*0*P*>~",
    b"ISA*00* *00* *ZZ*A *ZZ*B *260114*0915*U*00401*000000007*0*P*>~",
    b"ISA",
    b"GS*PO*A*B*20260114*0915*7*X*004010~",
    b"ST*850*0001~",
    b"BEG*00~",
    b"BIN*5*",
    b"SE*3*0001~",
    b"GE*1*7~",
    b"IEA*1*000000007~",
    b"TA1*1~",
    b"\xef\xbb\xbf",
    b"'",
    b"~",
    b"?",
    b"+",
    b"\r\n",
    b"\x00",
    b"\x1d",
    b"\xff",
]


def checked(payload):
    shown = inspect(payload, "x")
    json.dumps(shown)
    every = [*shown["findings"], *(f for i in shown["interchanges"] for f in i["findings"])]
    for finding in every:
        assert finding["message"]
        assert 0 <= finding["place"]["byte"] <= max(len(payload) - 1, 0)
        assert finding["place"]["line"] == payload[: finding["place"]["byte"]].count(b"\n") + 1 or b"\n" not in payload
    return shown


@settings(max_examples=250)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map(b"".join))
def test_pieces_in_any_order(payload):
    checked(payload)


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_any_bytes(payload):
    checked(payload)


@settings(max_examples=80)
@given(data=st.data(), name=st.sampled_from(["edifact/orders.edi", "x12/850.edi", "edifact/orders-broken.edi"]))
def test_fixtures_with_changes(fixtures, data, name):
    payload = bytearray((fixtures / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(payload) - 1))
        match data.draw(st.sampled_from(["cut", "change", "insert", "remove", "double"])):
            case "cut":
                del payload[at:]
                payload += b" "
            case "change":
                payload[at] = data.draw(st.integers(0, 255))
            case "insert":
                payload[at:at] = data.draw(st.sampled_from(PIECES))
            case "remove":
                del payload[at : at + 40]
                payload += b" "
            case "double":
                payload[at:at] = payload[at : at + 200]
    checked(bytes(payload))


def test_samples_with_changes(shared):
    """One byte in fifty of each sample changed, always the same ones."""
    for folder in ("edifact", "x12"):
        for number, path in enumerate(sorted((shared / "samples" / folder).iterdir())):
            payload = bytearray(path.read_bytes()[:20_000])
            for at in range(number % 50, len(payload), 50):
                payload[at] = b"'+:?~*UNSI\x00\xe4 \n"[(at * 7 + number) % 14]
            checked(bytes(payload))


ORDER = b"UNB+UNOC:3+A+B+260114:0915+1'UNH+1+ORDERS:D:96A:UN'"
ISA = PIECES[10]
SIZE = 5_000_000


@pytest.mark.parametrize(
    ("head", "unit"),
    [
        (b"", b"'"),
        (b"", b"x"),
        (b"", b"\x00\xff\x17"),
        (b"", b"UNH+"),
        (b"", b"UNA      "),
        (b"", b"ISA*"),
        (b"", b" "),
        (ORDER, b"'"),
        (ORDER, b"?"),
        (ORDER, b"?'"),
        (ORDER, b"'" + b" " * 1000),
        (ORDER, b"a"),
        (ORDER, b"+"),
        (ORDER, b"'UNT"),
        (ORDER, b"\x01"),
        (ORDER, b"\xe4?\n"),
        (ISA, b"~"),
        (ISA, b"BIN*9*~"),
        (ISA + b"GS*PO*A*B*20260114*0915*7*X*004010~ST*850*1~", b"BIN*999*~"),
    ],
)
def test_five_megabytes_of_anything_take_seconds_not_hours(head, unit):
    # the costliest ones are shorter: they make a finding or a look back for every few bytes
    size = SIZE if len(set(unit)) < 4 else SIZE // 10
    payload = head + unit * (size // len(unit))
    started = time.process_time()
    shown = inspect(payload, "big")
    assert time.process_time() - started < 20
    every = [*shown["findings"], *(f for i in shown["interchanges"] for f in i["findings"])]
    assert 1 <= len(every) < 3000


@pytest.mark.parametrize("name", ["edifact/orders.edi", "x12/850.edi"])
def test_cut_at_any_byte_it_is_an_error_with_a_place(fixtures, name):
    """Whatever is missing at the end, no cut file passes for a whole one."""
    payload = (fixtures / name).read_bytes()
    whole = len(payload.rstrip())
    for size in range(whole):
        shown = checked(payload[:size])
        every = [*shown["findings"], *(f for i in shown["interchanges"] for f in i["findings"])]
        assert any(finding["severity"] == "error" for finding in every), size


@pytest.mark.parametrize(
    ("name", "swapped"),
    [
        *(("edifact/orders.edi", pair) for pair in ("+:", "+'", ":'", "?+")),
        *(("x12/850.edi", pair) for pair in ("*~", "*>", ">~")),
    ],
)
def test_swapped_separators_are_told(fixtures, name, swapped):
    payload = (fixtures / name).read_bytes()
    one, other = swapped.encode()
    head = 106 if name.startswith("x12") else 9  # what announces them stays as it is
    changed = payload[:head] + payload[head:].translate(bytes.maketrans(bytes([one, other]), bytes([other, one])))
    shown = checked(changed)
    every = [*shown["findings"], *(f for i in shown["interchanges"] for f in i["findings"])]
    assert changed != payload
    assert any(finding["severity"] == "error" for finding in every)
