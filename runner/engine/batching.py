"""Batching: documents of one receipt that leave together, as one interchange or one file.

Each is encoded as it is read, so that one that cannot be written is quarantined by itself.  The batch is written in the
transaction that ends the receipt; what is not at hand then, after a crash or since there is much, is encoded anew from
the document in the ledger.
"""

from collections.abc import Iterable

from transload.adapters.base import Context
from transload.adapters.base.format import Encoded, Writing
from transload.canonical.documents import document_model
from transload.canonical.errors import Reject
from transload.canonical.findings import Finding
from transload.mappings.residue import Residue
from transload.runner.engine.drafting import Origin
from transload.runner.engine.filtering import Wrapping
from transload.runner.engine.guarding import guarded
from transload.runner.engine.lines import Line, Writer
from transload.runner.ledger.drafts import Batch, Bundle, Frozen, Member, RevocableNumbers
from transload.runner.templates import fill_all, once

MOST_FINDINGS = 50
"""How many findings about its documents a batch keeps; each document has its own."""


def batches(line: Line, origin: Origin) -> dict[str, Batch]:
    """By target, how what ``line`` gathers of a receipt is written.

    Raises `Stop` or `Retry` when a secret of the filters on their way cannot be had.
    """
    return {writer.outlet.target: _batch(writer, origin) for writer in line.writers if writer.route.batch is not None}


def _batch(writer: Writer, origin: Origin) -> Batch:
    outlet = writer.outlet
    assert writer.route.batch is not None
    writer.mapping.refresh()  # so that nothing is asked of a database inside the transaction
    wrapping = origin.wrappings.of(outlet.lane, writer.route.filters)
    return Batch(
        lane=outlet.lane,
        target=outlet.target,
        connection=outlet.connection,
        key=lambda part: origin.key("batch", part, outlet.target),
        freeze=lambda numbers, key, members: _freeze(writer, origin, wrapping, numbers, key, members),
        most=writer.route.batch.most,
        artifacts=writer.artifacts,
        product=writer.product,
    )


def _freeze(
    writer: Writer,
    origin: Origin,
    wrapping: Wrapping,
    numbers: RevocableNumbers,
    key: str,
    members: Iterable[Member],
) -> Bundle:
    """Write the members one after the other; raises `TransloadError` where that cannot be done at all."""
    partner = writer.route.partner.facts
    context = Context(now=origin.now, numbers=numbers, partner=partner)
    begun = guarded(
        "the format",
        lambda: writer.format.writing(envelope=writer.format.envelope(**writer.envelope), context=context),
    )
    parts: list[bytes] = []
    written: list[int] = []
    refused: dict[int, tuple[Finding, ...]] = {}
    findings: list[Finding] = []
    for member in members:
        try:
            encoded = member.body or _encoded(writer, member, context, numbers)
            parts.append(_added(begun, encoded))
        except Reject as error:
            refused[member.document] = error.findings
            continue
        written.append(member.document)
        findings += encoded.findings[: MOST_FINDINGS - len(findings)]
    if not written:
        return Bundle(frozen=None, members=(), refused=refused)
    parts.append(guarded("the format", begun.close))
    content = b"".join(parts)
    parts.clear()
    known = {
        "receipt": origin.facts,
        "key": key,
        "partner": partner,
        "now": origin.now,
        "number": once(lambda: numbers.next(f"delivery:{writer.outlet.target}")),
    }
    metadata = fill_all(writer.route.templates, known)
    references = guarded("the format", lambda: writer.format.references(content))
    wrapped, content_type = wrapping.wrap(content, writer.format.content_type, known)
    frozen = Frozen(
        content=wrapped,
        content_type=content_type,
        metadata=metadata,
        references=references,
        findings=tuple(findings),
    )
    return Bundle(frozen=frozen, members=tuple(written), refused=refused)


def _added(begun: Writing, encoded: Encoded) -> bytes:
    added: bytes = guarded("the format", lambda: begun.add(encoded))
    return added


def _encoded(writer: Writer, member: Member, context: Context, numbers: RevocableNumbers) -> Encoded:
    """The member's body, made of what the ledger holds; the numbers of one that is refused are not used."""
    stored = member.stored()
    document = document_model(stored.document).model_validate_json(stored.canonical)
    # what else its message held is put back only by the mapping that has read it
    own = stored.residue if stored.mapping == writer.mapping.name else None
    kept = {"residue": Residue.of(own)} if own is not None else {}
    mark = numbers.mark()
    try:
        encoded: Encoded = guarded(
            f"the mapping {writer.mapping.name}", lambda: writer.mapping.encode(document, context, **kept)
        )
    except Reject:
        numbers.back(mark)
        raise
    return encoded
