"""Mainframe files of other projects, read as these read them, and written back byte for byte."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from transload.adapters.base import Encoded
from transload.adapters.cobol import CobolFormat, CobolOptions
from transload.adapters.cobol.values import Unreadable

FILES = [
    ("test1_copybook.cob", "test1_data/example.bin", "test1_expected/test1.txt", {}),
    ("test3_copybook.cob", "test3_data/TRAN2.AUG31.DATA.dat", "test3_expected/test3.txt", {}),
    ("test6_copybook.cob", "test6_data/INTEGR.TYPES.NOV28.DATA.dat", "test6_expected/test6.txt", {"floats": "ieee"}),
    ("test14_copybook.cob", "test14_data/COMP.DETAILS.JUL02.DATA.dat", "test14_expected/test14.txt",
     {"records": "rdw", "words": "little"}),
    ("test19_display_num.cob", "test19_display_num/data.dat", "test19_display_num_expected/test19.txt", {}),
]  # fmt: skip
OTHERWISE = {"File-Id", "Record-Id", "Record-Byte-Length", "Seg-Id0", "Seg-Id1"}
"""Counters of the other reader."""


@pytest.mark.parametrize(("copybook", "data", "expected", "options"), FILES)
def test_samples(shared: Path, copybook: str, data: str, expected: str, options: dict[str, Any]) -> None:
    folder = shared / "samples/mainframe"
    text = (folder / copybook).read_text(encoding="latin-1")
    form = CobolFormat(CobolOptions.model_validate({"copybook": text, **options}))
    payload = (folder / data).read_bytes()
    messages = list(form.read(payload, file=data))
    assert not any(message.findings for message in messages)
    lines = (folder / expected).read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line, parse_int=Decimal, parse_float=Decimal) for line in lines]
    assert len(messages) >= len(rows) > 0
    for message, row in zip(messages, rows, strict=False):
        ((values,),) = message.body.root.values()  # type: ignore[union-attr]
        for name, wanted in flat(row).items():
            if name == "TAXPAYER-STR" and "TAXPAYER-NUM" in flat(row):
                continue  # a number seen as text
            if name not in OTHERWISE and not name.startswith("EX-"):  # edited pictures are texts here
                assert alike(values.get(name), wanted), (name, wanted, values.get(name))
    bodies = [Encoded(kind="", body=message.body.root) for message in messages]  # type: ignore[union-attr]
    envelopes = [message.envelope for message in messages]
    assert form.write(bodies, envelope=envelopes, context=None) == payload  # type: ignore[arg-type]


def flat(row: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in row.items():
        found.update(flat(value) if isinstance(value, dict) else {name.replace("_", "-"): value})
    return found


def alike(value: Any, wanted: Any) -> bool:
    if isinstance(value, Unreadable):
        return wanted is None
    if isinstance(wanted, Decimal):
        return (value is None and not wanted) or Decimal(value) == wanted
    if isinstance(wanted, list):
        pairs = zip(value or (), wanted, strict=True)
        return all(
            alike(mine.get(name), theirs)
            for mine, row in pairs
            for name, theirs in flat(row).items()
            if "TYPE" not in name
        )
    if not wanted and value and not value.isprintable():
        return True  # of which the other reader drops what is no letter
    return (value or "").strip() == wanted.strip()
