"""Laws: what is drawn is read again; whatever stands in a file, there are findings, and what is written loads."""

import tempfile
from datetime import date
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from transload.adapters.edi.guides import find_guide
from transload.adapters.edi.guides.importing.uncefact import read_releases
from transload.adapters.edi.guides.importing.uncefact.messages import read_message
from transload.adapters.edi.guides.importing.writing import write_release
from transload.canonical.errors import TransloadError

tags = st.sampled_from(["BGM", "DTM", "NAD", "LOC", "QTY", "SGP", "PRI"])
counts = st.sampled_from([1, 9, 99, 9999, 200000])
statuses = st.sampled_from("MC")
segments = st.tuples(tags, statuses, counts)
openers = st.tuples(tags, st.just("M"), st.just(1))
trees = st.recursive(
    segments,
    lambda below: st.tuples(statuses, counts, openers, st.lists(below, max_size=4)),
    max_leaves=25,
)


def rows(tree, names):
    """A tree as rows ``(depth, text, is group)``; groups are numbered as they come."""
    if len(tree) == 3:
        return [(f"{tree[0]} A title", tree[1], tree[2], None)]
    status, most, opener, below = tree
    name = f"SG{next(names)}"
    inner = [rows(child, names) for child in [opener, *below]]
    return [(name, status, most, inner)]


def drawn(entries, depth, ended):
    """The lines of a table: text on the left, the open groups at the right margin."""
    for place, (name, status, most, inner) in enumerate(entries):
        last = ended + 1 if depth and place == len(entries) - 1 else 0
        if inner is None:
            left = f"00010   {name:<44} {status}   {most}"
            box = f"{'-' * 8}{'+' * last}" if last else ""
            yield f"{left}{box}{'|' * (depth - last)}"
            continue
        left = f"00010       ---- Segment group {name[2:]:<2} ------------------ {status}   {most}"
        yield f"{left}-----+{'|' * depth}"
        flat = [entry for rows_of_one in inner for entry in rows_of_one]
        yield from drawn(flat, depth + 1, last)


def expected(entries):
    return [
        (name.partition(" ")[0], status, most, expected([e for one in inner for e in one]) if inner else [])
        for name, status, most, inner in entries
    ]


def found(entries):
    return [(e.name, e.status, e.most, found(e.children)) for e in entries]


@given(st.lists(trees, min_size=1, max_size=5))
def test_what_is_drawn_is_read_again(toy, forest):
    names = iter(range(1, 1000))
    entries = [row for tree in forest for row in rows(tree, names)]
    table = "\n".join(drawn(entries, 0, 0))
    text = f"00010   UNH Message header   M   1\n{table}\n00010   UNT Message trailer   M   1\n"
    faults = []
    message = read_message(toy.part(text), faults)
    assert faults == []
    assert found(message.entries) == expected(entries)


strange = st.text(st.sampled_from("ABCMXSG019 ─│┐┘┴-+|*#.:()\n\tü"), max_size=12)


@settings(max_examples=60)
@given(st.data())
def test_whatever_stands_in_the_files_there_are_findings_and_what_is_written_loads(toy, data):
    files = dict(data.draw(st.sampled_from([toy.new, toy.old])))
    for _ in range(data.draw(st.integers(1, 6))):
        name = data.draw(st.sampled_from(sorted(files)))
        text = files[name]
        begin = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(begin, min(len(text), begin + 200)))
        files[name] = text[:begin] + data.draw(strange) + text[end:]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x.zip")
        path.write_bytes(toy.zipped({name: text.encode("utf-8") for name, text in files.items()}))
        try:
            releases, findings = read_releases(path)
        except TransloadError:  # it always has findings
            return
        assert releases or findings
        for release in releases:
            write_release(release.release, Path(folder, "guides"), day=date(2026, 1, 1), replace=True)
            for message in release.release.messages:
                guide = find_guide("edifact", message.message, message.version, [Path(folder, "guides")])
                assert guide is not None
                guide.rules.read_codes()
