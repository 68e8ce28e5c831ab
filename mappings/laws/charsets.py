"""Texts that a format cannot carry anywhere: its character set or separators refuse them, by place and not by field."""

from collections.abc import Callable

from transload.canonical.errors import Reject
from transload.canonical.model import Model
from transload.mappings.language.fields import Kind
from transload.mappings.laws.documents import Documents
from transload.mappings.laws.domains import Domains
from transload.mappings.laws.picks import Whole
from transload.mappings.laws.wires import Wire


def leave_out_refused(wire: Wire, documents: Documents, domains: Domains) -> None:
    """Take the texts that the format refuses out of all domains."""
    probe = _probe(documents, domains)
    if probe is None:
        return
    made, texts = probe
    bad = [text for text in texts if _refused(wire, made, text)]
    for domain in domains.all:
        if domain.carried.field.type.kind in (Kind.TEXT, Kind.TEXTS) and not domain.carried.field.type.choices:
            domain.inside = [value for value in domain.inside if value not in bad] or domain.inside[:1]


def _probe(documents: Documents, domains: Domains) -> tuple[Callable[[str], Model | None], list[str]] | None:
    """How a document with a free text is made, and the texts; the freest text of the document itself is used."""
    free = [
        carried
        for path, carried in documents.shape.fields.items()
        if len(path) == 1 and carried.field.type.kind is Kind.TEXT and not carried.field.type.choices
    ]
    if not free:
        return None
    carried = max(free, key=lambda one: len(domains.of(one).inside))
    name = carried.field.path[0]
    minimal = documents.make(Whole(full=False))
    if minimal is None:
        return None
    every = [value for domain in domains.all for value in domain.inside if isinstance(value, str)]
    return (lambda text: minimal.model_copy(update={name: text})), list(dict.fromkeys(every))


def _refused(wire: Wire, made: Callable[[str], Model | None], text: str) -> bool:
    document = made(text)
    assert document is not None
    try:
        encoded = wire.encode(document)
    except Reject:
        return False
    try:
        wire.payload(encoded)
    except Reject:
        return True
    return False
