"""What servers say of files: the facts of MLSD and MLST, and the lines of LIST, which no standard describes.

Facts and times are those of RFC 3659 (sections 2.3, 7.5); LIST is read in the form of ``ls -l`` that Unix servers
give, and in that of ``dir`` from Windows.  A time is a number to compare with itself: nothing is guessed about zones.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_SECOND = 1_000_000_000
_TIME = re.compile(r"(\d{14})(?:\.(\d{1,9})\d*)?")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_UNIX = re.compile(
    r"(?P<kind>[-a-zA-Z])[-rwxsStTlL]{9}[+@.]?\s.*?\s(?P<size>\d+)\s+"
    r"(?:(?P<month>[A-Za-z]{3})\s+(?P<day>\d{1,2})|(?P<day_first>\d{1,2})\.?\s+(?P<month_last>[A-Za-z]{3})"
    r"|(?P<iso>\d{4}-\d\d-\d\d))"
    r"\s+(?:(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::\d\d)?|(?P<year>\d{4}))\s(?P<name>.+)",
    re.DOTALL,
)
_WINDOWS = re.compile(
    r"(?P<month>\d\d)-(?P<day>\d\d)-(?P<year>\d{4}|\d\d)\s+(?P<hour>\d\d):(?P<minute>\d\d)\s?(?P<half>[AaPp][Mm])?\s+"
    r"(?:(?P<folder><[A-Z]+>)\s+|(?P<size>\d+)\s)(?P<name>.+)",
    re.DOTALL,
)
_TOTAL = re.compile(r"(?:total|insgesamt)\b.*", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """One entry of a folder: its name, whether it is a plain file, and what is known of it.

    ``changed`` is in nanoseconds; ``size`` and ``changed`` are None where the server did not say them.
    """

    name: str
    is_file: bool
    size: int | None = None
    changed: int | None = None


def time_of(text: str) -> int | None:
    """A time as MDTM and the fact ``modify`` write it (``YYYYMMDDHHMMSS[.f]``), in nanoseconds; None if it is none."""
    found = _TIME.fullmatch(text.strip())
    if found is None:
        return None
    try:
        moment = datetime.strptime(found[1], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return int(moment.timestamp()) * _SECOND + int((found[2] or "0").ljust(9, "0"))


def facts_of(line: str) -> Listed | None:
    """An entry as MLSD lists it and MLST shows it (``type=file;size=5; name``); None for what is no such line.

    The folder itself and the one above it are no entries.  What is not of the kind ``file`` may be a link.
    """
    said, blank, name = line.partition(" ")
    if not blank or not name or "=" not in said:
        return None
    facts = {key.lower(): value for key, _, value in (fact.partition("=") for fact in said.split(";") if fact)}
    kind = facts.get("type", "").lower()
    if kind in ("cdir", "pdir"):
        return None
    size = facts.get("size", "")
    return Listed(
        name=name,
        is_file=kind == "file",
        size=int(size) if size.isascii() and size.isdigit() and len(size) < 20 else None,
        changed=time_of(facts.get("modify", "")),
    )


def line_of(line: str, now: datetime) -> Listed | None:
    """An entry as LIST shows it; None for a line of neither form.

    A time without a year lies in the year that ends tomorrow, by our clock: servers leave the year out for the last
    months only.  So the number stays the same until the server goes over to the other form.
    """
    if found := _WINDOWS.fullmatch(line):
        return _windows(found)
    if found := _UNIX.fullmatch(line):
        return _unix(found, now)
    return None


def means_nothing(line: str) -> bool:
    """Whether ``line`` of a LIST speaks of no entry: a blank one, or the sum that ``ls -l`` begins with."""
    return not line.strip() or _TOTAL.fullmatch(line) is not None


def _unix(found: re.Match[str], now: datetime) -> Listed | None:
    hour, minute = int(found["hour"] or 0), int(found["minute"] or 0)
    if found["iso"]:
        year, month, day = (int(part) for part in found["iso"].split("-"))
        moment = _moment(year, month, day, hour, minute)
    else:
        called = (found["month"] or found["month_last"]).lower()
        if called not in _MONTHS:
            return None
        numbers = (_MONTHS.index(called) + 1, int(found["day"] or found["day_first"]))
        if found["year"]:
            moment = _moment(int(found["year"]), *numbers)
        else:
            latest = now.replace(tzinfo=None) + timedelta(days=1)
            years = (latest.year - back for back in range(5))  # far enough back for a 29 February
            likely = (_moment(year, *numbers, hour, minute) for year in years)
            moment = next((one for one in likely if one is not None and one <= latest), None)
    if moment is None:
        return None
    return Listed(
        name=found["name"], is_file=found["kind"] == "-", size=_size(found["size"]), changed=_nanoseconds(moment)
    )


def _windows(found: re.Match[str]) -> Listed | None:
    hour = int(found["hour"])
    if found["half"]:
        hour = hour % 12 + (12 if found["half"].lower() == "pm" else 0)
    year = int(found["year"])
    if year < 100:
        year += 2000 if year < 70 else 1900  # as Windows does
    moment = _moment(year, int(found["month"]), int(found["day"]), hour, int(found["minute"]))
    if moment is None:
        return None
    is_file = found["folder"] is None
    size = _size(found["size"]) if is_file else None
    return Listed(name=found["name"], is_file=is_file, size=size, changed=_nanoseconds(moment))


def _moment(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime | None:
    try:
        return datetime(year, month, day, hour, minute)  # noqa: DTZ001 - the server's own time, whatever its zone
    except ValueError:
        return None


def _nanoseconds(moment: datetime) -> int:
    return int(moment.replace(tzinfo=UTC).timestamp()) * _SECOND


def _size(text: str) -> int | None:
    return int(text) if len(text) < 20 else None
