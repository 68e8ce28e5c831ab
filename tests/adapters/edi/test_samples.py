"""All samples, compared with what an independent checker noted about their structure."""

import csv
import re
from functools import cache

import pytest

from transload.adapters.edi.view import inspect

NOT_COMPARED = {
    "bo4e__fv2604_mscons_13025.edi": "a UNB inside a message: what follows belongs to neither",
    "staedi__resources_x12_sample837-HL-nested-expected.txt": "an outline of segment names, no interchange",
    "pydifact__tests_data_hl7.lab": "laboratory data inside a UNB and nothing else of EDIFACT",
    "edinet__indice.Edi.Tests_Samples_edifact.D01B.IFCSUM.NewLines.EDI": "no terminator at all: cut after UNB",
    "edinet__indice.Edi.Tests_Samples_edifact.Issue188.edi": "UNT without a count",
}


@cache
def index(folder, standard):
    path = folder / "samples" / f"INDEX-{standard}.tsv"
    with path.open(encoding="utf-8", newline="") as file:
        return {row["file"]: row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)}


@cache
def shown(path):
    return inspect(path.read_bytes(), path.name)


def everything(view):
    return [*view["findings"], *(f for i in view["interchanges"] for f in i["findings"])]


@pytest.mark.parametrize("standard", ["edifact", "x12"])
def test_every_sample_is_shown_and_every_error_has_a_place(shared, standard):
    paths = sorted((shared / "samples" / standard).iterdir())
    assert len(paths) > 100
    for path in paths:
        view = shown(path)
        assert view["interchanges"] or [f["code"] for f in view["findings"]] == ["E-NOT-EDI"], path.name
        for found in everything(view):
            assert {"file", "line", "byte"} <= set(found["place"]), (path.name, found)
            assert found["place"]["file"] == path.name


@pytest.mark.parametrize("standard", ["edifact", "x12"])
def test_messages_and_segments_are_those_of_the_index(shared, standard):
    compared = 0
    for name, row in index(shared, standard).items():
        if name in NOT_COMPARED:
            continue
        view = shown(shared / "samples" / standard / name)
        service = ("TA1", "ISB", "ISE")
        expected = [entry for entry in row["messages"].split(";") if entry and entry not in service]
        kinds = {}
        for entry in expected:
            found = re.fullmatch(r"(.*?)(?:x(\d+))?", entry)
            kind = found[1].split(":")[0]
            kinds[kind] = kinds.get(kind, 0) + int(found[2] or 1)
        ours = {}
        for interchange in view["interchanges"]:
            for message in interchange["messages"]:
                ours[message["type"]] = ours.get(message["type"], 0) + 1
        assert ours == kinds, name
        assert sum(i["groups"] for i in view["interchanges"]) == int(row["groups"] or 0), name
        compared += 1
    assert compared > 95


NOTES = (
    (r"UNT count|SE count", "E-COUNT", ("UNT", "SE")),
    (r"UNT ref|SE ref", "E-REFERENCE", ("UNT", "SE")),
    (r"UNZ count|IEA count", "E-COUNT", ("UNZ", "IEA")),
    (r"UNZ ref|IEA ref", "E-REFERENCE", ("UNZ", "IEA")),
    (r"GE count", "E-COUNT", ("GE",)),
    (r"GE ref", "E-REFERENCE", ("GE",)),
    (r"UTF-8 BOM", "E-BOM", None),
    (r"ISA length", "E-ISA", ("ISA",)),
    (r"no UNZ|UNB without UNZ|no IEA", "E-TRAILER", ("UNZ", "IEA")),
    (r"no UNB", "E-HEADER", None),
)


@pytest.mark.parametrize("standard", ["edifact", "x12"])
def test_the_faults_are_those_of_the_index(shared, standard):
    """Each kind of fault that the index notes is found, as often, and none that it does not note.

    The index stops after five notes for a file: then there may be more.
    """
    for name, row in index(shared, standard).items():
        if name in NOT_COMPARED:
            continue
        noted = [note.strip() for note in row["structural_notes"].split(";") if note.strip()]
        found = [(f["code"], f["place"].get("tag")) for f in everything(shown(shared / "samples" / standard / name))]
        for pattern, code, tags in NOTES:
            expected = sum(bool(re.match(pattern, note)) for note in noted)
            ours = sum(c == code and (tags is None or tag in tags) for c, tag in found)
            assert ours == expected or (len(noted) == 5 and ours > expected), (name, pattern, noted, found)
