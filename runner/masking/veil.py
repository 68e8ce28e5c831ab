"""What is told of documents, without the values of masked fields.

Where a value is known to be that of a masked field, it is masked; where it cannot be known, since what was found wrong
names a place in a payload and no field, the text is masked as a whole.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from transload.canonical.findings import Finding
from transload.runner.ledger import Ledger
from transload.runner.ledger.dialects import among
from transload.runner.ledger.references import Ref
from transload.runner.ledger.schema import contents, delivery_documents, documents
from transload.runner.masking.fields import MASKED, Fields
from transload.runner.masking.owners import of_documents, owners_of
from transload.runner.masking.values import Values

UNSAID = "what is wrong here is masked, as it may hold the value of a masked field"
"""The message of a finding that is masked."""
_OPEN = frozenset(
    {
        "E-NO-MAPPING", "E-MIXED", "E-EMPTY", "E-ENVIRONMENT", "W-ENVIRONMENT", "R-DUPLICATE", "W-REFERENCE",
        "E-NO-DOCUMENT", "E-COUNT", "E-CONTROL", "E-DUP", "E-MANDATORY", "E-TRAILER",
    }
)  # fmt: skip
"""Findings at a place of a payload that tell of envelopes, counts and names of segments, and of no value."""
_CLOSED = frozenset({"E-INTERNAL", "E-ADAPTER"})
"""Those that have no place, and a text that nobody has written for people: that of an exception."""
_NAMES = frozenset(
    {
        "ref", "code", "severity", "state", "kind", "document", "documents", "mapping", "route", "target", "digest",
        "lane", "what", "at", "connection", "partner", "hash", "key", "fingerprint", "delivery", "receipt",
    }
)  # fmt: skip
"""What the ledger and the workspace call things: no value of a document."""
_NUMBERS = {"number": "number", "about": "order_number"}
"""Columns that hold the value of a field, and the field's path."""
_PAGE = 500


class Veil:
    """Masks ``fields``; where ``ledger`` is given, it knows the values that documents in it have."""

    def __init__(self, fields: Fields | None = None, ledger: Ledger | None = None) -> None:
        self.fields = fields or Fields()
        self._ledger = ledger

    def values(self, refs: Iterable[Ref], others: Iterable[str] = ()) -> Values:
        """The masked values of documents, and of those that receipts gave and deliveries carry; and ``others``."""
        if not self.fields or self._ledger is None:
            return Values(others)
        refs = list(refs)
        return Values(self._known(refs, others), self.partners(refs))

    def partners(self, refs: Iterable[Ref]) -> frozenset[str] | None:
        """From whom these have come, and to whom they go; None where nobody asks, or it is not known of any."""
        owners = self.owners(refs)
        return frozenset[str]().union(*owners.values()) if owners else None

    def owners(self, refs: Iterable[Ref]) -> dict[Ref, frozenset[str]]:
        """The same of each; nothing where nobody asks."""
        refs = list(refs)
        if not refs or not self.fields.partners or self._ledger is None:
            return {}
        with self._ledger.read() as connection:
            return owners_of(connection, refs)

    def fields_of(self, refs: Iterable[Ref]) -> Fields:
        """What is masked in these."""
        return self.fields.of(self.partners(refs))

    def _known(self, refs: Iterable[Ref], others: Iterable[str]) -> set[str]:
        found = set(others)
        wanted = dict.fromkeys(refs)
        for kind in ("receipt", "document", "delivery"):
            ids = [ref.id for ref in wanted if ref.kind == kind]
            for begin in range(0, len(ids), _PAGE):
                found |= self._texts(kind, ids[begin : begin + _PAGE])
        return found

    def _texts(self, kind: str, ids: Sequence[int]) -> set[str]:
        assert self._ledger is not None
        columns = documents.c
        found: set[str] = set()
        with self._ledger.read() as connection:
            links = delivery_documents.c
            carried = select(links.document_id).where(among(connection, links.delivery_id, ids))
            chosen = {
                "receipt": among(connection, columns.receipt_id, ids),
                "document": among(connection, columns.id, ids),
                "delivery": columns.id.in_(carried),
            }
            told = columns.id, columns.document, columns.number, columns.about, contents.c.canonical
            query = select(*told).outerjoin_from(documents, contents).where(chosen[kind])
            with connection.execute(query.execution_options(yield_per=_PAGE)) as rows:
                for page in rows.partitions(_PAGE):
                    owners = of_documents(connection, [row.id for row in page]) if self.fields.partners else {}
                    for row in page:
                        fields = self.fields.of(owners.get(row.id))
                        if row.canonical is not None:
                            found |= fields.texts(row.document, json.loads(row.canonical))
                        for name, path in _NUMBERS.items():
                            if (text := getattr(row, name)) and fields.cover(row.document, path):
                                found.add(text)
        return found

    def made(self, document: str | None, canonical: str | None) -> set[str]:
        """The masked values of a document that is not in the ledger yet, in its compact form."""
        return self.fields.texts(document, json.loads(canonical)) if self.fields and canonical else set()

    def finding(self, finding: Finding, values: Values | None = None, document: str | None = None) -> Finding:
        """A finding without masked values: its code, its place but for the name of a file, and its field stay."""
        if not self.fields:
            return finding
        values = values or Values()
        if finding.field is not None and finding.place is None and finding.code.startswith("C-"):
            return finding  # it is about a setting
        place = finding.place
        if place is not None and place.file is not None:
            finding = replace(finding, place=replace(place, file=values.out_of(place.file)))
        fields = self.fields.of(values.partners)
        if _is_masked(fields, finding.code, finding.field, placed=finding.place is not None, document=document):
            value = None if finding.value is None else MASKED
            return replace(finding, message=UNSAID, hint=None, value=value)
        value = finding.value
        if value is not None:
            value = values.out_of(value) if finding.field is not None else MASKED
        hint = finding.hint and values.out_of(finding.hint)
        return replace(finding, message=values.out_of(finding.message), hint=hint, value=value)

    def findings(
        self, findings: Iterable[Finding], values: Values | None = None, document: str | None = None
    ) -> list[Finding]:
        """Each as `finding` gives it."""
        return [self.finding(one, values, document) for one in findings]

    def shown(self, value: Any, values: Values, document: str | None = None) -> Any:
        """JSON values that tell of documents, at any depth: findings in them, numbers, names of files, headers.

        An object that has the key ``document`` says which one is meant within it.
        """
        if not self.fields:
            return value
        if isinstance(value, Mapping):
            if {"code", "severity", "message"} <= value.keys():
                return self._kept(value, values, document)
            model = value.get("document", document)
            model = model if isinstance(model, str) and "/" in model else None
            return {name: self._item(name, item, values, model) for name, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.shown(item, values, document) for item in value]
        return values.out_of(value) if isinstance(value, str) else value

    def _item(self, name: str, item: Any, values: Values, document: str | None) -> Any:
        if isinstance(item, str):
            if name in _NUMBERS and self.fields.of(values.partners).cover(document, _NUMBERS[name]):
                return MASKED
            return item if name in _NAMES else values.out_of(item)
        return self.shown(item, values, document)

    def _kept(self, kept: Mapping[str, Any], values: Values, document: str | None) -> dict[str, Any]:
        """A finding in the form in which it is kept."""
        field, place = kept.get("field"), kept.get("place")
        if isinstance(place, Mapping) and place.get("file"):
            kept = {**kept, "place": {**place, "file": values.out_of(place["file"])}}
        fields = self.fields.of(values.partners)
        if _is_masked(fields, kept["code"], field, placed="place" in kept, document=document):
            hidden = {name: item for name, item in kept.items() if name != "hint"} | {"message": UNSAID}
            return hidden | ({"value": MASKED} if "value" in kept else {})
        told = {name: values.out_of(kept[name]) for name in ("message", "hint") if kept.get(name)}
        if kept.get("value") is not None:
            told["value"] = MASKED if field is None else values.out_of(kept["value"])
        return {**kept, **told}


def _is_masked(fields: Fields, code: str, field: str | None, *, placed: bool, document: str | None) -> bool:
    if not fields:
        return False
    if code in _CLOSED:
        return True
    if field is not None:
        return fields.cover(document, field)
    return placed and code not in _OPEN
