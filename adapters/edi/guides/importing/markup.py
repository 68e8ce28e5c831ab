"""XML files that describe messages, read so that they can do no harm: no DTD, no entities, no network."""

from pathlib import Path
from typing import Any

from lxml import etree

from transload.canonical.findings import Finding, Severity
from transload.canonical.places import MappingPlace

MOST_BYTES = 64 * 1024 * 1024
"""No file that describes messages is larger; the largest of pyx12's maps has a megabyte."""


def read_markup(path: Path) -> "etree._Element | Finding":
    """The root element of the XML file at ``path``, or the finding (``E-IMPORT``) that says why there is none."""
    try:
        if path.stat().st_size > MOST_BYTES:
            return fault(path, 1, f"the file has more than {MOST_BYTES} bytes and is not read")
        payload = path.read_bytes()
    except OSError as error:
        return fault(path, 1, f"the file cannot be read: {error.strerror}")
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        no_network=True,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(payload, parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        return fault(path, max(line, 1), f"this is no valid XML: {error.msg}", column=max(column, 1))
    except (etree.LxmlError, ValueError) as error:
        return fault(path, 1, f"this is no valid XML: {error}")
    about: Any = root.getroottree().docinfo
    if about.doctype:
        return fault(
            path, 1, "the file has a DOCTYPE, which is refused", hint="it could read other files; leave it out"
        )
    return root


def line_of(element: "etree._Element") -> int:
    """The line on which ``element`` begins."""
    line: Any = element.sourceline
    return int(line or 1)


def fault(path: Path, line: int, message: str, *, hint: str | None = None, column: int = 1) -> Finding:
    """An error about a file to import from, at a line of it."""
    place = MappingPlace(file=path.name, line=line, column=column)
    return Finding(code="E-IMPORT", message=message, hint=hint, mapping=place)


def remark(path: Path, line: int, message: str, *, hint: str | None = None) -> Finding:
    """What an import read, and a guide cannot say (``R-IMPORT``)."""
    place = MappingPlace(file=path.name, line=line, column=1)
    return Finding(code="R-IMPORT", severity=Severity.REMARK, message=message, hint=hint, mapping=place)
