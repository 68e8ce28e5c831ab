"""Reading never raises, whatever stands in a message, and the fast and the traced build say the same."""

from random import Random

import pytest

from transload.adapters.base.registry import adapter
from transload.canonical.documents import as_json
from transload.mappings import load_mapping

SAMPLES = {
    "edifact": ("library:edifact/orders-d96a", "edifact/orders.edi"),
    "x12": ("library:x12/850-004010", "x12/850.edi"),
}
ODD = [
    "",
    "X",
    "999999999999",
    "20269999",
    "-",
    ":",
    "A:B:C:D:E:F:G:H",
    "\x00",
    "ä",
    "NaN",
    "1e5",
    " ",
    "0",
    "\x1d\x1f",
]


def mutated(segments, chance):
    rows = [list(row) for row in segments]
    for _ in range(chance.randint(1, 6)):
        index = chance.randrange(len(rows))
        action = chance.randrange(6)
        if action == 0:
            rows.insert(index, list(rows[chance.randrange(len(rows))]))
        elif action == 1 and len(rows) > 1:
            del rows[index]
        elif action == 2:
            rows[index] = rows[index][: chance.randint(0, len(rows[index]))] or [""]
        elif action == 3:
            rows[index].append(chance.choice(ODD))
        elif len(rows[index]) > 1:
            rows[index][chance.randrange(1, len(rows[index]))] = chance.choice(ODD)
        else:
            rows[index][0] = chance.choice(["ZZZ", "", "LIN", "N1", "UNS"])
    return rows


@pytest.mark.parametrize("name", SAMPLES)
def test_mutated_messages(fixtures, name):
    reference, sample = SAMPLES[name]
    mapping = load_mapping(reference)
    found = adapter(name).format
    payload = (fixtures / sample).read_bytes()
    (message,) = found(found.Options()).read(payload, file=sample)
    assert mapping.decode(message).documents
    body, original = message.body, message.body.segments
    chance = Random(11)
    outcomes = set()
    for _ in range(300):
        body.segments = mutated(original, chance)
        decoded, traced = mapping.decode(message), mapping.trace(message)
        assert [as_json(one) for one in decoded.documents] == [as_json(one) for one in traced.documents]
        assert [f.line() for f in decoded.findings] == [f.line() for f in traced.findings]
        assert bool(decoded.documents) != any(finding.is_error for finding in decoded.findings)
        for finding in decoded.findings:
            assert finding.code[0] in "EW"
            assert finding.place or finding.mapping
        outcomes.add(bool(decoded.documents))
    assert outcomes == {True, False}
