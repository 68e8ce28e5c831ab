"""What BizTalk writes into its EDI schemas beside the language of schemas: annotations in ``xs:appinfo``.

Read are ``b:recordInfo`` and ``b:fieldInfo`` (notes; ``trigger_field`` and ``trigger_value``, which tell loops and
segments of one tag apart in its HIPAA schemas) and ``b:Rule`` (relations between the elements of a segment), as
Microsoft's "HIPAA schema trigger field annotations" and "Cross field/segment validation" describe them.
"""

import re
from dataclasses import dataclass

from lxml import etree

from transload.adapters.edi.guides.importing.outlines.records import Key
from transload.adapters.edi.guides.importing.schemas.loading import Declared

NAMESPACE = "http://schemas.microsoft.com/BizTalk/2003"
_ROOT = re.compile(
    r"X12_(?P<release>\d{5})_(?P<set>\d{3})(?:_.*)?|EFACT_(?P<directory>[A-Z]\d\d[A-Z])_(?P<type>[A-Z]{6})(?:_(?P<use>\w+))?"
)
_RELATIONS = {"paired": "P", "required": "R", "exclusion": "E", "conditional": "C", "listconditional": "L"}
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


def notes(element: Declared) -> str:
    """What BizTalk notes of an element, else the first documentation of the schema's own."""
    for info in _infos(element, "recordInfo", "fieldInfo"):
        if info.get("notes"):
            return " ".join(str(info.get("notes")).split())
    annotation = element.child("annotation")
    said = annotation.child("documentation") if annotation is not None else None
    return " ".join("".join(str(text) for text in said.node.itertext()).split()) if said is not None else ""


def trigger(element: Declared, tag: str) -> Key | None:
    """By which element of its segment ``tag`` a loop or segment is known."""
    for info in _infos(element, "recordInfo"):
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


def rules(element: Declared, names: list[str]) -> tuple[list[str], list[str]]:
    """The conditions between the elements ``names`` of a segment, and the rules that are not understood."""
    conditions: list[str] = []
    others: list[str] = []
    for rule in _infos(element, "Rule"):
        subject = str(rule.get("subjects") or rule.get("subject") or "")
        kind = _RELATIONS.get(re.sub(r"\W", "", subject.rpartition("_")[2]).lower())
        wanted = [str(each.get("name") or "") for each in rule.iter(f"{{{NAMESPACE}}}Subject")]
        positions = [names.index(name) + 1 for name in wanted if name in names]
        if kind is None or not subject.startswith("X12ConditionDesignator") or len(positions) != len(wanted):
            others.append(f"{subject} {' '.join(wanted)}".strip())
        else:
            conditions.append(kind + "".join(f"{position:02}" for position in positions))
    return conditions, others


def _infos(element: Declared, *names: str) -> "list[etree._Element]":
    annotation = element.child("annotation")
    if annotation is None:
        return []
    tags = [f"{{{NAMESPACE}}}{name}" for name in names]
    return [info for about in annotation.children("appinfo") for info in about.node.iter(*tags)]
