"""A mapping, ready to use: decode, encode and trace, compiled at first use."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from transload.adapters.base.format import Encoded, Message, Records, Tree
from transload.canonical.context import Context
from transload.canonical.errors import Reject
from transload.canonical.findings import Finding
from transload.canonical.model import Model
from transload.mappings.compiler.families import Family, family
from transload.mappings.compiler.losing import losing_test
from transload.mappings.language.losses import Losing, losing
from transload.mappings.language.meaning import Meaning
from transload.mappings.matching import matches
from transload.mappings.reports.losses import losses
from transload.mappings.reports.reading import Lineage, ReadingReport, Touch
from transload.mappings.reports.validation import invalid
from transload.mappings.reports.writing import WritingReport
from transload.mappings.source.reading import Written


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """What a message says: its documents, none when a finding is an error."""

    documents: tuple[Model, ...]
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Trace:
    """Like `Decoded`, with the origin of every value, and the entries that took one in the order of reading.

    ``sums`` are the places, as `Touch.where`, of values that should have been computed ones, with what they should be.
    """

    documents: tuple[Model, ...]
    findings: tuple[Finding, ...]
    lineage: tuple[Lineage, ...]
    touches: tuple[Touch, ...] = ()
    sums: tuple[tuple[Any, Any], ...] = ()


class Mapping:
    """One mapping file, with all that it extends.  Made by `transload.mappings.load_mapping`."""

    def __init__(self, written: Written, meaning: Meaning, guides: Sequence[Path] = ()) -> None:
        self._written = written
        self.meaning = meaning
        self.guides = tuple(guides)
        """The folders whose guides win over the shipped ones, as they were given to `load_mapping`."""

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
        """``edifact``, ``x12``, ``xml`` or ``json``: the name of the adapter whose format it needs."""
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
    def digest(self) -> str:
        """SHA-256 of the resolved file: equal digests, equal behaviour."""
        return self._written.digest

    @property
    def resolved(self) -> str:
        """The file with all that it extends merged in, as YAML that is also JSON."""
        return self._written.text

    @property
    def loses(self) -> tuple[str, ...]:
        """The fields that the file says it does not carry."""
        return self.meaning.loses

    def matches(self, message: Message) -> bool:
        """Whether this mapping is for ``message``: its type, and what ``match:`` says."""
        return matches(self.meaning, message)

    def decode(self, message: Message) -> Decoded:
        """Read a message's body.  Never raises for what stands in it."""
        family = self._family
        body = family.body(message.body)
        if family.simple(body):
            try:
                value, remarks = self._read(body)
                document = self.meaning.model.model_validate(value)
            except Exception:  # noqa: BLE001, S110 - the traced build says what it was
                pass
            else:
                if not remarks:
                    return Decoded(documents=(document,))
                if family.remarks_have_places:
                    return self._with_remarks(document, body, remarks)
        traced = self.trace(message, lineage=False)
        return Decoded(documents=traced.documents, findings=traced.findings)

    def _with_remarks(self, document: Model, body: Records | Tree, remarks: list[Any]) -> Decoded:
        report = self._family.report(self.meaning, body)
        report.remarks = remarks
        findings = tuple(self._family.remarks(self.meaning, body, report))
        good = not any(finding.is_error for finding in findings)
        return Decoded(documents=(document,) if good else (), findings=findings)

    def trace(self, message: Message, *, lineage: bool = True) -> Trace:
        """Read a message's body with every fault, every remark and the origin of every value."""
        body = self._family.body(message.body)
        report = self._family.report(self.meaning, body)
        value = self._trace(body, report)
        findings = list(report.findings)
        document = None
        if value is not None and not report.refused:
            try:
                document = self.meaning.model.model_validate(value)
            except ValidationError as error:
                findings += invalid(error, report)
        findings += self._family.remarks(self.meaning, body, report)
        failed = document is None or any(finding.is_error for finding in findings)
        return Trace(
            documents=() if failed or document is None else (document,),
            findings=tuple(_placed(findings, body)),
            lineage=tuple(report.lineage()) if lineage else (),
            touches=tuple(report.touches) if lineage else (),
            sums=tuple((remark[2], remark[4]) for remark in report.remarks if remark[0] == "sum"),
        )

    def encode(self, document: Model, context: Context) -> Encoded:
        """Write a document's body.

        The ``findings`` of the result name what the message has no place for and ``loses:`` does not list
        (``W-LOSES``).
        Raises `Reject` with a finding ``E-DOMAIN`` for every value that the message cannot carry.
        """
        if type(document) is not self.meaning.model:
            raise Reject(
                message := f"the mapping {self.name} writes {self.document}, and this is {type(document).__name__}",
                findings=[Finding(code="E-DOMAIN", message=message)],
            )
        try:
            body = self._write(document, None)
        except Exception:  # noqa: BLE001 - the traced build says what it was
            body = self._written_slowly(document)
        lost = tuple(losses(self._losing, document, self._written.table.at)) if self._loses(document) else ()
        return Encoded(kind=self.meaning.kind, version=self.meaning.message_version, body=body, findings=lost)

    def entries_written(self, document: Model) -> frozenset[int]:
        """The numbers of the slots that give a value when ``document`` is written, as far as it can be."""
        report = WritingReport(self.meaning, self._family.clean)
        self._trace_writing(document, report)
        return frozenset(report.touched)

    def _written_slowly(self, document: Model) -> Any:
        """Write with the traced build, which reports what cannot be written."""
        report = WritingReport(self.meaning, self._family.clean, self._family.refused)
        body = self._trace_writing(document, report)
        findings = report.findings
        if findings:
            more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
            raise Reject(f"{findings[0].message}{more}", findings=findings)
        return body

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
