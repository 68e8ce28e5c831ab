"""The filter zip: entries, names that are data, and archives that are meant to do harm."""

import io
import shutil
import stat
import subprocess
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transload.adapters.base import Finding, Payload
from transload.adapters.filters import ZipFilter
from transload.canonical.errors import Reject

STORED, DEFLATED = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED
MANY_BYTES = st.binary(max_size=2000)


def archive(*entries: tuple[str, bytes], method: int = DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as packed:
        for name, content in entries:
            packed.writestr(zipfile.ZipInfo(name), content, method)
    return buffer.getvalue()


def unwrap(content: bytes, remarks: list[Finding] | None = None, **options: Any) -> list[Payload]:
    remark = (remarks if remarks is not None else []).append
    return list(ZipFilter(ZipFilter.Options(**options)).unwrap(Payload(content=content, name="in.zip"), remark))


def told(content: bytes, **options: Any) -> str:
    with pytest.raises(Reject) as caught:
        unwrap(content, **options)
    (finding,) = caught.value.findings
    return finding.line()


@given(st.lists(MANY_BYTES, max_size=5), st.sampled_from([STORED, DEFLATED]))
def test_each_entry_is_a_payload_in_its_order(contents: list[bytes], method: int) -> None:
    found = unwrap(archive(*((f"d/{n}.edi", content) for n, content in enumerate(contents)), method=method))
    assert [one.content for one in found] == contents
    assert [one.name for one in found] == [f"{n}.edi" for n in range(len(contents))]
    assert [one.metadata for one in found] == [{"entry": f"d/{n}.edi"} for n in range(len(contents))]


@given(MANY_BYTES)
def test_what_is_written_is_read(content: bytes) -> None:
    filter = ZipFilter(ZipFilter.Options())
    written = filter.wrap(content, {"name": "PO 1.edi"})
    assert written == filter.wrap(content, {"name": "PO 1.edi"})
    (found,) = unwrap(written)
    assert (found.content, found.name) == (content, "PO 1.edi")


@pytest.mark.skipif(shutil.which("unzip") is None, reason="needs unzip")
def test_other_programs_read_what_is_written(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(ZipFilter(ZipFilter.Options()).wrap(b"hello", {"name": "a.txt"}))
    done = subprocess.run(["unzip", "-p", "a.zip"], cwd=tmp_path, capture_output=True, check=True)
    assert done.stdout == b"hello"


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_names_are_data() -> None:
    names = ["../../etc/passwd", "/root/x", "C:\\a\\b.txt", "a\nb", "ü.edi", "..", "same", "same"]
    found = unwrap(archive(*((name, b"x") for name in names)))
    assert [one.name for one in found] == ["passwd", "x", "C:\\\\a\\\\b.txt", "a\\nb", "ü.edi", "..", "same", "same"]
    assert found[0].metadata["entry"] == "../../etc/passwd"


def test_folders_are_passed_over_and_what_no_pattern_fits_is_told() -> None:
    remarks: list[Finding] = []
    found = unwrap(archive(("d/", b""), ("d/a.edi", b"1"), ("__MACOSX/._a.edi.x", b"2")), remarks, pattern=["*.edi"])
    assert [one.name for one in found] == ["a.edi"]
    assert [finding.line() for finding in remarks] == [
        "remark R-ENTRY the entry __MACOSX/._a.edi.x of in.zip is left: no 'pattern' of the filter fits"
    ]


def test_an_empty_archive_holds_nothing() -> None:
    assert unwrap(archive()) == []


def test_what_is_optional_is_taken_as_it_is() -> None:
    assert [one.content for one in unwrap(b"UNB", optional=True)] == [b"UNB"]


def test_archives_in_archives() -> None:
    inner = archive(("x.edi", b"x"), ("y.edi", b"y"))
    both = archive(("a.edi", b"a"), ("d/inner.ZIP", inner))
    found = unwrap(both, nesting=2)
    assert [(one.name, one.metadata["entry"]) for one in found] == [
        ("a.edi", "a.edi"),
        ("x.edi", "d/inner.ZIP/x.edi"),
        ("y.edi", "d/inner.ZIP/y.edi"),
    ]
    assert told(both) == (
        f"byte {both.index(b'PK', 4)}: error E-NESTING the entry d/inner.ZIP of in.zip is an archive in an archive"
        " (raise 'nesting' of the filter, which is 1, if such archives are meant)"
    )
    assert "E-NESTING" in told(archive(("deep.zip", both)), nesting=2)
    assert [one.name for one in unwrap(both, pattern=["*.edi"])] == ["a.edi"]
    assert [one.content for one in unwrap(archive(("book.xlsx", inner)))] == [inner]


def test_refusals(tmp_path: Path) -> None:
    assert told(b"UNB+UNOA") == (
        "byte 0: error E-ZIP in.zip is no zip archive (remove the filter, or set 'optional' where the partner packs"
        " only some)"
    )
    assert told(b"PK\x03\x04junk") == (
        "byte 8: error E-ZIP in.zip is a damaged zip archive: File is not a zip file (it was damaged on the way; ask"
        " the partner to send it again)"
    )
    packed = bytearray(archive(("a.txt", b"hello"), method=STORED))
    packed[packed.index(b"hello")] ^= 1
    assert told(bytes(packed)) == (
        "byte 0: error E-ZIP the entry a.txt of in.zip cannot be unpacked: Bad CRC-32 for file 'a.txt' (it was damaged"
        " on the way; ask the partner to send it again)"
    )
    assert told(archive(("a.txt", b"hello"), method=zipfile.ZIP_LZMA)) == (
        "byte 0: error E-ZIP-METHOD the entry a.txt of in.zip is packed with the method lzma (only stored and deflated"
        " entries are opened; ask the partner to pack as every zip program does)"
    )
    assert "E-ZIP-METHOD" in told(archive(("a.txt", b"hello"), method=zipfile.ZIP_BZIP2))


def test_what_is_wrong_with_an_archive_in_an_archive_is_placed_in_the_outer_one() -> None:
    inner = archive(*((f"{n}", b"x" * 100) for n in range(30)), ("link.zip", archive(("a", b"a"))))
    both = archive(("a.edi", b"a"), ("inner.zip", inner))
    assert told(both, nesting=2).startswith(f"byte {both.index(b'PK', 4)}: error E-NESTING the entry link.zip of")


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("", "'': it is empty"),
        ("in/", "'in/': it is empty"),
        ("/etc/passwd", "'/etc/passwd': it is empty"),
        ("C:a.txt", "'C:a.txt': it begins with a drive"),
        ("../a.txt", "'../a.txt': it names a folder"),
        ("a\\b.txt", "'a\\\\\\\\b.txt': it has a slash"),
        ("a\0b", "'a\\\\x00b': it has a control character"),
        ("\ud800", "'\\\\ud800': it has a sign that is no Unicode"),
        ("x" * 1001, f"'{'x' * 80}': it is longer than 1000 characters"),
        ("x" * 300, f"'{'x' * 80}': it is longer than 255 bytes"),
    ],
    ids=range(10),
)
def test_an_entry_that_leads_out_of_its_folder_is_not_written(name: str, fault: str) -> None:
    with pytest.raises(Reject) as caught:
        ZipFilter(ZipFilter.Options()).wrap(b"x", {"name": name})
    assert f"error E-NAME an entry cannot be called {fault}" in caught.value.findings[0].line()
    assert "look at the template 'name' of the filter" in caught.value.findings[0].line()


def test_an_entry_may_stand_in_a_folder() -> None:
    assert unwrap(ZipFilter(ZipFilter.Options()).wrap(b"x", {"name": "in/PO 1.txt"}))[0].name == "PO 1.txt"


def test_a_folder_that_has_bytes_is_refused() -> None:
    assert told(archive(("d/", b""), ("a/", b"hello"))).startswith(
        "byte 34: error E-ZIP the entry a/ of in.zip is a folder by its name, and has bytes (it was damaged"
    )


def test_an_entry_that_hides_in_the_comment_of_another_is_missed() -> None:
    packed = bytearray(archive(("a", b"1"), ("b", b"2"), ("c", b"3")))
    packed[packed.index(b"PK\x01\x02") + 32] = 47  # the length of the comment
    assert told(bytes(packed)).startswith(
        f"byte {len(packed) - 22}: error E-ZIP in.zip says that it has 3 entries, and 2 are listed (it was damaged"
    )


def test_an_encrypted_entry_is_refused() -> None:
    packed = bytearray(archive(("a.txt", b"hello")))
    packed[6] |= 1
    packed[packed.index(b"PK\x01\x02") + 8] |= 1
    assert told(bytes(packed)) == (
        "byte 0: error E-ZIP-ENCRYPTED the entry a.txt of in.zip is encrypted (zip passwords are weak and not"
        " supported; agree with the partner on the filter pgp)"
    )


def test_a_link_is_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        link = zipfile.ZipInfo("link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        packed.writestr(link, "/etc/passwd")
    assert told(buffer.getvalue()) == (
        "byte 0: error E-ZIP-LINK the entry link of in.zip is a symbolic link (a link says nothing here; ask the"
        " partner to pack the file itself)"
    )


def test_too_many_entries_are_refused_before_they_are_read() -> None:
    many = archive(*((f"{n}", b"") for n in range(5000)))
    tracemalloc.start()
    assert told(many) == (
        f"byte {len(many) - 22}: error E-ENTRIES in.zip has more than 1000 entries (raise 'entries' of the filter if"
        " such archives are meant)"
    )
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * len(many)
    assert len(unwrap(many, entries=5000)) == 5000
    lying = many[:-14] + b"\x01\0\x01\0" + many[-10:]  # the last record says 1 entry, and the library reads all
    assert "E-ENTRIES" in told(lying)
    inner = archive(*((f"{n}", b"") for n in range(600)))
    assert "E-ENTRIES" in told(archive(("a.zip", inner), ("b.zip", inner)), nesting=2)


def test_a_bomb_is_refused_within_bounded_memory() -> None:
    zeros = bytes(60 * 1024**2)
    packed = archive(*((f"{n}", zeros) for n in range(6)))
    del zeros
    tracemalloc.start()
    with pytest.raises(Reject) as caught:
        for _ in ZipFilter(ZipFilter.Options(ratio=2000)).unwrap(Payload(content=packed, name="in.zip"), print):
            pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [finding.code for finding in caught.value.findings] == ["E-BOMB"]
    assert peak < 200 * 1024**2
    assert "grows beyond 200 times its" in told(packed)


def test_overlapping_entries_count_each_time() -> None:
    """Many entries of the directory that share one packed kernel."""
    kernel = archive(("0", bytes(20 * 1024**2)))
    at = kernel.index(b"PK\x01\x02")
    directory, end = kernel[at:-22], kernel[-22:]
    many = 900
    size = len(directory) * many
    last = end[:8] + many.to_bytes(2, "little") * 2 + size.to_bytes(4, "little") + at.to_bytes(4, "little") + b"\0\0"
    assert told(kernel[:at] + directory * many + last, ratio=2000).split()[1] in ("E-BOMB", "E-ZIP")


@given(st.data())
def test_damage_is_a_finding_and_never_another_error(data: st.DataObject) -> None:
    packed = bytearray(archive(("a.txt", b"hello" * 50), ("b/c.txt", b"x"), method=data.draw(st.sampled_from([0, 8]))))
    for _ in range(data.draw(st.integers(1, 4))):
        packed[data.draw(st.integers(4, len(packed) - 1))] = data.draw(st.integers(0, 255))
    codes = set()
    try:
        unwrap(bytes(packed))
    except Reject as error:
        codes = {finding.code for finding in error.findings}
    assert codes <= {"E-ZIP", "E-ZIP-ENCRYPTED", "E-ZIP-METHOD", "E-ZIP-LINK", "E-BOMB"}
