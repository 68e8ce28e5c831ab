"""Copybooks: data description entries made into records, with the size of every field.

The rules are those of the COBOL data division (ISO 1989); sizes of binary numbers are
those of the mainframe compilers: 2 bytes to 4 digits, 4 to 9, 8 to 18, beyond that as
many as the digits need.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from transload.adapters.cobol.items import Item, Usage
from transload.adapters.cobol.lines import CopybookError, Word, statements
from transload.adapters.cobol.pictures import PictureError, picture

MOST_ITEMS = 20_000
MOST_BYTES = 4_000_000
MOST_FIELDS = 200_000
"""Limits of one record: its entries, its bytes, and its fields with all tables at their largest."""
_NAME = re.compile(r"[A-Z0-9_$#@](?:[A-Z0-9_$#@-]*[A-Z0-9_$#@])?", re.IGNORECASE)
_USAGES: dict[str, Usage] = {
    "DISPLAY": "display", "DISPLAY-1": "display", "NATIONAL": "display",
    "COMP": "binary", "COMPUTATIONAL": "binary", "BINARY": "binary",
    "COMP-0": "binary", "COMP-4": "binary", "COMPUTATIONAL-4": "binary",
    "COMP-5": "native", "COMPUTATIONAL-5": "native",
    "COMP-1": "float", "COMPUTATIONAL-1": "float", "COMP-2": "double", "COMPUTATIONAL-2": "double",
    "COMP-3": "packed", "COMPUTATIONAL-3": "packed", "PACKED-DECIMAL": "packed",
}  # fmt: skip
_NO_DATA = {"INDEX", "POINTER", "FUNCTION-POINTER", "PROCEDURE-POINTER", "OBJECT", "COMP-6", "COMP-X", "SQL"}
_ALONE = {"EXTERNAL", "GLOBAL", "VOLATILE"}
_CLAUSES = {
    "REDEFINES", "PIC", "PICTURE", "USAGE", "OCCURS", "SIGN", "LEADING", "TRAILING", "JUST", "JUSTIFIED", "BLANK",
    "VALUE", "VALUES", "SYNC", "SYNCHRONIZED", *_ALONE, *_USAGES, *_NO_DATA,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Copybook:
    """The records of a copybook, in its order."""

    records: tuple[Item, ...]

    def record(self, name: str) -> Item | None:
        """The record of that name."""
        return next((record for record in self.records if record.name == name.upper()), None)


@lru_cache(maxsize=64)
def parse(text: str, form: str = "auto") -> Copybook:
    """Read a copybook.  Raises `CopybookError` for the first thing that is wrong, with its line.

    Entries that stand outside of any 01 make up a record called RECORD.
    """
    records: list[Item] = []
    stack: list[Item] = []
    count = 0
    for words in statements(text, form):
        entry = _Entry(words)
        if entry.level in (66, 88):  # no storage of their own
            continue
        item = entry.item()
        count += 1
        if count > MOST_ITEMS:
            raise CopybookError(item.line, f"the copybook has more than {MOST_ITEMS} entries")
        if item.level in (1, 77):
            stack = [item]
            records.append(item)
            _refuse_twice(item, records[:-1])
            entry.resolve(item, None)
            continue
        if not stack:
            records.append(Item(level=1, name="RECORD", line=item.line))
            stack = [records[-1]]
        while len(stack) > 1 and stack[-1].level >= item.level:
            stack.pop()
        above = stack[-1]
        if not above.is_group:
            raise CopybookError(item.line, f"{item.name or 'FILLER'} stands below {above.name}, which has a picture")
        item.parent = above
        entry.resolve(item, above)
        above.children.append(item)
        stack.append(item)
    if not records:
        raise CopybookError(1, "there is no entry in this copybook")
    for record in records:
        _measure(record)
    return Copybook(records=tuple(records))


def _refuse_twice(item: Item, before: list[Item]) -> None:
    if item.name and any(other.name == item.name for other in before):
        raise CopybookError(item.line, f"there are two records {item.name}")


class _Entry:
    """One data description entry, taken word by word."""

    def __init__(self, words: list[Word]) -> None:
        self.words = words
        self.at = 0
        first = self.take()
        if first.upper() in ("COPY", "REPLACE", "EXEC", "++INCLUDE", "-INC"):
            raise self.error(f"{first.upper()} is not followed", "put the text of the other copybook here")
        if not first.isascii() or not first.isdigit() or len(first) > 2:
            raise self.error(f"{first[:30]!r} is no level number")
        self.level = int(first)
        if self.level not in (66, 77, 88) and not 1 <= self.level <= 49:
            raise self.error(f"there is no level {first}")
        self.redefined: str | None = None
        self.counter: str | None = None
        self.signs = False

    def error(self, message: str, hint: str | None = None) -> CopybookError:
        line = self.words[min(self.at, len(self.words)) - 1].line if self.at else self.words[0].line
        return CopybookError(line, f"{message}; {hint}" if hint else message)

    def peek(self) -> str:
        return self.words[self.at].text.upper() if self.at < len(self.words) else ""

    def take(self) -> str:
        if self.at >= len(self.words):
            raise self.error("this entry ends too early")
        self.at += 1
        return self.words[self.at - 1].text

    def skip(self, *words: str) -> bool:
        """Take the next word if it is one of ``words``."""
        if self.peek() in words:
            self.at += 1
            return True
        return False

    def name(self) -> str:
        word = self.take()
        if not _NAME.fullmatch(word) or word.isdigit():
            raise self.error(f"{word[:30]!r} is no name", "replace what stands between colons" if ":" in word else None)
        return word.upper()

    def number(self) -> int:
        word = self.take()
        if not (word.isascii() and word.isdigit() and len(word) <= 9):
            raise self.error(f"{word[:30]!r} is no number")
        return int(word)

    def item(self) -> Item:
        """The entry without its surroundings."""
        item = Item(level=self.level, name="", line=self.words[0].line)
        if self.skip("FILLER"):
            pass
        elif self.peek() and self.peek() not in _CLAUSES:
            item.name = self.name()
        readers: dict[str, Callable[[Item], None]] = {
            "REDEFINES": self.redefines, "PIC": self.pic, "PICTURE": self.pic, "OCCURS": self.occurs,
            "SIGN": self.sign, "LEADING": self.sign, "TRAILING": self.sign, "BLANK": self.blank,
            "VALUE": self.value, "VALUES": self.value, "JUST": self.just, "JUSTIFIED": self.just,
        }  # fmt: skip
        while self.peek():
            word = self.peek()
            if word in ("SYNC", "SYNCHRONIZED"):
                raise self.error(
                    f"{word} is not supported", "its slack bytes depend on the compiler; add them as FILLER"
                )
            if word in readers:
                if word not in ("LEADING", "TRAILING"):
                    self.at += 1
                readers[word](item)
            elif word == "USAGE" or word in _USAGES or word in _NO_DATA:
                self.usage(item)
            elif not self.skip(*_ALONE):
                self.at += 1
                raise self.error(f"{word[:30]!r} is not understood")
        return item

    def redefines(self, item: Item) -> None:
        self.redefined = self.name()

    def pic(self, item: Item) -> None:
        self.skip("IS")
        try:
            item.picture = picture(self.take())
        except PictureError as error:
            raise self.error(str(error)) from None

    def usage(self, item: Item) -> None:
        self.skip("USAGE")
        self.skip("IS")
        word = self.take().upper()
        if word not in _USAGES:
            raise self.error(f"USAGE {word[:30]} is not supported")
        item.usage = _USAGES[word]

    def occurs(self, item: Item) -> None:
        first = self.number()
        item.least, item.most = first, first
        if self.skip("TO"):
            item.most = self.number()
        self.skip("TIMES")
        if self.skip("DEPENDING"):
            self.skip("ON")
            self.counter = self.name()
            while self.skip("OF", "IN"):
                self.name()
            if item.least == item.most:
                item.least = 0
        while self.peek() in ("ASCENDING", "DESCENDING", "INDEXED"):
            self.at += 1
            self.skip("KEY")
            self.skip("IS", "BY")
            while self.peek() and self.peek() not in (*_CLAUSES, "ASCENDING", "DESCENDING", "INDEXED"):
                self.name()
        if not item.most >= 1 or item.least > item.most:
            raise self.error(f"OCCURS {item.least} TO {item.most} is no range")
        if self.counter is None and item.least != item.most:
            raise self.error("OCCURS with a range needs DEPENDING ON")

    def sign(self, item: Item) -> None:
        self.signs = True
        self.skip("IS")
        word = self.take().upper()
        if word not in ("LEADING", "TRAILING"):
            raise self.error(f"SIGN {word[:30]} is not understood")
        item.sign = "leading" if word == "LEADING" else "trailing"
        item.apart = self.skip("SEPARATE")
        self.skip("CHARACTER")

    def just(self, item: Item) -> None:
        self.skip("RIGHT")
        item.right = True

    def blank(self, item: Item) -> None:
        self.skip("WHEN")
        if not self.skip("ZERO", "ZEROS", "ZEROES"):
            raise self.error("BLANK WHEN ZERO is not complete")

    def value(self, item: Item) -> None:
        self.skip("IS", "ARE")
        self.take()
        while self.peek() and self.peek() not in _CLAUSES:
            self.at += 1

    def resolve(self, item: Item, above: Item | None) -> None:
        """Find what the entry refers to, and hand down the usage of its group."""
        if above is not None and item.usage == "display":
            item.usage = above.usage
        if above is not None and not self.signs and (item.picture is None or item.picture.signed):
            item.sign, item.apart = above.sign, above.apart
        if self.redefined is not None:
            before = above.children if above is not None else []
            item.redefines = next((other for other in reversed(before) if other.name == self.redefined), None)
            if item.redefines is None and above is not None:
                raise self.error(
                    f"there is no {self.redefined} before {item.name or 'FILLER'} in {above.name} to redefine"
                )
            if item.redefines is not None and item.redefines.redefines is not None:
                item.redefines = item.redefines.redefines
            if item.most or (item.redefines is not None and item.redefines.depending is not None):
                raise self.error("a table cannot redefine, and none of changing size be redefined")
        if self.counter is not None:
            if any(part.most for part in _upwards(above)):
                raise self.error("a table of changing size cannot stand inside another table")
            item.depending = self.counted(item, above)

    def counted(self, item: Item, above: Item | None) -> Item:
        root = above
        while root is not None and root.parent is not None:
            root = root.parent
        known = [other for other in (root.walk() if root is not None else ()) if other.name == self.counter]
        if len(known) != 1 or any(part.most for part in _upwards(known[0])):
            said = "is not before it" if not known else "is not one single field"
            raise self.error(f"OCCURS depends on {self.counter}, which {said}")
        if not known[0].is_numeric or (known[0].picture is not None and known[0].picture.scale):
            raise self.error(f"OCCURS depends on {self.counter}, which is no whole number")
        return known[0]


def _upwards(item: Item | None) -> list[Item]:
    found = []
    while item is not None:
        found.append(item)
        item = item.parent
    return found


def _measure(item: Item) -> int:
    """Set the sizes, and give the number of fields with all tables at their largest."""
    where = item.name or "FILLER"
    if item.is_group:
        if not item.children:
            raise CopybookError(item.line, f"{where} has neither a picture nor entries below it")
        fields = 0
        end = 0
        start: dict[Item, int] = {}
        for child in item.children:
            fields += _measure(child)
            start[child] = end if child.redefines is None else start[child.redefines]
            end = max(end, start[child] + child.room)
        item.size = end
    else:
        fields, item.size = 1, _size_of(item)
    fields *= max(item.most, 1)
    if item.room > MOST_BYTES or fields > MOST_FIELDS:
        limit = f"{MOST_BYTES} bytes" if item.room > MOST_BYTES else f"{MOST_FIELDS} fields"
        raise CopybookError(item.line, f"{where} has more than {limit}")
    return fields


def _size_of(item: Item) -> int:
    if item.usage in ("float", "double"):
        if item.picture is not None:
            raise CopybookError(item.line, f"{item.name or 'FILLER'} is a float, which has no picture")
        return 4 if item.usage == "float" else 8
    assert item.picture is not None
    if item.usage == "display":
        return item.picture.size + (item.apart and item.picture.numeric)
    digits = item.picture.digits
    if not item.picture.numeric or item.picture.point:
        raise CopybookError(item.line, f"{item.name or 'FILLER'} is {item.kind}, and only whole pictures of 9 can be")
    if item.usage == "packed":
        return digits // 2 + 1
    for most, size in ((4, 2), (9, 4), (18, 8)):
        if digits <= most:
            return size
    return int((10**digits).bit_length() + 1 + 7) // 8
