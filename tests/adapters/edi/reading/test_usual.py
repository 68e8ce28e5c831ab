"""What is seen of an interchange at a glance is what a walk over it finds."""

import random

import pytest

from transload.adapters.edi.reading import framing
from transload.adapters.edi.reading.scan import scan
from transload.adapters.edi.reading.usual import usual

PIECES = (
    *(
        b"'",
        b"+",
        b":",
        b"?",
        b"~",
        b"*",
        b">",
        b"\r\n",
        b"\n",
        b" ",
        b"",
        b"0",
        b"A",
        b"\x00",
        b"\x0b",
        b"\xe4",
        b"''",
    ),
    *(b"'UNT+3+1'", b"'UNZ+1+1'", b"'UNH+1+ORDERS:D:96A:UN'", b"'UNG+", b"?'UNT+", b"UNA:+.? '", b"UNB+UNOA:3+"),
    *(b"~SE*3*0001~", b"~ST*850*0001~", b"~GS*PO*", b"~TA1*", b"~BIN*3*", b"ISA*00*", b"IEA*1*"),
)
FILES = ("edifact/orders.edi", "edifact/ordrsp.edi", "x12/850.edi", "x12/855.edi")


def described(payload):
    """All that is found of the interchanges of a payload."""
    taken_apart = {"groups": tuple, "frames": tuple}
    return [
        {name: taken_apart.get(name, lambda value: value)(getattr(each, name)) for name in vars(each)}
        for each in scan(payload)
    ]


def changed(payload, chance):
    """``payload`` with some changes, most of them near its beginning or its end."""
    result = bytearray(payload)
    for _ in range(chance.randrange(1, 4)):
        size = len(result)
        places = (chance.randrange(min(size, 250)), size - 1 - chance.randrange(min(size, 90)), chance.randrange(size))
        at = chance.choice(places)
        match chance.randrange(3):
            case 0:
                result[at : at + 1] = chance.choice(PIECES)
            case 1:
                result[at:at] = chance.choice(PIECES)
            case _:
                del result[at : at + chance.choice((1, 1, 4))]
    return bytes(result) or b" "


@pytest.mark.parametrize("name", FILES)
def test_a_glance_and_a_walk_find_the_same(fixtures, name, monkeypatch):
    chance = random.Random(name)
    payload = (fixtures / name).read_bytes()
    payloads = [payload, *(changed(payload, chance) for _ in range(600))]
    usually = []

    def glance(*given):
        found = usual(*given)
        usually.append(found is not None)
        return found

    monkeypatch.setattr(framing, "usual", glance)
    seen = [described(each) for each in payloads]
    assert usually[0]
    assert 100 < sum(usually) < len(usually) - 100
    monkeypatch.setattr(framing, "usual", lambda *_: None)
    for each, found in zip(payloads, seen, strict=True):
        assert described(each) == found, each
