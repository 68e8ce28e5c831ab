"""Sources: zips of zips, folders and files, and everything that may be wrong with them."""

import os
import struct
import zipfile
from pathlib import Path

import pytest

from transload.adapters.edi.guides.importing.uncefact import parts as module
from transload.adapters.edi.guides.importing.uncefact.parts import read_parts
from transload.canonical.errors import TransloadError


def names(path):
    return [part.name for part in read_parts(path)[0]]


def faults(path):
    return [fault.line() for fault in read_parts(path)[1]]


def refused(path):
    with pytest.raises(TransloadError) as caught:
        read_parts(path)
    return [finding.line() for finding in caught.value.findings]


def test_a_zip_of_zips(toy_zip):
    assert names(toy_zip) == [
        "d99z.zip/CONTENT.TXT",
        "d99z.zip/EDMD.ZIP/TOYORD_D.99Z",
        "d99z.zip/EDSD.ZIP/EDSD.99Z",
        "d99z.zip/EDCD.ZIP/EDCD.99Z",
        "d99z.zip/EDED.ZIP/EDED.99Z",
        "d99z.zip/UNCL.ZIP/UNCL.99Z",
    ]
    assert faults(toy_zip) == []


def test_boxes_of_code_page_437_are_drawn_in_ascii(toy_zip):
    message = next(part for part in read_parts(toy_zip)[0] if part.file == "TOYORD_D.99Z")
    assert "00080 + PRI Price                                    M   1               ||" in message.lines
    assert all(line.isascii() for line in message.lines)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("Größe".encode(), "Größe"),
        ("Größe".encode("cp1252"), "Größe"),
        ("\ufeffGröße".encode(), "Größe"),
        ("───Größe".encode("cp437"), "---Größe"),
        (b"a\tb\r\nc\rd\fe\x1a", "a       b|c|d|e"),
    ],
)
def test_letters(tmp_path, content, expected):
    (tmp_path / "a.txt").write_bytes(content)
    assert "|".join(read_parts(tmp_path)[0][0].lines) == expected


def test_a_folder_of_unpacked_files_and_zips(tmp_path, toy):
    folder = tmp_path / "d99z"
    (folder / "EDMD").mkdir(parents=True)
    (folder / "EDMD" / "TOYORD_D.99Z").write_bytes(toy.encoded(toy.new["TOYORD_D.99Z"]))
    (folder / "edsd.zip").write_bytes(toy.zipped({"EDSD.99Z": toy.new["EDSD.99Z"]}))
    (folder / "D422.pdf").write_bytes(b"%PDF-1.2")
    (folder / "elsewhere").symlink_to("/etc/hostname")
    assert names(folder) == ["d99z/edsd.zip/EDSD.99Z", "d99z/EDMD/TOYORD_D.99Z"]


def test_a_folder_named_by_a_dot(tmp_path, toy, monkeypatch):
    (tmp_path / "EDSD.99Z").write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    assert names(Path()) == [f"{tmp_path.name}/EDSD.99Z"]


def test_one_file(tmp_path, toy):
    (tmp_path / "TOYORD_D.99Z").write_bytes(toy.encoded(toy.new["TOYORD_D.99Z"]))
    assert names(tmp_path / "TOYORD_D.99Z") == ["TOYORD_D.99Z"]


def test_names_that_climb_are_names_only(tmp_path, toy):
    path = tmp_path / "x.zip"
    path.write_bytes(toy.zipped({"../../etc/EDSD.99Z": "a", "/root/EDCD.99Z": "b", "..\\..\\EDED.99Z": "c"}))
    assert names(path) == ["x.zip/etc/EDSD.99Z", "x.zip/root/EDCD.99Z", "x.zip/EDED.99Z"]


def test_there_is_nothing(tmp_path):
    assert refused(tmp_path / "d99z.zip") == [
        f"error E-FILE there is no file or folder {tmp_path / 'd99z.zip'} (download the release's zip from unece.org)"
    ]


def test_no_right_to_read(tmp_path, monkeypatch):
    path = tmp_path / "d99z.zip"
    path.write_bytes(b"PK")

    def refuse(self, mode):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert refused(path) == [f"error E-FILE {path} cannot be read: Permission denied"]


def test_what_is_called_zip_and_is_none(tmp_path):
    path = tmp_path / "d99z.zip"
    path.write_text("<html>Not found</html>")
    assert faults(path) == ["d99z.zip: error E-IMPORT d99z.zip is no zip file (download it again)"]


def test_a_zip_that_is_cut_off(tmp_path, toy_zip):
    path = tmp_path / "cut.zip"
    path.write_bytes(toy_zip.read_bytes()[:-200])
    assert refused(path) == [
        "cut.zip: error E-IMPORT cut.zip is a broken zip file: file is not a zip file (download it again)"
    ]


def test_a_broken_zip_inside_leaves_the_others(tmp_path, toy):
    path = tmp_path / "x.zip"
    inner = toy.zipped({"TOYORD_D.99Z": toy.new["TOYORD_D.99Z"]})
    path.write_bytes(toy.zipped({"EDMD.ZIP": inner[:-30], "EDSD.99Z": "fine"}))
    assert names(path) == ["x.zip/EDSD.99Z"]
    assert faults(path) == [
        "x.zip/EDMD.ZIP: error E-IMPORT x.zip/EDMD.ZIP is a broken zip file: file is not a zip file (download it again)"
    ]


def test_a_file_whose_bytes_were_changed(tmp_path, toy):
    content = bytearray(toy.zipped({"EDSD.99Z": toy.new["EDSD.99Z"], "OTHER.TXT": "fine"}))
    content[60:64] = b"\xff\xff\xff\xff"
    path = tmp_path / "x.zip"
    path.write_bytes(content)
    assert names(path) == ["x.zip/OTHER.TXT"]
    [fault] = faults(path)
    assert fault.startswith("x.zip/EDSD.99Z: error E-IMPORT x.zip/EDSD.99Z cannot be unpacked: ")
    assert fault.endswith("(download the zip again)")


def changed(content: bytes, *, flags: int | None = None, method: int | None = None) -> bytes:
    """A zip of one entry with other flags or another method in both of its headers."""
    written = bytearray(content)
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = content.index(signature) + offset
        if flags is not None:
            struct.pack_into("<H", written, start, flags)
        if method is not None:
            struct.pack_into("<H", written, start + 2, method)
    return bytes(written)


def test_a_zip_with_a_password(tmp_path, toy):
    path = tmp_path / "x.zip"
    path.write_bytes(changed(toy.zipped({"EDSD.99Z": "secret"}), flags=1))
    assert refused(path) == [
        "x.zip/EDSD.99Z: error E-IMPORT x.zip/EDSD.99Z is locked with a password (unpack it and name the folder)"
    ]


def test_the_methods_of_the_first_zips(tmp_path, toy):
    path = tmp_path / "x.zip"
    path.write_bytes(changed(toy.zipped({"TRSD.90A": "imploded"}), method=6))
    assert refused(path) == [
        "x.zip/TRSD.90A: error E-IMPORT x.zip/TRSD.90A is packed by a method that is not read here "
        "(unpack it with unzip or 7z and name the folder)"
    ]


def test_zips_in_each_other_without_end(tmp_path, toy):
    content = toy.zipped({"EDSD.99Z": "deep"})
    for _ in range(module.DEEPEST):
        content = toy.zipped({"in.zip": content})
    path = tmp_path / "x.zip"
    path.write_bytes(content)
    assert refused(path) == [
        "x.zip/in.zip/in.zip/in.zip: error E-IMPORT more than 3 zips lie in each other (unpack it and name the folder)"
    ]


def test_a_file_that_grows_out_of_all_proportion(tmp_path, toy):
    path = tmp_path / "x.zip"
    path.write_bytes(toy.zipped({"BOMB.99Z": b" " * (4 << 20), "EDSD.99Z": "fine"}))
    assert names(path) == ["x.zip/EDSD.99Z"]
    assert faults(path) == [
        "x.zip/BOMB.99Z: error E-IMPORT x.zip/BOMB.99Z grows more than 200 times when unpacked (leave it out)"
    ]


def test_sizes_are_counted_not_believed(tmp_path, toy, monkeypatch):
    monkeypatch.setattr(module, "MOST_BYTES", 1 << 20)
    path = tmp_path / "x.zip"
    path.write_bytes(toy.zipped({"BIG.99Z": os.urandom(2 << 20)}))
    (tmp_path / "BIG.99Z").write_bytes(b"x" * (2 << 20))
    assert refused(path) == ["x.zip/BIG.99Z: error E-IMPORT x.zip/BIG.99Z is larger than 1 MiB unpacked (leave it out)"]
    assert refused(tmp_path / "BIG.99Z") == ["BIG.99Z: error E-IMPORT BIG.99Z is larger than 1 MiB (leave it out)"]


def test_lines_are_counted(tmp_path, toy, monkeypatch):
    monkeypatch.setattr(module, "MOST_LINES", 1000)
    (tmp_path / "EMPTY.99Z").write_bytes(b"\n" * 1000)
    (tmp_path / "EDSD.99Z").write_bytes(b"\n" * 999)
    assert names(tmp_path) == [f"{tmp_path.name}/EDSD.99Z"]
    [fault] = faults(tmp_path)
    assert fault.endswith("/EMPTY.99Z has more than 1,000 lines (leave it out)")


@pytest.mark.parametrize(
    ("limit", "value", "message"),
    [("MOST_FILES", 3, "holds more than 3 files"), ("MOST_BYTES_IN_ALL", 1 << 20, "holds more than 1 MiB")],
)
def test_the_whole_is_limited_too(tmp_path, toy, monkeypatch, limit, value, message):
    monkeypatch.setattr(module, limit, value)
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(20):
            archive.writestr(f"{number}.TXT", os.urandom(50_000).hex())
    [line] = refused(path)
    assert line == f"error E-IMPORT x.zip {message} (this is no directory of the UN; unpack and look at it)"


def test_an_empty_zip_and_an_empty_folder(tmp_path, toy):
    (tmp_path / "x.zip").write_bytes(toy.zipped({}))
    (tmp_path / "empty").mkdir()
    assert names(tmp_path / "x.zip") == names(tmp_path / "empty") == []
