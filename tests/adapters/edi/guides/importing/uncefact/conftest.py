"""A toy directory in the two shapes of the UN's files, written for these tests, and the real ones where they are."""

import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from transload.adapters.edi.guides.importing.uncefact import Imported, read_releases
from transload.adapters.edi.guides.importing.uncefact.parts import Part
from transload.adapters.edi.guides.importing.writing import write_release
from transload.canonical.findings import Finding

RULE = "─" * 70

MESSAGE = """\
                              UN/EDIFACT

                UNITED NATIONS STANDARD MESSAGE (UNSM)

                          Toy order message

                                            Message Type : TOYORD
                                            Version      : D
                                            Release      : 99Z
                                            Contr. Agency: UN

4.1    Data segment clarification

00010   UNH, Message header
00040   Segment group 1:  TOY-QTY-SG2
        A group for toys.
00070      Segment group 2:  PRI-
                             QTY
00110   Segment group 3:  QTY

4.3.1  Segment table

Pos     Tag Name                                     S   R

            HEADER SECTION

00010   UNH Message header                           M   1
00020 * BGM Beginning of message                     M   1
00030   QTY Quantity                                 C   35

00040       ──── Segment group 1  ────────────────── M   200000───────────┐
00050   TOY Toy                                      M   1                │
00060 X QTY Quantity of toys with a title that                            │
              goes on below                          C   99               │
                                                                          │
00070 +     ──── Segment group 2  ────────────────── C   5───────────────┐│
00080 + PRI Price                                    M   1               ││
00090   QTY Quantity                                 C   1───────────────┴┘
            SUMMARY SECTION

00100   UNS Section control                          M   1
00110       ──── Segment group 3  ────────────────── C   9────────────────┐
00120   QTY Quantity                                 M   1────────────────┘
00130   UNT Message trailer                          M   1
"""

SEGMENTS = f"""\
2.   Segment specifications

     Change indicators

     a plus sign (+)    for an addition

{RULE}

       BGM  BEGINNING OF MESSAGE

       Function: To begin.

010    C002 MESSAGE NAME                               C    1
       1001  Name code                                 C      an..3
       1131  List code                                 C      an..17
       3055  Agency code                               C      an..3

020    1004 NUMBER                                     M    1 an..35

030 X  1225 FUNCTION CODE OF A MESSAGE WHOSE TITLE
            IS LONG                                    C    1 an..3

{RULE}

    *| PRI  PRICE

       Function: To price.

010    5118 AMOUNT                                     C    1 n..15

020    5125 QUALIFIER                                  C    1 an..3

030    5375 TYPE                                       C    3 an..3

       Dependency Notes:
       1.   D5(020,010)   If first, then all
       2.   D4(010, 030)

{RULE}

    +  QTY  QUANTITY

       Function: To count.

010    C186 QUANTITY                                   M    9
       6063  Quantity qualifier                        M      an..3
       6060  Quantity whose title goes on
             below                                     M      n..15

{RULE}

       TOY  TOY

       Function: To name a toy.

010    7140 TOY                                        M    1 an..35

020    7140 TOY                                        M    1 an..35

030    7140 TOY                                        C    1 an..35

040    C999 CELLS                                      C 9999
       9424  Cell                                      C      an..512

       Note:
            The composite C999 - cells - occurs
            9,999 times in the segment.
            The component 9424 - cell - occurs
            100 times in the composite C999.

{RULE}
"""

COMPOSITES = f"""\
2.   Composite specifications

{RULE}

       C002 MESSAGE NAME

       Desc: A name.

010    1001  Name code                                 C      an..3
020    1131  List code                                 C      an..17
030    3055  Agency code                               C      an..3

{RULE}

       C186 QUANTITY

       Desc: A quantity.

010 *  6063  Quantity qualifier                        M      an..3
020    6060  Quantity whose title goes on
             below                                     M      n..15

       Note:
            D2(010,020)

{RULE}

       C999 CELLS

       Desc: Cells.

010    9424  Cell                                      C      an..512

       Note:
            The component 9424 - cell - occurs
            100 times in the composite.

{RULE}
"""

ELEMENTS = f"""\
2.   Data element specifications

     a minus sign (-)   for marked for deletion

{RULE}

     1001  Name code                                               [C]

     Desc: A code. Use it well.

     Repr: an..3

{RULE}

     1004  Number                                                  [B]

     Repr: an..35

{RULE}

     1131  List code                                               [C]

     Repr: an..17

{RULE}

+    1225  Function code of a message whose title is long
           and goes on                                             [B]

     Repr: an..3

{RULE}

     3055  Agency code                                             [C]

     Repr: an..3

{RULE}

     5118  Amount                                                  [B]

     Repr: n..15

{RULE}

     5125  Qualifier                                               [B]

     Repr: an..3

     Note:
          1 The codes of 5375 may also be used.

{RULE}

     6060  Quantity whose title goes on below                      [B]

     Repr: n..12

{RULE}
"""

CODES = f"""\
1.   Code list UNCL

     a minus sign (-)   for a deletion

{RULE}

     1001  Name code                                               [C]

     Desc: A code.

     Repr: an..3

     1     Order
              An order.

+    220   Order of toys with a name
           that goes on
              An order of toys.

-    221   Deleted
              No more.

X    222   Marked
              Soon no more.

     X     A code like a mark
              An X.

{RULE}

     1131  List code                                               [C]

     Repr: an..17

     12    A list

{RULE}

     5125  Qualifier                                               [B]

     Repr: an..3

     AAA   Net

{RULE}

     9999  Of no segment                                           [B]

     Repr: an..3

     1     One
"""

OLD_MESSAGE = MESSAGE.replace("99Z", "96A").replace("0001", "001")
OLD_SEGMENTS = f"""\
2.   Segment specifications

{RULE}

    * BGM    BEGINNING OF MESSAGE

      Function: To begin.

          Note: It begins.

                In two paragraphs.

010   C002  MESSAGE NAME                                   C
      1001   Name, coded, with a title that goes           C  an..3
             on behind the status
      3055   Agency, coded                                 C  an..3

020 * 1004  NUMBER                                         M  an..35

030 + 1225  FUNCTION, CODED                                C  an..3

{RULE}

      QTY    QUANTITY

      Function: To count.

010   C186  QUANTITY                                       M
      6063   Quantity qualifier                            M  an..3
      6060   Quantity                                      M  n..15

{RULE}

      TOY    TOY

      Function: To name a toy.

010   7140  TOY                                            M  an..35

{RULE}

      PRI    PRICE

010   5118  AMOUNT                                         C  n..15
"""
OLD_CODES = f"""\
1.   Code lists

     a minus sign (-)   for a deletion

{RULE}

* 1001  Name, coded

  Desc: A code that
        goes on.

  Repr: an..3

        1 Order
             An order.
+     220 Order of toys with a name
          that goes on
-     221 Deleted
   X      A code like a mark
             An X.

{RULE}

  6063  Quantity qualifier

  Repr: an..3

   12     Despatched
"""

NEW = {
    "TOYORD_D.99Z": MESSAGE,
    "EDSD.99Z": SEGMENTS,
    "EDCD.99Z": COMPOSITES,
    "EDED.99Z": ELEMENTS,
    "UNCL.99Z": CODES,
}
OLD = {"TOYORD_D.96A": OLD_MESSAGE, "TRSD.96A": OLD_SEGMENTS, "UNCL-1.96A": OLD_CODES}


def encoded(text: str) -> bytes:
    """A text as the UN stores it: code page 437, lines ended with CR LF."""
    return text.replace("\n", "\r\n").encode("cp437")


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    """A zip of texts and bytes by their names."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, encoded(content) if isinstance(content, str) else content)
    return buffer.getvalue()


def part(text: str, name: str = "toy.zip/TOYORD_D.99Z") -> Part:
    """A file as it is after unpacking, its boxes drawn in ASCII."""
    drawn = text.translate(str.maketrans("─│┐┘┴", "-|+++"))
    return Part(name=name, lines=tuple(line.rstrip() for line in drawn.split("\n")))


@dataclass(frozen=True, kw_only=True)
class Toy:
    """The texts of the toy directory, and what makes parts and archives of them."""

    new: Mapping[str, str]
    old: Mapping[str, str]
    part: Callable[..., Part]
    zipped: Callable[[Mapping[str, str | bytes]], bytes]
    encoded: Callable[[str], bytes]


@pytest.fixture(scope="session")
def toy() -> Toy:
    return Toy(new=NEW, old=OLD, part=part, zipped=zipped, encoded=encoded)


@pytest.fixture
def toy_zip(tmp_path: Path) -> Path:
    """The toy directory as the UN packs one: a zip of zips."""
    path = tmp_path / "d99z.zip"
    inner = {"EDMD.ZIP": ["TOYORD_D.99Z"], "EDSD.ZIP": ["EDSD.99Z"], "EDCD.ZIP": ["EDCD.99Z"]}
    inner |= {"EDED.ZIP": ["EDED.99Z"], "UNCL.ZIP": ["UNCL.99Z"]}
    path.write_bytes(
        zipped(
            {
                "CONTENT.TXT": "What is in here.",
                "PKUNZIP.EXE": b"MZ\x00\x01",
                **{name: zipped({file: NEW[file] for file in files}) for name, files in inner.items()},
            }
        )
    )
    return path


@dataclass(frozen=True, kw_only=True)
class Real:
    """Both real directories, imported into one folder."""

    folder: Path
    releases: Mapping[str, Imported]
    findings: Mapping[str, list[Finding]]


@pytest.fixture(scope="session")
def real(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Real:
    folder = tmp_path_factory.mktemp("guides")
    releases = {}
    findings = {}
    for name in ("d96a", "d01b"):
        source = shared / "samples" / "uncefact" / f"{name}.zip"
        if not source.is_file():
            pytest.skip(f"no directory of the UN: {source} does not exist")
        [releases[name]], findings[name] = read_releases(source)
        write_release(releases[name].release, folder, day=date(2026, 11, 25))
    return Real(folder=folder, releases=releases, findings=findings)
