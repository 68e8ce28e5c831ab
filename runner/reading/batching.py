"""Batching: documents that leave together, as one interchange or one file: those of one receipt, or of a time.

Each is encoded as it is read, so that one that cannot be written is quarantined by itself.  The batch of a receipt is
written in the transaction that ends it; what is not at hand then, after a crash or since there is much, is encoded anew
from the document in the ledger.  So is all of a batch that is due by time or number, in a transaction of its own: what
is in it was settled when it was gathered, so it is the same batch whoever writes it, and whenever.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any
from uuid import uuid5

from transload.adapters.base import Context
from transload.adapters.base.format import Encoded, Writing
from transload.canonical.documents import document_model
from transload.canonical.errors import Reject
from transload.canonical.findings import Finding
from transload.mappings.residue import Residue
from transload.runner.ledger.drafts import Batch, Bundle, Frozen, Member, RevocableNumbers
from transload.runner.lines.filtering import Wrapping, Wrappings
from transload.runner.lines.guarding import guarded
from transload.runner.lines.lines import Line, Writer
from transload.runner.reading.drafting import KEYS, Origin
from transload.runner.templates import fill_all, once

MOST_FINDINGS = 50
"""How many findings about its documents a batch keeps; each document has its own."""


def batches(line: Line, origin: Origin, *, across: bool = False) -> dict[str, Batch]:
    """By target, how what ``line`` gathers of a receipt is written; with ``across`` also what leaves with others.

    Raises `Stop` or `Retry` when a secret of the filters on their way cannot be had.
    """
    found = {}
    for writer in line.writers:
        batch, outlet = writer.route.batch, writer.outlet
        if batch is None or (batch.across and not across):
            continue
        found[outlet.target] = _batch(
            writer,
            origin.wrappings.of(outlet.lane, writer.route.filters),
            origin.now,
            key=partial(_key_of_part, origin, outlet.target),
            facts={} if batch.across else {"receipt": origin.facts},
        )
    return found


def _key_of_part(origin: Origin, target: str, part: int | str) -> str:
    return origin.key("batch", part, target)


@contextmanager
def departing(writer: Writer, now: datetime) -> Iterator[Batch]:
    """How what was gathered for ``writer`` from several receipts is written.

    Raises `Stop` or `Retry` when a secret of the filters on the way cannot be had.
    """
    wrappings = Wrappings()
    lane = writer.outlet.lane
    try:
        wrapping = wrappings.of(lane, writer.route.filters)
        yield _batch(writer, wrapping, now, key=lambda part: str(uuid5(KEYS, json.dumps([lane, "batch", part]))))
    finally:
        wrappings.close()


def given_up(batch: Batch, times: int) -> Batch:
    """The batch, quarantined as it is: that it was written ended the process ``times`` times, or failed."""
    finding = Finding(
        code="E-INTERRUPTED",
        message=f"the batch for {batch.target} was begun {times} times, and each time the process ended or failed",
        hint="see the log and how much memory it had; a count: of its batch makes it smaller; then `transload replay`",
    )

    def freeze(numbers: RevocableNumbers, key: str, members: Iterable[Member]) -> Bundle:
        raise Reject(finding.message, findings=[finding])

    return replace(batch, freeze=freeze)


def _batch(
    writer: Writer,
    wrapping: Wrapping,
    now: datetime,
    *,
    key: Callable[[int | str], str],
    facts: Mapping[str, Any] = MappingProxyType({}),
) -> Batch:
    outlet = writer.outlet
    writer.mapping.refresh()  # so that nothing is asked of a database inside the transaction
    return Batch(
        lane=outlet.lane,
        target=outlet.target,
        connection=outlet.connection,
        key=key,
        freeze=lambda numbers, key, members: _freeze(writer, facts, now, wrapping, numbers, key, members),
        most=writer.route.batch.most if writer.route.batch is not None else None,
        artifacts=writer.artifacts,
        product=writer.product,
    )


def _freeze(
    writer: Writer,
    facts: Mapping[str, Any],
    now: datetime,
    wrapping: Wrapping,
    numbers: RevocableNumbers,
    key: str,
    members: Iterable[Member],
) -> Bundle:
    """Write the members one after the other; raises `TransloadError` where that cannot be done at all."""
    partner = writer.route.partner.facts
    context = Context(now=now, numbers=numbers, partner=partner)
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
        **facts,
        "key": key,
        "partner": partner,
        "now": now,
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
