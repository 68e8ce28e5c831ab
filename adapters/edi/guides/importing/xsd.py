"""Guides from an XML Schema that describes an EDI message as XML, as far as that goes.

What goes: one element for each segment and loop with ``minOccurs`` and ``maxOccurs``; in segments one element for each
data element, and one with elements of its own for each composite; lengths, enumerations, digits.  Known shapes:

- BizTalk's (``X12_00401_850``, ``EFACT_D96A_ORDERS``): ``BEG`` holds ``BEG01``; types such as ``X12_ID_353`` give the
  data element's number; notes, trigger fields (uses of one segment) and rules between elements are read.
- EdiFabric's, with a letter before each name: ``S_BEG``, ``D_BEG01``, ``C_C040``.
- DFDL schemas (as IBM's for UN/EDIFACT, which Smooks uses too): ``SegGrp-1``, ``C507``, ``E2005``.
- any schema nested in the same way: loops of any name, segments named by their tag, elements by their number or place.

What does not go, and is a remark each time: what XML Schema says and a guide cannot (one of a choice, parts that are
absent together, ranges of numbers, patterns but those of so many digits, ``xs:any``, substitution), BizTalk's rules of
other kinds and DFDL's expressions.  What a schema does not say cannot be known: a data element without number is
called ``Z1`` and so on in the guide, and without a version in the names of the schema one must be given.

Schemas that are included or imported are read from the same folder, and from nowhere else.
"""

import re
from pathlib import Path

from transload.adapters.edi.guides.importing.markup import fault, remark
from transload.adapters.edi.guides.importing.outlines.checking import faults_of
from transload.adapters.edi.guides.importing.outlines.drafting import Imported, Part, draft
from transload.adapters.edi.guides.importing.outlines.records import Outline, size_of
from transload.adapters.edi.guides.importing.schemas.biztalk import Root, root_of
from transload.adapters.edi.guides.importing.schemas.loading import Declared, Schemas, load_schemas
from transload.adapters.edi.guides.importing.schemas.reading import SchemaReader
from transload.adapters.edi.guides.lookup import version_folders
from transload.canonical.findings import Finding

_DIRECTORY = re.compile(r"(?<![A-Za-z0-9])D[._]?(?P<release>\d\d[AB])(?![A-Za-z0-9])")
_MESSAGE = {"edifact": re.compile(r"[A-Z]{6}"), "x12": re.compile(r"\d{3}")}
_VERSION = {
    "edifact": re.compile(r"[A-Z0-9]{1,3}:[A-Z0-9]{1,3}:[A-Z]{2}(?::\w{1,6})?"),
    "x12": re.compile(r"\d{6}\w{0,6}"),
}


def import_schema(
    path: Path, *, message: str = "", version: str = "", root: str = ""
) -> tuple[list[Imported], list[Finding]]:
    """The guides of the messages that the schema at ``path`` describes, and what of it they cannot say.

    ``root`` names the element that is the message, ``message`` and ``version`` (``850`` and ``004010``, ``ORDERS``
    and ``D:96A:UN``) what it is; each is needed only where the schema does not say it.  Findings are remarks
    (``R-IMPORT``) and errors (``E-IMPORT``).
    """
    findings: list[Finding] = []
    schemas = load_schemas(path, findings)
    made: list[Imported] = []
    candidates = _candidates(schemas, root)
    for element in candidates:
        named = _named(element, path, message, version, only=len(candidates) == 1 or bool(root))
        if named is None:
            continue
        if not (
            _MESSAGE[named.standard].fullmatch(named.message) and _VERSION[named.standard].fullmatch(named.version)
        ):
            findings.append(
                fault(
                    element.path,
                    element.line,
                    f"the schema does not say which message and version {element.node.get('name')} is",
                    hint="name the message and the version: ORDERS and D:96A:UN, or 850 and 004010",
                )
            )
            continue
        imported = _make(element, path, named, schemas, findings)
        if imported is not None:
            made.append(imported)
    if not made and not any(finding.is_error for finding in findings):
        findings.append(
            fault(
                path,
                1,
                f"the schema has no element {root!r} with segments in it"
                if root
                else "the schema has no element that is a message",
                hint="a message is an element that holds segments, named by their tags: BGM, BEG",
            )
        )
    return made, findings


def _candidates(schemas: Schemas, root: str) -> list[Declared]:
    """The elements of the schema's own file that may be messages."""
    own = [element for schema in schemas.roots[:1] for element in schema.children("element")]
    if root:
        return [element for element in own if element.node.get("name") == root]
    reader = SchemaReader(schemas=schemas, standard="edifact", findings=[])
    named = [element for element in own if root_of(str(element.node.get("name")))]
    return named or [element for element in own if reader.holds_segments(element)]


def _named(element: Declared, path: Path, message: str, version: str, *, only: bool) -> Root | None:
    """What an element is; None where it is no message, such as an interchange around them."""
    name = str(element.node.get("name"))
    said = root_of(name)
    if said is not None:
        wanted = message in ("", said.message)
        return Root(standard=said.standard, message=said.message, version=version or said.version) if wanted else None
    kind = message or (name if _MESSAGE["edifact"].fullmatch(name) else "")
    if not kind and not only:
        return None
    if message and not only and name != message:
        return None
    found = _DIRECTORY.search(element.namespace) or _DIRECTORY.search(path.name)
    guessed = version or (f"D:{found['release']}:UN" if found else "")
    return Root(standard="x12" if kind.isdigit() else "edifact", message=kind, version=guessed)


def _make(element: Declared, path: Path, named: Root, schemas: Schemas, findings: list[Finding]) -> Imported | None:
    reader = SchemaReader(schemas=schemas, standard=named.standard, findings=findings)
    outline = Outline(
        file=path.name,
        standard=named.standard,
        title=f"{named.message} {named.version}",
        message=named.message,
        versions=(named.version,),
        body=reader.body(element),
    )
    wrong = faults_of(outline, path)
    findings += wrong
    if wrong:
        return None
    if reader.unnumbered:
        (holder, name), count = next(iter(reader.unnumbered)), len(reader.unnumbered)
        findings.append(
            remark(
                element.path,
                element.line,
                f"{count} elements have no number of a data element, the first is {name} in {holder}; "
                f"they are called Z1 to Z{count}",
            )
        )
    folder = next(iter(version_folders(named.standard, named.message, named.version)))
    source = f"the XML Schema {path.name}, element {element.node.get('name')}"
    message = draft([Part(outline=outline, path=path)], folder, named.version, source, findings)
    return Imported(files=(path.name,), sizes=(size_of(outline),), message=message, standard=named.standard)
