"""A mapping, ready to use: decode, encode and trace, compiled at first use."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from transload.adapters.base.format import Encoded, Message, Records, Tree
from transload.canonical.context import Context
from transload.canonical.errors import Reject, TransloadError
from transload.canonical.findings import Finding
from transload.canonical.model import Model
from transload.mappings.compiler.families import Family, family
from transload.mappings.compiler.given import Outside, outside
from transload.mappings.compiler.losing import losing_test
from transload.mappings.language.converters.base import CodeError
from transload.mappings.language.losses import Losing, losing
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.validity import Validity
from transload.mappings.matching import matches, misfit
from transload.mappings.reports.losses import losses
from transload.mappings.reports.origins import Lineage, Location, Origins, Touch
from transload.mappings.reports.reading import ReadingReport
from transload.mappings.reports.validation import invalid
from transload.mappings.reports.writing import WritingReport
from transload.mappings.residue import Residue, put_back, residue_of
from transload.mappings.several import disagreements, divided, joined, none_found
from transload.mappings.source.nodes import Table
from transload.mappings.source.reading import Written
from transload.mappings.tables.rows import UsedTable


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """What a message says: its documents, none when a finding is an error; with ``keep: true`` what else it holds."""

    documents: tuple[Model, ...]
    findings: tuple[Finding, ...] = ()
    residue: Residue | None = None


@dataclass(frozen=True, kw_only=True)
class Trace:
    """Like `Decoded`, with the origin of every value, and the entries that took one in the order of reading.

    ``origins`` is the log that both are of, which finds places when it is asked for them.  ``sums`` are the places, as
    `Touch.where`, of values that should have been computed ones, with what they should be.
    """

    documents: tuple[Model, ...]
    findings: tuple[Finding, ...]
    lineage: tuple[Lineage, ...]
    origins: Origins
    touches: tuple[Touch, ...] = ()
    sums: tuple[tuple[Any, Any], ...] = ()
    residue: Residue | None = None


class Mapping:
    """One mapping file, with all that it extends.  Made by `transload.mappings.load_mapping`."""

    def __init__(
        self, written: Written, meaning: Meaning, guides: Sequence[Path] = (), faults: Sequence["Mapping"] = ()
    ) -> None:
        self._written = written
        self.meaning = meaning
        self.guides = tuple(guides)
        """The folders whose guides win over the shipped ones, as they were given to `load_mapping`."""
        self.faults = tuple(faults)

    def __repr__(self) -> str:
        return f"<Mapping {self.name} version {self.version}, {self.format_type} to {self.document}>"

    @property
    def name(self) -> str:
        """What stands under ``mapping:``."""
        return self.meaning.name

    @property
    def version(self) -> int:
        """The version of the file."""
        return self.meaning.version

    @property
    def document(self) -> str:
        """The canonical document, such as ``order/1``."""
        return self.meaning.document

    @property
    def format_type(self) -> str:
        """``edifact``, ``soap`` and so on: the name of the adapter whose format it needs."""
        return self.meaning.format_type

    @property
    def format_options(self) -> dict[str, Any]:
        """What stands under ``format:`` for the format's ``Options``."""
        return dict(self.meaning.format_options)

    @property
    def kind(self) -> str:
        """The message's type: ``ORDERS``, ``850``, the root element's name."""
        return self.meaning.kind

    @property
    def message_version(self) -> str:
        """The message's version: ``D:96A:UN:EAN008``, ``004010``, the root element's namespace."""
        return self.meaning.message_version

    @property
    def file(self) -> Path:
        """The file itself."""
        return self._written.file

    @property
    def files(self) -> tuple[str, ...]:
        """The file and those that it extends."""
        return self._written.files

    @property
    def written(self) -> Written:
        """What its files say, and where they are."""
        return self._written

    @property
    def table(self) -> Table:
        """The file with all that it extends merged in; every node has its place in the file that it comes from."""
        return self._written.table

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the resolved file: equal digests, equal behaviour, but for tables in databases."""
        return (
            self._written.digest if self.resolved is self._written.text else sha256(self.resolved.encode()).hexdigest()
        )

    @cached_property
    def resolved(self) -> str:
        """The file with all that it extends merged in, as YAML that is also JSON.

        Under ``pinned`` stand the digests of tables in files and the versions of plug-ins.
        """
        return self._pinned(live=False)

    def in_force(self) -> str:
        """`resolved` with the digests of tables in databases as they were used last: what to keep with a document."""
        return self._pinned(live=True) if any(table.live for table in self.tables) else self.resolved

    def _pinned(self, *, live: bool) -> str:
        fixed = {f"xrefs {t.name}": t.rows.digest for t in self.tables if live or not t.live}
        codes = {f"codes {name}": sha256(content).hexdigest() for name, content in self.code_files}
        used = {f"uses {name}": plugin.version for name, plugin in self.meaning.plugins.items()}
        pinned = {**fixed, **codes, **used}
        if not pinned:
            return self._written.text
        return json.dumps({**json.loads(self._written.text), "pinned": pinned}, ensure_ascii=False, indent=1)

    @property
    def tables(self) -> tuple[UsedTable, ...]:
        """The cross-references as they were used last; one in a database only once it was asked."""
        if not self.meaning.xrefs:
            return ()
        known = [(xref, xref.known()) for xref in self.meaning.xrefs.values()]
        return tuple(UsedTable(name=x.name, rows=rows, live=x.live) for x, rows in known if rows is not None)

    @cached_property
    def code_files(self) -> tuple[tuple[str, bytes], ...]:
        """The code tables that stand in files, by name, as `CodeTable.content`."""
        return tuple((name, table.content) for name, table in self.meaning.codes.items() if table.digest)

    def refresh(self) -> None:
        """Read the tables in databases whose time is up; raises `Retry` where one cannot be asked."""
        for xref in self.meaning.xrefs.values():
            if xref.live:
                with suppress(CodeError):  # scoped by partner, and none is known: whoever looks up is told
                    xref.rows()

    @property
    def valid(self) -> Validity | None:
        """The days on which it is in force; None for all."""
        return self.meaning.valid

    def check_day(self, day: date) -> None:
        """Raise `Reject` (E-VALID) where the mapping is not in force on ``day``."""
        if self.valid is None or self.valid.holds(day):
            return
        message = f"the mapping {self.name} is in force {self.valid}, and it is {day}"
        hint = "let the route use the version of today"
        finding = Finding(code="E-VALID", message=message, hint=hint, mapping=self.valid.at)
        raise Reject(message, hint=hint, findings=[finding])

    @property
    def loses(self) -> tuple[str, ...]:
        """The fields that the file says it does not carry."""
        return self.meaning.loses

    def matches(self, message: Message) -> bool:
        """Whether this mapping is for ``message``: its type, and what ``match:`` says."""
        return matches(self.meaning, message)

    def reader_of(self, message: Message) -> "Mapping | None":
        """The mapping that reads ``message``: this one, or one of its ``faults``; None when it is for none of them.

        A fault mapping is asked for what this one is not for, and for what its own literals say is no result.
        """
        mine = self.matches(message)
        if not self.faults or (mine and self._fits(message)):
            return self if mine else None
        found = next((other for other in self.faults if other.matches(message) and other._fits(message)), None)  # noqa: SLF001
        return found or (self if mine else None)

    def _fits(self, message: Message) -> bool:
        """Whether the literals of the root element hold."""
        return isinstance(message.body, Tree) and not misfit(self.meaning, message.body.root)

    def decode(self, message: Message) -> Decoded:
        """Read a message's body.  Never raises for what stands in it; `Retry` where a database cannot be asked."""
        family = self._family
        body = family.body(message.body)
        if family.simple(body):
            try:
                value, remarks = self._read(body)
                documents = self._documents(value)
            except TransloadError:  # a table that cannot be asked, which is no fault of the message
                raise
            except Exception:  # noqa: BLE001, S110 - the traced build says what it was
                pass
            else:
                if not remarks:
                    return Decoded(documents=documents)
                if family.remarks_have_places:
                    return self._with_remarks(documents, body, remarks)
        traced = self.trace(message, lineage=False)
        return Decoded(documents=traced.documents, findings=traced.findings, residue=traced.residue)

    def _documents(self, value: dict[str, Any]) -> tuple[Model, ...]:
        """The documents in what was read; raises where one is not valid, or there is none."""
        model = self.meaning.model
        if not self.gathers:
            return (model.model_validate(value, extra="ignore"),)  # there is nothing extra, and looking takes time
        documents = tuple(model.model_validate(each, extra="ignore") for each in divided(value))
        if not documents:
            raise ValueError("there is no document in the message")
        return documents

    def _with_remarks(self, documents: tuple[Model, ...], body: Records | Tree, remarks: list[Any]) -> Decoded:
        findings = tuple(self._family.remarks(self.meaning, body, remarks))
        good = not any(finding.is_error for finding in findings)
        return Decoded(documents=documents if good else (), findings=findings, residue=self._residue(body, remarks))

    def _residue(self, body: Records | Tree, remarks: Sequence[Any]) -> Residue | None:
        """What nothing took, with ``keep: true``; None where there is nothing."""
        if not self.meaning.keep or not isinstance(body, Records):
            return None
        return residue_of(body, remarks) or None

    def trace(self, message: Message, *, lineage: bool | Callable[[Location], bool] = True) -> Trace:
        """Read a message's body with every fault, every remark and the origin of every value.

        ``lineage`` may choose by a field's path, in steps, whose origins are told: finding all places takes longer
        than reading.
        """
        body = self._family.body(message.body)
        report = self._family.report(self.meaning, body)
        wanted = lineage if callable(lineage) else None
        value = self._trace(body, report)
        findings = list(report.findings)
        documents: list[Model] = []
        if value is not None and not report.refused:
            values = divided(value) if self.gathers else [value]
            for number, each in enumerate(values):
                try:
                    documents.append(self.meaning.model.model_validate(each))
                except ValidationError as error:
                    findings += invalid(error, report, number if self.gathers else None)
            if not values:
                findings.append(none_found(self.meaning))
        findings += self._family.remarks(self.meaning, body, report.remarks)
        failed = any(finding.is_error for finding in findings)
        return Trace(
            documents=() if failed else tuple(documents),
            findings=tuple(_placed(findings, body)),
            lineage=tuple(report.origins.lineage(wanted)) if lineage else (),
            origins=report.origins,
            touches=report.origins.touches if lineage is True else (),
            sums=tuple((remark[2], remark[4]) for remark in report.remarks if remark[0] == "sum"),
            residue=self._residue(body, report.remarks),
        )

    @cached_property
    def gathers(self) -> bool:
        """Whether one message holds several documents (``each: documents``)."""
        return self.meaning.several is not None

    def encode(self, document: Model | Sequence[Model], context: Context, residue: Residue | None = None) -> Encoded:
        """Write a document's body; with `gathers` also that of several documents, which go into one message.

        What stands in the ``residue`` of the message that was read is put back, where its neighbours are still there.
        The ``findings`` of the result name what the message has no place for and ``loses:`` does not list
        (``W-LOSES``).
        Raises `Reject` with a finding ``E-DOMAIN`` for every value that the message cannot carry, and `Retry` where
        a database cannot be asked.
        """
        documents = (document,) if isinstance(document, Model) else tuple(document)
        subject = self._subject(documents)
        given = outside(self.meaning, context) if self._takes_given else None
        try:
            body = self._write(subject, given)
        except TransloadError:
            raise
        except Exception:  # noqa: BLE001 - the traced build says what it was
            body = self._written_slowly(subject, given)
        at = self._written.table.at
        lost = [found for one in documents if self._loses(one) for found in losses(self._losing, one, at)]
        if residue is not None and self.meaning.keep:
            body, gone = put_back(residue, body, at)
            lost += gone
        return Encoded(kind=self.meaning.kind, version=self.meaning.message_version, body=body, findings=tuple(lost))

    def entries_written(self, document: Model) -> frozenset[int]:
        """The numbers of the slots that give a value when ``document`` is written, as far as it can be."""
        context = Context(now=datetime(2026, 1, 1, tzinfo=UTC))
        report = WritingReport(self.meaning, self._family.clean, outside(self.meaning, context))
        self._trace_writing(self._subject((document,)), report)
        return frozenset(report.touched)

    def _subject(self, documents: Sequence[Model]) -> Any:
        """What is written: the document, or all that go into the message."""
        for document in documents:
            if type(document) is not self.meaning.model:
                what = f"this is {type(document).__name__}"
                message = f"the mapping {self.name} writes {self.document}, and {what}"
                raise Reject(message, findings=[Finding(code="E-DOMAIN", message=message)])
        if not self.gathers and len(documents) == 1:
            return documents[0]
        if not documents or not self.gathers:
            message = f"the mapping {self.name} writes one document into a message, and there are {len(documents)}"
            raise Reject(message, findings=[Finding(code="E-DOMAIN", message=message)])
        findings = list(disagreements(self.meaning, documents))
        if findings:
            raise Reject(findings[0].message, findings=findings)
        return joined(documents)

    def _written_slowly(self, document: Any, given: Outside | None) -> Any:
        """Write with the traced build, which reports what cannot be written."""
        report = WritingReport(self.meaning, self._family.clean, given, self._family.refused)
        body = self._trace_writing(document, report)
        findings = report.findings
        if findings:
            more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
            raise Reject(f"{findings[0].message}{more}", findings=findings)
        return body

    @cached_property
    def _takes_given(self) -> bool:
        return any(slot.given is not None and slot.given.word != "seq" for slot in self.meaning.slots)

    @cached_property
    def _family(self) -> Family:
        return family(self.meaning)

    @cached_property
    def _losing(self) -> Losing:
        return losing(self.meaning)

    @cached_property
    def _loses(self) -> Callable[[Model], bool]:
        return losing_test(self._losing, self.name)

    @cached_property
    def _read(self) -> Callable[[Records | Tree], tuple[Any, list[Any]]]:
        return self._family.reader(self.meaning)

    @cached_property
    def _trace(self) -> Callable[[Records | Tree, ReadingReport], Any]:
        return self._family.tracer(self.meaning)

    @cached_property
    def _write(self) -> Callable[[Model, Any], Any]:
        return self._family.writer(self.meaning, trace=False)

    @cached_property
    def _trace_writing(self) -> Callable[[Model, Any], Any]:
        return self._family.writer(self.meaning, trace=True)


def _placed(findings: Sequence[Finding], body: Records | Tree) -> Iterator[Finding]:
    """``findings``, and for what is nowhere in the message the place of the message itself."""
    for finding in findings:
        if finding.place is None:
            yield replace(finding, place=body.place(-1) if isinstance(body, Records) else body.place(()))
        else:
            yield finding
