"""What the library makes of messages of other projects: a table, in real_samples.csv beside this file.

``TRANSLOAD_GOLDEN=write`` in the environment writes the table again.  Its columns: the sample and the number of the
message in it; the mapping; what is wrong with the message by its guide; the verdict of the mapping; how many places are
left aside with E-UNMAPPED; the first error, with the place in the mapping and in the message; and what becomes of the
document when it is written and read again.
"""

import csv
import io
import os
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from transload.canonical.documents import as_json
from transload.canonical.errors import Reject
from transload.canonical.findings import Finding
from transload.mappings import library_names, load_mapping

TABLE = Path(__file__).with_name("real_samples.csv")
HEAD = ("sample", "message", "mapping", "faults", "verdict", "unread", "error", "place", "at", "again")
KINDS = {"edifact": ("ORDERS", "ORDRSP", "DESADV", "INVOIC", "APERAK"), "x12": ("810", "824", "850", "855", "856")}


@pytest.fixture(scope="module")
def rows(shared: Path, desk: Callable[..., Any]) -> list[tuple[str, ...]]:
    return [row for standard in KINDS for row in _rows(shared / "samples", standard, desk)]


def _rows(samples: Path, standard: str, desk: Callable[..., Any]) -> Iterator[tuple[str, ...]]:
    """The rows of all messages of the kinds that the library has mappings for."""
    names = sorted(name.removeprefix("library:") for name in library_names())
    desks = [desk(name) for name in names if name.startswith(f"{standard}/")]
    index = (samples / f"INDEX-{standard}.tsv").read_text("utf-8").splitlines()[1:]
    for line in index:
        file, messages = line.split("\t")[0], line.split("\t")[5]
        if not any(re.search(rf"(?<!\w){kind}:", messages) for kind in KINDS[standard]):
            continue
        found, _ = desks[0].read((samples / standard / file).read_bytes())
        for number, message in enumerate(found, 1):
            if message.kind not in KINDS[standard]:
                continue
            ours = next((ours for ours in desks if ours.mapping.matches(message)), None)
            name = f"{standard}/{ours.mapping.name}" if ours is not None else ""
            verdict = _verdict(ours, message) if ours is not None else _other(message)
            yield (file, str(number), name, _faults(message), *verdict)


def _faults(message: Any) -> str:
    return " ".join(sorted({finding.code for finding in message.findings if finding.is_error}))


def _other(message: Any) -> tuple[str, ...]:
    return (f"no mapping of {message.kind}:{message.version}", "", "", "", "", "")


def _verdict(ours: Any, message: Any) -> tuple[str, ...]:
    decoded = ours.mapping.decode(message)
    unread = sum(finding.code == "E-UNMAPPED" for finding in decoded.findings)
    error = next((finding for finding in decoded.findings if finding.is_error), None)
    assert (error is None) == bool(decoded.documents)
    if error is not None:
        return ("rejected", str(unread), error.code, *_places(error), "")
    again = {_again(ours, document) for document in decoded.documents}
    return ("document", str(unread), "", "", "", " and ".join(sorted(again)))


def _places(error: Finding) -> tuple[str, str]:
    mapping = error.mapping.place if error.mapping is not None else None
    place = error.place
    return mapping or "", f"{place.tag} in line {place.line}" if place is not None else ""


def _again(ours: Any, document: Any) -> str:
    """What is written from a document must be valid by the guide, and read as the same document."""
    try:
        payload = ours.encode(document)
    except Reject as refused:
        finding = refused.findings[0]
        return f"{finding.code} {finding.field}"
    (message,), _ = ours.read(payload)
    (found,) = ours.mapping.decode(message).documents
    lost = [name for name in as_json(document) if as_json(found).get(name) != as_json(document)[name]]
    words = f"the same, less {', '.join(lost)}" if lost else "the same"
    return f"{words}; {_faults(message)}" if _faults(message) else words


@cache
def _golden() -> str:
    return TABLE.read_text(encoding="utf-8")


def test_the_table_says_what_becomes_of_each_sample(rows: list[tuple[str, ...]]) -> None:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(HEAD)
    writer.writerows(rows)
    if os.environ.get("TRANSLOAD_GOLDEN") == "write":
        TABLE.write_text(written.getvalue(), encoding="utf-8")
    assert written.getvalue().splitlines() == _golden().splitlines()


def test_a_document_that_was_read_is_written_and_read_as_the_same(rows: list[tuple[str, ...]]) -> None:
    """But for what the mapping says that it loses; and it has no fault that the sample did not have."""
    documents = [row for row in (dict(zip(HEAD, row, strict=True)) for row in rows) if row["verdict"] == "document"]
    assert len(documents) >= 20
    for row in documents:
        words, _, faults = row["again"].partition("; ")
        lost = words.removeprefix("the same").removeprefix(", less ").split(", ") if words != "the same" else []
        assert words.startswith("the same"), row
        assert {*lost} <= {*load_mapping(f"library:{row['mapping']}").loses}, row
        assert {*faults.split()} <= {*row["faults"].split()}, row
