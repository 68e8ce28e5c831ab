"""Which files belong to a release, what is missing, and where the guides are found afterwards."""

from datetime import date
from pathlib import Path

import pytest

from transload.adapters.edi.guides import find_guide
from transload.adapters.edi.guides.importing.uncefact import read_releases
from transload.adapters.edi.guides.importing.writing import write_release
from transload.canonical.errors import TransloadError

DAY = date(2026, 11, 25)


@pytest.fixture
def packed(tmp_path, toy):
    def pack(files, name="x.zip"):
        path = tmp_path / name
        path.write_bytes(toy.zipped(files))
        return path

    return pack


def errors(findings):
    return [finding.line() for finding in findings if finding.severity != "remark"]


def without(files, *names):
    return {name: text for name, text in files.items() if name not in names}


def test_a_release_becomes_a_guide_that_is_found(toy_zip, tmp_path):
    [found], findings = read_releases(toy_zip)
    assert [finding.severity for finding in findings] == ["remark"]
    assert found.version == "D.99Z"
    assert found.counts == {
        "messages": 1,
        "segments": 7,
        "composites": 3,
        "elements": 14,
        "code lists": 1,
        "codes": 4,
    }
    write_release(found.release, tmp_path / "guides", day=DAY)
    guide = find_guide("edifact", "TOYORD", "D:99Z:UN:EAN001", [tmp_path / "guides"])
    assert guide is not None
    assert guide.version == "D:99Z:UN"
    assert guide.source == (
        "UN/EDIFACT D.99Z, imported from d99z.zip/EDMD.ZIP/TOYORD_D.99Z. "
        "Order, statuses and numbers of times are UN/CEFACT's."
    )
    assert str(guide.rules.segments["PRI"].conditions[0]) == "D5(02,01)"
    assert (
        (tmp_path / "guides/edifact/d99z/segments.yaml")
        .read_text()
        .startswith(
            "# Imported by transload on 2026-11-25.\n"
            "source: >-\n"
            "  UN/EDIFACT D.99Z, imported from d99z.zip. Codes, names, positions, statuses and forms are UN/CEFACT's;"
        )
    )


def test_the_shape_of_the_first_releases(packed, toy, tmp_path):
    [found], findings = read_releases(packed(toy.old))
    assert findings == []
    write_release(found.release, tmp_path / "guides", day=DAY)
    assert find_guide("edifact", "TOYORD", "D:96A:UN", [tmp_path / "guides"]) is not None


def test_progress_is_told(toy_zip):
    told = []
    read_releases(toy_zip, progress=lambda done, total: told.append((done, total)))
    assert told == [(number, 6) for number in range(7)]


def test_two_releases_in_one_folder(tmp_path, toy):
    (tmp_path / "un").mkdir()
    (tmp_path / "un" / "d96a.zip").write_bytes(toy.zipped(toy.old))
    (tmp_path / "un" / "d99z.zip").write_bytes(toy.zipped(toy.new))
    found, _ = read_releases(tmp_path / "un")
    assert [one.release.folder for one in found] == ["d96a", "d99z"]


def test_only_wanted_messages_and_the_whole_directory(packed, toy):
    files = {**toy.new, "TOYINV_D.99Z": toy.new["TOYORD_D.99Z"].replace("TOYORD", "TOYINV")}
    [found], findings = read_releases(packed(files), wanted=["toyinv"])
    assert [message.message for message in found.release.messages] == ["TOYINV"]
    assert found.counts["segments"] == 7
    [found], findings = read_releases(packed(files), wanted=["TOYINV", "TOYORF"])
    assert errors(findings) == ["error E-IMPORT the source has no message TOYORF (did you mean TOYORD?)"]
    assert errors(read_releases(packed(files), wanted=["ZZZ"])[1])[0].endswith("(--list shows what it has)")


def test_what_is_wrong_with_unwanted_messages_is_not_told(packed, toy):
    files = {**toy.new, "BROKEN_D.99Z": toy.new["TOYORD_D.99Z"].replace("TOYORD", "BROKEN").partition("00130")[0]}
    assert errors(read_releases(packed(files), wanted=["TOYORD"])[1]) == []
    [found], findings = read_releases(packed(files))
    assert [message.message for message in found.release.messages] == ["TOYORD"]
    assert errors(findings)[0].startswith("x.zip/BROKEN_D.99Z: error E-IMPORT the segment table does not end")


def test_messages_without_their_directory(packed, toy):
    [found], findings = read_releases(packed({"TOYORD_D.99Z": toy.new["TOYORD_D.99Z"]}))
    assert [message.type for message in found.messages] == ["TOYORD"]
    assert found.release.messages == ()
    assert errors(findings) == [
        "error E-IMPORT UN/EDIFACT D.99Z: the source has messages, but no segment directory (TRSD, EDSD) "
        "(give the whole release: the zip, or the folder that it was unpacked to)"
    ]


def test_messages_whose_directory_is_there_already(packed, toy):
    path = packed({"TOYORD_D.99Z": toy.new["TOYORD_D.99Z"]})
    asked = []

    def held(folder):
        asked.append(folder)
        return {"BGM", "QTY", "TOY", "PRI", "UNS"}

    [found], findings = read_releases(path, held=held)
    assert errors(findings) == []
    assert asked == ["d99z"]
    assert found.release.directory is None
    assert [message.message for message in found.release.messages] == ["TOYORD"]


def test_a_segment_that_no_directory_has(packed, toy):
    files = {**toy.new, "EDSD.99Z": toy.new["EDSD.99Z"].replace("PRI  PRICE", "PRJ  PRICE")}
    [found], findings = read_releases(packed(files))
    assert found.release.messages == ()
    assert errors(findings) == [
        "x.zip/TOYORD_D.99Z line 37: error E-IMPORT TOYORD uses segment PRI, which no directory of the source "
        "declares; the message is left out (give the whole release: the zip, or the folder that it was unpacked to)"
    ]


def test_without_code_lists_there_is_a_warning(packed, toy):
    [found], findings = read_releases(packed(without(toy.new, "UNCL.99Z")))
    assert errors(findings) == [
        "warning W-IMPORT UN/EDIFACT D.99Z: the source has no code list (UNCL), so values will not be checked "
        "against codes (give the whole release: the zip, or the folder that it was unpacked to)"
    ]
    assert found.release.messages


def test_a_directory_without_messages(packed, toy):
    [found], findings = read_releases(packed(without(toy.new, "TOYORD_D.99Z")))
    assert errors(findings) == []
    assert found.release.folder == "d99z"
    assert found.release.directory is not None


def test_parts_that_are_worth_nothing_alone(packed, toy):
    found, findings = read_releases(packed({"EDCD.99Z": toy.new["EDCD.99Z"]}))
    assert found == []
    assert errors(findings) == [
        "error E-IMPORT UN/EDIFACT D.99Z: the source has neither messages nor a segment directory (TRSD, EDSD) "
        "(give the whole release: the zip, or the folder that it was unpacked to)"
    ]


def test_nothing_of_the_un(packed, toy):
    path = packed({"README.TXT": "Nothing."})
    with pytest.raises(TransloadError) as caught:
        read_releases(path)
    assert [finding.line() for finding in caught.value.findings] == [
        f"error E-IMPORT there is no directory of UN/EDIFACT in {path} "
        "(give the whole release: the zip, or the folder that it was unpacked to)"
    ]


def test_interactive_messages_are_left_out_with_a_remark(packed, toy):
    interactive = toy.new["TOYORD_D.99Z"].replace("UNH Message", "UIH Message").replace("UNT Message", "UIT Message")
    files = {**toy.new, "TOYASK_D.99Z": interactive, "IDSD.99Z": toy.new["EDSD.99Z"].replace("1225", "9999")}
    [found], findings = read_releases(packed(files))
    assert [message.message for message in found.release.messages] == ["TOYORD"]
    assert "1225" in found.release.directory.elements
    assert findings[0].line() == (
        "remark R-IMPORT 1 interactive message (UIH) is left out: guides are made of batch messages (UNH)"
    )


def test_a_message_of_another_version_takes_the_directory_of_its_release(packed, toy, tmp_path):
    old = toy.new["TOYORD_D.99Z"].replace("TOYORD", "TOYOLD").replace(": D\n", ": 1\n").replace(": 99Z", ": 911")
    [found], _ = read_releases(packed({**toy.new, "TOYOLD_D.99Z": old}))
    write_release(found.release, tmp_path / "guides", day=DAY)
    guide = find_guide("edifact", "TOYOLD", "1:911:UN", [tmp_path / "guides"])
    assert guide is not None
    assert Path(guide.file) == tmp_path / "guides/edifact/1911/toyold.yaml"
    assert "dictionary: d99z\n" in Path(guide.file).read_text()


def test_releases_that_are_numbers(packed, toy, tmp_path):
    text = toy.new["TOYORD_D.99Z"].replace(": D\n", ": 90\n").replace(": 99Z", ": 1")
    files = {"TOYORD.TXT": text, "SEGMENTS.TXT": toy.new["EDSD.99Z"], "CODES.TXT": toy.new["UNCL.99Z"]}
    [found], findings = read_releases(packed(files))
    assert errors(findings) == []
    write_release(found.release, tmp_path / "guides", day=DAY)
    assert find_guide("edifact", "TOYORD", "90:1:UN", [tmp_path / "guides"]) is not None


def test_files_without_a_release(packed, toy):
    found, findings = read_releases(packed({"SEGMENTS.TXT": toy.new["EDSD.99Z"]}))
    assert found == []
    assert errors(findings) == [
        "x.zip/SEGMENTS.TXT: error E-IMPORT the files do not say which release they belong to "
        "(name them as the UN does: EDSD.01B, EDCD.01B, EDED.01B, UNCL.01B)"
    ]


def test_the_same_message_twice(packed, toy):
    text = toy.new["TOYORD_D.99Z"]
    [found], findings = read_releases(packed({**toy.new, "again/TOYORD_D.99Z": text}))
    assert errors(findings) == []
    [found], findings = read_releases(packed({**toy.new, "again/TOYORD_D.99Z": text.replace("C   35", "C   36")}))
    assert errors(findings) == [
        "x.zip/again/TOYORD_D.99Z: warning W-IMPORT TOYORD:D:99Z:UN stands in the source twice, in different words; "
        "the other file was taken (leave one of them out; the other one is x.zip/TOYORD_D.99Z)"
    ]
    assert found.release.messages[0].structure[1].text == "QTY C 35"
