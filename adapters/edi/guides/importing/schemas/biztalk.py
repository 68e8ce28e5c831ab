"""What BizTalk writes into its EDI schemas beside the language of schemas: annotations in ``xs:appinfo``.

Read are ``b:recordInfo`` and ``b:fieldInfo`` (tags, positions, notes, the number of a data element behind its name;
``trigger_field`` and ``trigger_value``, which tell loops and segments of one tag apart in its HIPAA schemas) and
``b:Rule`` (relations between elements), as the schemas of BizTalk's own samples have them (X12_00401_864,
EFACT_D98B_APERAK) and Microsoft's "HIPAA schema trigger field annotations" and "Cross field/segment validation"
describe them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from transload.adapters.edi.guides.importing.outlines.records import Key
from transload.adapters.edi.guides.importing.schemas.loading import Declared

NAMESPACE = "http://schemas.microsoft.com/BizTalk/2003"
_ROOT = re.compile(
    r"X12_(?P<release>\d{5})_(?P<set>\d{3})(?:_.*)?|EFACT_(?P<directory>[A-Z]\d\d[A-Z])_(?P<type>[A-Z]{6})(?:_(?P<use>\w+))?"
)
_RELATIONS = {"paired": "P", "required": "R", "exclusion": "E", "conditional": "C", "listconditional": "L"}
_NUMBERED = re.compile(r"_(?P<number>\d{1,4})$")
_STEP = re.compile(r"(?P<tag>[A-Z][A-Z0-9]{1,2})(?P<number>\d\d)(?!\d)")
_COMPONENT = re.compile(r"[CS]\d{3}(?P<number>\d\d)(?!\d)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Root:
    """What the name of a root element says: ``X12_00401_850``, ``EFACT_D96A_ORDERS_EAN008``."""

    standard: str
    message: str
    version: str


def root_of(name: str) -> Root | None:
    """The message that BizTalk means by the name of a root element; its X12 release lacks GS08's last digit."""
    found = _ROOT.fullmatch(name)
    if found is None:
        return None
    if found["set"]:
        return Root(standard="x12", message=found["set"], version=f"{found['release']}0")
    directory = found["directory"]
    version = f"{directory[0]}:{directory[1:]}:UN" + (f":{found['use']}" if found["use"] else "")
    return Root(standard="edifact", message=found["type"], version=version)


def notes(about: Sequence[Declared]) -> str:
    """What BizTalk notes of an element, else the first documentation of the schema's own.

    ``about`` are the nodes that may be annotated: a reference, and what it refers to.
    """
    for info in _infos(about, "recordInfo", "fieldInfo"):
        if info.get("notes"):
            return _NUMBERED.sub("", " ".join(str(info.get("notes")).split()))
    for element in about:
        annotation = element.child("annotation")
        said = annotation.child("documentation") if annotation is not None else None
        if said is not None:
            return " ".join("".join(str(text) for text in said.node.itertext()).split())
    return ""


def noted_number(about: Sequence[Declared]) -> str:
    """The number of the data element that BizTalk's X12 schemas note behind its name, ``Name_93``; empty for none."""
    found = [_NUMBERED.search(str(info.get("notes") or "")) for info in _infos(about, "fieldInfo")]
    return next((number["number"] for number in found if number), "")


def noted_tag(about: Sequence[Declared]) -> str:
    """The tag of a segment; its element may be called ``N1_2`` where another has the name already."""
    tags = [str(info.get("tag_name")) for info in _infos(about, "recordInfo") if info.get("tag_name")]
    return re.sub(r"_\d+$", "", tags[0]) if tags else ""


def noted_position(about: Sequence[Declared]) -> int:
    """The position of a composite in its segment; 0 for none."""
    numbers = [str(info.get("sequence_number") or "") for info in _infos(about, "recordInfo")]
    return next((int(number) for number in numbers if number.isascii() and number.isdigit()), 0)


def trigger(about: Sequence[Declared], tag: str) -> Key | None:
    """By which element of its segment ``tag`` a loop or segment is known."""
    for info in _infos(about, "recordInfo"):
        place, codes = info.get("trigger_field"), str(info.get("trigger_value") or "").split()
        if not place or not codes:
            continue
        steps = re.split(r"[/.]", place)
        for at, step in enumerate(steps):
            found = _STEP.match(step)
            if found and found["tag"] == tag:
                inner = _COMPONENT.match(steps[at + 1]) if at + 1 < len(steps) else None
                component = f".{int(inner['number'])}" if inner else ""
                return Key(place=f"{found['number']}{component}", codes=tuple(codes))
    return None


def rules(about: Sequence[Declared], names: list[str]) -> tuple[list[str], list[str]]:
    """The conditions between the elements ``names`` of a segment or composite, and the rules that are not understood.

    Of a conditional rule the first element is its ``qualifier``, or the first of its subjects.
    """
    conditions: list[str] = []
    others: list[str] = []
    for rule in _infos(about, "Rule"):
        subject = str(rule.get("subjects") or rule.get("subject") or "")
        kind = _RELATIONS.get(re.sub(r"\W", "", subject.rpartition("_")[2]).lower())
        wanted = [str(each.get("name") or "") for each in rule.iter(f"{{{NAMESPACE}}}Subject")]
        wanted = [str(rule.get("qualifier")), *wanted] if rule.get("qualifier") else wanted
        positions = [names.index(name) + 1 for name in wanted if name in names]
        if kind is None or not subject.startswith("X12ConditionDesignator") or len(positions) != len(wanted):
            others.append(f"{subject} {' '.join(wanted)}".strip())
        else:
            conditions.append(kind + "".join(f"{position:02}" for position in positions))
    return list(dict.fromkeys(conditions)), list(dict.fromkeys(others))


def _infos(about: Sequence[Declared], *names: str) -> "list[etree._Element]":
    tags = [f"{{{NAMESPACE}}}{name}" for name in names]
    annotations = [annotation for element in about for annotation in element.children("annotation")]
    appinfos = [appinfo for annotation in annotations for appinfo in annotation.children("appinfo")]
    return [info for appinfo in appinfos for info in appinfo.node.iter(*tags)]
