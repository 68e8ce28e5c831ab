"""``transload guide import``: a release of the UN becomes guides in the user's folder."""

import io
import json
import zipfile
from pathlib import Path

import pytest

from transload.adapters.edi.guides import find_guide
from transload.adapters.edi.guides.lookup import HERE
from transload.runner.cli import guide as module
from transload.runner.cli.init import write_template

RULE = "─" * 70

MESSAGE = """\
                              UN/EDIFACT

                UNITED NATIONS STANDARD MESSAGE (UNSM)

                          Toy order message

                                            Message Type : TOYORD
                                            Version      : D
                                            Release      : 99Z
                                            Contr. Agency: UN

4.3.1  Segment table

00010   UNH Message header                           M   1
00020   BGM Beginning of message                     M   1
00030       ──── Segment group 1  ────────────────── C   9────────────────┐
00040   TOY Toy                                      M   1────────────────┘
00050   UNT Message trailer                          M   1
"""
SEGMENTS = f"""\
2.   Segment specifications

{RULE}

       BGM  BEGINNING OF MESSAGE

010    1001 NAME CODE                                  M    1 an..3

020    1004 NUMBER                                     C    1 an..35

030    2380 DATE                                       C    1 an..35

{RULE}

       TOY  TOY

010    7140 TOY                                        M    1 an..35

020    6060 QUANTITY                                   C    1 n..15
"""
CODES = f"""\
1.   Code list UNCL

{RULE}

     1001  Name code                                               [C]

     Repr: an..3

     220   Order
              An order.
"""
FILES = {
    "TOYORD_D.99Z": MESSAGE,
    "TOYINV_D.99Z": MESSAGE.replace("TOYORD", "TOYINV").replace("Toy order", "Toy invoice"),
    "EDSD.99Z": SEGMENTS,
    "UNCL.99Z": CODES,
}


def zipped(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text.replace("\n", "\r\n").encode("cp437"))
    return buffer.getvalue()


@pytest.fixture
def release(tmp_path):
    path = tmp_path / "d99z.zip"
    path.write_bytes(zipped(FILES))
    return path


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A workspace, and we in it."""
    folder = tmp_path / "shop"
    write_template(folder)
    monkeypatch.chdir(folder)
    return folder


def test_into_the_workspace_that_this_folder_is(run, release, shop):
    ran = run("guide", "import", release)
    assert ran.code == 0
    assert ran.err == ""
    assert ran.lines == [
        "D.99Z: 2 messages, 5 segments, no composites, 7 elements, 1 code list, 1 code".replace("no composites, ", ""),
        "guides/edifact/d99z: 4 files new",
    ]
    assert sorted(path.name for path in (shop / "guides/edifact/d99z").iterdir()) == [
        "codes.yaml",
        "segments.yaml",
        "toyinv.yaml",
        "toyord.yaml",
    ]
    assert find_guide("edifact", "TOYORD", "D:99Z:UN", [shop / "guides"]) is not None
    again = run("guide", "import", release)
    assert again.lines[-1] == "guides/edifact/d99z: 4 files unchanged"


def test_messages_are_validated_and_mapped_by_it(run, release, shop):
    run("guide", "import", release)
    (shop / "toy.edi").write_text(
        "UNB+UNOC:3+A+B+260101:0000+1'UNH+1+TOYORD:D:99Z:UN'BGM+22+PO-1+20260101'TOY+X+5'UNT+4+1'UNZ+1+1'"
    )
    (shop / "toy.yaml").write_text(
        "mapping: toy\nversion: 1\ndocument: order/1\n"
        'format: {type: edifact, message: "TOYORD:D:99Z:UN"}\n'
        "layout:\n  - BGM: {1001: 220, 1004: =number, 2380: =issued_on | date(yyyyMMdd)}\n"
        "  - each: lines\n    TOY: {7140: =buyer_item, 6060: =quantity}\n"
    )
    ran = run("convert", "toy.edi", "--map", "toy.yaml")
    assert ran.code == 1
    assert "E-CODE BGM 1001 (Name code) has no code '22'" in ran.err
    (shop / "toy.edi").write_text((shop / "toy.edi").read_text().replace("BGM+22+", "BGM+220+"))
    ran = run("convert", "toy.edi", "--map", "toy.yaml")
    assert ran.err == ""
    assert ran.json["lines"] == [{"buyer_item": "X", "quantity": "5"}]


def test_elsewhere_a_folder_must_be_named(run, release, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ran = run("guide", "import", release)
    assert ran.code == 2
    assert "this folder is no workspace (it has no transload.yaml): name one" in ran.err
    assert not (tmp_path / "guides").exists()
    ran = run("guide", "import", release, "--into", tmp_path / "mine")
    assert ran.code == 0
    assert (tmp_path / "mine/edifact/d99z/toyord.yaml").is_file()


def test_never_among_our_own(run, release):
    ran = run("guide", "import", release, "--into", HERE / "more")
    assert ran.code == 1
    assert ran.err == f"error E-FILE {HERE / 'more'} belongs to transload itself (name a folder of your own)\n"


def test_the_list_writes_nothing(run, release, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ran = run("guide", "import", release, "--list")
    assert ran.code == 0
    assert ran.lines == [
        "MESSAGE  VERSION   SEGMENTS  GROUPS  NAME",
        "TOYINV   D:99Z:UN  2         1       Toy invoice message",
        "TOYORD   D:99Z:UN  2         1       Toy order message",
        "D.99Z: 2 messages, 5 segments, 7 elements, 1 code list, 1 code",
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["d99z.zip"]


def test_the_list_as_json(run, release):
    assert run("guide", "import", release, "--list", "--message", "TOYORD", "--json").json == [
        {
            "version": "D.99Z",
            "folder": "edifact/d99z",
            "counts": {
                "messages": 1,
                "segments": 5,
                "composites": 0,
                "elements": 7,
                "code_lists": 1,
                "codes": 1,
            },
            "messages": [
                {"message": "TOYORD", "version": "D:99Z:UN", "segments": 2, "groups": 1, "name": "Toy order message"}
            ],
        }
    ]


def test_a_summary_as_json(run, release, shop):
    told = run("guide", "import", release, "--message", "toyord", "--json").json
    assert told["into"] == "guides"
    assert told["releases"][0]["messages"] == ["TOYORD"]
    assert told["releases"][0]["new"] == [
        f"guides/edifact/d99z/{name}.yaml" for name in ("segments", "codes", "toyord")
    ]
    more = run("guide", "import", release, "--message", "TOYINV", "--json").json["releases"][0]
    assert more["new"] == ["guides/edifact/d99z/toyinv.yaml"]
    assert more["unchanged"] == ["guides/edifact/d99z/segments.yaml", "guides/edifact/d99z/codes.yaml"]
    assert more["replaced"] == []


def test_one_message_whose_directory_is_there(run, release, shop, tmp_path):
    run("guide", "import", release, "--message", "TOYINV")
    alone = tmp_path / "TOYORD_D.99Z"
    alone.write_bytes(MESSAGE.encode("cp437"))
    ran = run("guide", "import", alone)
    assert ran.code == 0
    assert ran.lines == ["D.99Z: 1 message", "guides/edifact/d99z: 1 file new"]
    assert find_guide("edifact", "TOYORD", "D:99Z:UN", [shop / "guides"]) is not None


def test_one_message_without_a_directory_is_listed_and_not_written(run, shop, tmp_path):
    alone = tmp_path / "TOYORD_D.99Z"
    alone.write_bytes(MESSAGE.encode("cp437"))
    missing = "the source has messages, but no segment directory (TRSD, EDSD)"
    for options in ((), ("--list",)):
        ran = run("guide", "import", alone, *options)
        assert ran.code == 1
        assert missing in ran.err
        assert bool(ran.lines) == bool(options)
    assert not (shop / "guides").exists()


def test_a_directory_that_is_there_and_broken(run, release, shop, tmp_path):
    folder = shop / "guides/edifact/d99z"
    folder.mkdir(parents=True)
    (folder / "segments.yaml").write_text("segments: none\n")
    alone = tmp_path / "TOYORD_D.99Z"
    alone.write_bytes(MESSAGE.encode("cp437"))
    ran = run("guide", "import", alone)
    assert ran.code == 1
    assert ran.err == (
        "error E-CONFIG guides/edifact/d99z/segments.yaml declares no segments "
        "(import the whole release again with --replace)\n"
    )


def test_nothing_is_written_over_unasked(run, release, shop):
    mine = shop / "guides/edifact/d99z/toyord.yaml"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    ran = run("guide", "import", release)
    assert ran.code == 1
    assert ran.err == (
        "error E-FILE guides/edifact/d99z/toyord.yaml is there already and holds something else "
        "(write over them with --replace, or name another folder with --into)\n"
    )
    assert mine.read_text() == "mine"
    ran = run("guide", "import", release, "--replace")
    assert ran.lines[-1] == "guides/edifact/d99z: 3 files new, 1 file replaced"
    assert mine.read_text().startswith("# Imported by transload on ")


def test_what_is_wrong_is_left_out_and_the_rest_is_written(run, shop, tmp_path):
    path = tmp_path / "x.zip"
    path.write_bytes(
        zipped({**FILES, "TOYINV_D.99Z": MESSAGE.replace("TOYORD", "TOYINV").replace("TOY Toy", "ZZZ Toy")})
    )
    ran = run("guide", "import", path)
    assert ran.code == 1
    assert "TOYINV uses segment ZZZ, which no directory of the source declares; the message is left out" in ran.err
    assert (shop / "guides/edifact/d99z/toyord.yaml").is_file()
    assert not (shop / "guides/edifact/d99z/toyinv.yaml").exists()
    [finding] = [json.loads(line) for line in run("guide", "import", path, "--json").err.splitlines()]
    assert finding["code"] == "E-IMPORT"
    assert finding["place"] == {"file": "x.zip/TOYINV_D.99Z", "line": 17}


def test_a_message_that_is_not_there(run, release, shop):
    ran = run("guide", "import", release, "--message", "TOYORF")
    assert ran.code == 1
    assert "error E-IMPORT the source has no message TOYORF (did you mean TOYORD?)" in ran.err


def test_a_source_that_is_not_there(run, shop):
    ran = run("guide", "import", "d00a.zip")
    assert ran.code == 1
    assert ran.err == "error E-FILE there is no file or folder d00a.zip (download the release's zip from unece.org)\n"


def test_a_bar_where_people_look_on(release, monkeypatch):
    drawn = io.StringIO()
    console = module.Console
    monkeypatch.setattr(module, "Console", lambda stderr: console(file=drawn, force_terminal=True))
    with module._progress(hidden=False) as progress:
        progress(1, 4)
    assert "1/4" in drawn.getvalue()
    drawn.truncate(0)
    with module._progress(hidden=True) as progress:
        progress(1, 4)
    assert "1/4" not in drawn.getvalue()


def test_real_directories_in_seconds(command, shared, tmp_path):
    source = shared / "samples" / "uncefact" / "d96a.zip"
    if not source.is_file():
        pytest.skip(f"no directory of the UN: {source} does not exist")
    ran = command("guide", "import", source, "--into", tmp_path, "--json")
    assert ran.code == 0
    assert ran.json["releases"][0]["counts"]["messages"] == 125
    assert len(list(Path(tmp_path, "edifact", "d96a").iterdir())) == 127


def test_a_page_of_a_mapping(run, tmp_path):
    page = tmp_path / "page.html"
    ran = run("guide", "page", "library:x12/850-004010", "-o", page)
    assert (ran.code, ran.err) == (0, "")
    assert ran.lines == [f"{page}: written"]
    assert run("guide", "page", "library:x12/850-004010").out == page.read_text(encoding="utf-8")
    ran = run("guide", "page", "library:x12/850-004010", "-o", tmp_path / "no/page.html")
    assert ran.err == f"error E-FILE {tmp_path}/no/page.html cannot be written: No such file or directory\n"
    assert run("guide", "page", "library:x12/85").code == 1
