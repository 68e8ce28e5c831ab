"""Reports on trees: places in XML and JSON, and what nothing takes."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from transload.adapters.base.format import Tree
from transload.canonical.findings import Finding, Severity
from transload.mappings.compiler.trees import TreeLevel, wrong_guard
from transload.mappings.language.checks import decisive, guards
from transload.mappings.language.layout import Element
from transload.mappings.language.meaning import Meaning
from transload.mappings.reports.reading import ReadingReport
from transload.mappings.reports.remarks import another, differing, further_one
from transload.mappings.reports.xml_parts import Parts


@dataclass
class XmlReport(ReadingReport):
    """The report of a traced reading of XML."""

    def stranger(self, level: TreeLevel, root: Any) -> None:
        """The root element is not the one that the mapping reads."""
        self.refused = True
        node = level.nodes[0]
        if root.tag != node.tag:
            message = f"the root element is {root.tag}, and the mapping reads {node.tag}"
        else:
            found = wrong_guard(node, root, xml=True)
            assert found is not None
            message = _miss(node, *found)
        self.findings.append(
            Finding(code="E-UNMAPPED", message=message, place=self.locate((root, None)), mapping=node.at)
        )


@dataclass
class JsonReport(ReadingReport):
    """The report of a traced reading of JSON."""

    def misshapen(self, value: Any, expected: str, where: Any) -> None:
        """A value of one shape stands where another is expected."""
        self.refused = self.refused or where == ()
        self.findings.append(
            Finding(
                code="E-VALUE",
                message=getattr(value, "reason", None) or f"{expected} is expected, and this is {_shape(value)}",
                value=_short(value),
                place=self.locate(where),
            )
        )


def xml_remarks(meaning: Meaning, body: Tree, remarks: Sequence[Any]) -> Iterator[Finding]:
    """The findings of a reading of XML.

    A remark is ``("child", level, element)``, ``("attributes", level, element)``, ``("text", level, element)``,
    ``("further", node, element, where)``, ``("another", slot, where, value)`` or
    ``("sum", slot, where, stated, computed)``; ``where`` is ``(element, attribute)``.
    """
    severity = Severity.ERROR if meaning.strict else Severity.WARNING
    parts = Parts(meaning, body, remarks, severity)
    for remark in remarks:
        if remark[0] in ("attributes", "text"):
            yield from parts.findings(remark)
            continue
        if remark[0] == "sum":
            place = body.place(parts.paths.of(*remark[2]))
            yield differing(remark[1], place, remark[3], remark[4])
            continue
        if remark[0] == "another":
            place = body.place(parts.paths.of(*remark[2]))
            yield another(remark[1], remark[3], place, strict=meaning.strict)
            continue
        if remark[0] == "further":
            place = body.place(parts.paths.of(*remark[3]))
            yield further_one(remark[1], remark[1].label, place, severity)
            continue
        level, element = remark[1], remark[2]
        local = element.tag.rpartition("}")[2]
        place = body.place(parts.paths.of(element))
        yield _aside(level, local, element, severity, place, xml=True)


def json_remarks(meaning: Meaning, body: Tree, remarks: Sequence[Any]) -> Iterator[Finding]:
    """The findings of a reading of JSON.

    A remark is ``("keys", level, object, path)``, ``("value", level, value, path)``,
    ``("further", node, value, path)``, ``("another", slot, path, value)`` or ``("sum", slot, path, stated, computed)``.
    """
    severity = Severity.ERROR if meaning.strict else Severity.WARNING
    for remark in remarks:
        if remark[0] == "sum":
            yield differing(remark[1], body.place(remark[2]), remark[3], remark[4])
        elif remark[0] == "another":
            yield another(remark[1], remark[3], body.place(remark[2]), strict=meaning.strict)
        elif remark[0] == "further":
            yield further_one(remark[1], remark[1].label, body.place(remark[3]), severity)
        elif remark[0] == "keys":
            _, level, members, path = remark
            for key in level.unknown(members):
                yield _aside(level, key, members[key], severity, body.place((*path, key)), xml=False)
        else:
            _, level, value, path = remark
            name = next((step for step in reversed(path) if isinstance(step, str)), "")
            yield _aside(level, name, value, severity, body.place(path), xml=False)


def _aside(level: TreeLevel, name: str, element: Any, severity: Severity, place: Any, *, xml: bool) -> Finding:
    tag = element.tag if xml else name
    candidates = [node for node in level.nodes if node.tag == tag]
    for node in candidates:
        found = wrong_guard(node, element, xml=xml)
        if found is not None and (len(candidates) == 1 or not _first_wrong(node, element, xml=xml)):
            if decisive(node, candidates):
                return Finding(  # it says what kind of message this is, and this is another one
                    code="E-VALUE",
                    message=_miss(node, *found),
                    hint="add the value to the list of literals, if it means the same",
                    value=None if found[1] is None else str(found[1]),
                    place=place,
                    mapping=found[0].at,
                )
            return Finding(
                code="E-UNMAPPED",
                severity=severity,
                message=f"{name} is left aside: {_miss(node, *found)}",
                hint="add the value to the list of literals, if it means the same",
                place=place,
                mapping=node.at,
            )
    if candidates:
        message = f"{name} is left aside: none of the mapping's {len(candidates)} entries for it fits"
    elif level.owner is None:
        message = f"{name} is left aside: the mapping has nothing for it"
    else:
        message = f"{name} is left aside: the mapping has nothing for it inside {level.owner.name}"
    return Finding(
        code="E-UNMAPPED",
        severity=severity,
        message=message,
        hint=f"bind it, or list it under ignores: [{name}]",
        value=None if xml else _short(element),
        place=place,
        mapping=(candidates[0] if candidates else level.owner).at if candidates or level.owner else None,  # type: ignore[union-attr]
    )


def _first_wrong(node: Element, element: Any, *, xml: bool) -> bool:
    """Whether the first literal of a node is the one that does not hold: then it is not a near miss."""
    found = wrong_guard(node, element, xml=xml)
    first = next(iter(guards(node).values()), None)
    return found is not None and found[0] is first


def _miss(node: Element, slot: Any, found: Any) -> str:
    stands = "is absent" if found is None else f"is {found!r}"
    accepts = " or ".join(repr(literal) for literal in slot.literals)
    return f"{node.name} is meant, but {slot.name} {stands}, and the mapping accepts {accepts}"


def _shape(value: Any) -> str:
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return "true or false"
    return "a number" if isinstance(value, int | Decimal) else "a text"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."
