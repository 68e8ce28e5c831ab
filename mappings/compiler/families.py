"""The families of formats: how the compiled functions of each are made and called."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from transload.adapters.base.format import Records, Tree
from transload.canonical.findings import Finding
from transload.canonical.places import Place
from transload.mappings.compiler import json_writing, xml_writing
from transload.mappings.compiler.columns import ColumnCutting
from transload.mappings.compiler.cutting import Cut, Cutting
from transload.mappings.compiler.finishing import Finishing
from transload.mappings.compiler.json_reading import JsonReader
from transload.mappings.compiler.json_writing import JsonWriter
from transload.mappings.compiler.levels import END
from transload.mappings.compiler.quotes import Namer, bind
from transload.mappings.compiler.ranges import RangeCutting
from transload.mappings.compiler.record_reading import RecordReader
from transload.mappings.compiler.record_writing import RecordWriter
from transload.mappings.compiler.tree_reading import TreeReader
from transload.mappings.compiler.writing import Writer, clean
from transload.mappings.compiler.xml_reading import XmlReader
from transload.mappings.compiler.xml_writing import XmlWriter
from transload.mappings.language.converters.base import DomainError
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.terms import Slot
from transload.mappings.reports.reading import ReadingReport
from transload.mappings.reports.remarks import record_remarks
from transload.mappings.reports.trees import JsonReport, XmlReport, json_remarks, xml_remarks
from transload.mappings.reports.writing import WritingReport
from transload.mappings.reports.xml_parts import XmlPaths

Read = Callable[[Any], tuple[Any, list[Any]]]
TracedRead = Callable[[Any, ReadingReport], Any]
Write = Callable[[Any, Any], Any]


class Family(ABC):
    """Makes the functions of one family.

    ``clean`` gives a text back, or raises `DomainError` where the format cannot carry it.
    ``remarks_have_places`` is False where only the traced build knows the places of remarks.
    """

    clean: Callable[[str], str]
    remarks_have_places = True

    def body(self, body: Any) -> Any:
        """A message's body as the functions of this family take it."""
        return body

    def refused(self, slot: Slot, text: str) -> str | None:
        """Why the format cannot carry a text at the place of a slot, or None."""
        del slot, text
        return None

    def simple(self, body: Any) -> bool:
        """Whether the fast build may be tried on this body."""
        return True

    @abstractmethod
    def reader(self, meaning: Meaning) -> Read:
        """A function from a body to the document as a dict, and remarks; it raises for any fault."""

    @abstractmethod
    def tracer(self, meaning: Meaning) -> TracedRead:
        """The same, telling a report about every value; it raises for nothing that stands in a body."""

    @abstractmethod
    def report(self, meaning: Meaning, body: Any) -> ReadingReport:
        """A new report on ``body``."""

    @abstractmethod
    def remarks(self, meaning: Meaning, body: Any, remarks: Sequence[Any]) -> Iterator[Finding]:
        """The remarks of a reading as findings."""

    @abstractmethod
    def writer(self, meaning: Meaning, *, trace: bool) -> Write:
        """A function from a document and a report to the body of an `Encoded`."""


class RecordFamily(Family):
    """EDIFACT and X12."""

    clean = staticmethod(clean)

    def simple(self, body: Records) -> bool:
        """Repetitions are looked at one by one in the traced build."""
        mark = body.repetition
        return not mark or not any(mark in text for segment in body.segments for text in segment)

    def reader(self, meaning: Meaning) -> Read:
        """See `Family.reader`."""
        namer = Namer()
        decode = bind([RecordReader(meaning, namer, trace=False).decode()], namer.bound, meaning.name)["decode"]
        finishing = Finishing(meaning)

        def read(body: Records) -> tuple[Any, list[Any]]:
            remarks: list[Any] = []
            document = decode([*body.segments, END], body.component, body.repetition, remarks)
            if finishing:
                finishing.read(document)
            return document, remarks

        return read

    def tracer(self, meaning: Meaning) -> TracedRead:
        """See `Family.tracer`."""
        namer = Namer()
        decode = bind([RecordReader(meaning, namer, trace=True).decode()], namer.bound, f"{meaning.name} traced")[
            "decode"
        ]
        finishing = Finishing(meaning)

        def read(body: Records, report: ReadingReport) -> Any:
            document = decode([*body.segments, END], body.component, body.repetition, report)
            finishing.read(document, report)
            return document

        return read

    def report(self, meaning: Meaning, body: Records) -> ReadingReport:
        """See `Family.report`."""

        def locate(where: tuple[int, int | None, int | None]) -> Place:
            return body.place(where[0], element=where[1], component=where[2])

        component, repetition = body.component, body.repetition

        def refuse(slot: Slot, raw: Any) -> str | None:
            """A value that holds separators is several values, and the mapping takes one."""
            if type(raw) is str and component not in raw and not (repetition and repetition in raw):
                return None  # as nearly all are
            place = slot.places[0]
            for text in raw if isinstance(raw, tuple) else (raw,):
                if repetition and place.repetition is None and repetition in text:
                    return f"the element repeats, and the mapping takes one value: {text.split(repetition)}"
                if place.component is None and component in text:
                    return f"a composite stands where one value is expected: {text.split(component)}"
            return None

        return ReadingReport(meaning, locate, refuse)

    def remarks(self, meaning: Meaning, body: Records, remarks: Sequence[Any]) -> Iterator[Finding]:
        """See `Family.remarks`."""
        return record_remarks(meaning, body, remarks)

    def writer(self, meaning: Meaning, *, trace: bool) -> Write:
        """See `Family.writer`."""
        namer = Namer()
        function = RecordWriter(meaning, namer, trace=trace).encode()
        write: Write = bind([function], namer.bound, meaning.name)["encode"]
        return _looked_at(write, Finishing(meaning), trace=trace)


class RowFamily(RecordFamily):
    """CSV and fixed width: records, with a step that cuts rows into them before, and joins them to rows after."""

    def __init__(self, cutting: Cutting) -> None:
        self._cutting = cutting

    def body(self, body: Records) -> Records:
        """See `Family.body`."""
        return body if isinstance(body, Cut) else self._cutting.cut(body)

    def reader(self, meaning: Meaning) -> Read:
        """See `Family.reader`."""
        inner = super().reader(meaning)

        def read(body: Records) -> tuple[Any, list[Any]]:
            document, remarks = inner(body)
            if isinstance(body, Cut) and body.findings:
                remarks += [("finding", finding) for finding in body.findings]
            return document, remarks

        return read

    def report(self, meaning: Meaning, body: Records) -> ReadingReport:
        """See `Family.report`."""

        def locate(where: tuple[int, int | None, int | None]) -> Place:
            return body.place(where[0], element=where[1])

        report = ReadingReport(meaning, locate)
        if isinstance(body, Cut):
            report.remarks += [("finding", finding) for finding in body.findings]
        return report

    def writer(self, meaning: Meaning, *, trace: bool) -> Write:
        """See `Family.writer`."""
        inner = super().writer(meaning, trace=trace)
        join = self._cutting.join
        if not trace:
            return lambda document, report: join(inner(document, report))

        def write(document: Any, report: WritingReport) -> Any:
            records = inner(document, report)
            try:
                return join(records) if not report.findings else None
            except DomainError as error:
                report.findings.append(Finding(code="E-DOMAIN", message=str(error)))
                return None

        return write

    def refused(self, slot: Slot, text: str) -> str | None:
        """See `Family.refused`."""
        return self._cutting.refused(slot, text)


class TreeFamily(Family):
    """XML and JSON."""

    reading: type[TreeReader]
    writing: type[Writer]

    def reader(self, meaning: Meaning) -> Read:
        """See `Family.reader`."""
        namer = Namer()
        decode = bind([self.reading(meaning, namer, trace=False).decode()], namer.bound, meaning.name)["decode"]
        finishing = Finishing(meaning)

        def read(body: Tree) -> tuple[Any, list[Any]]:
            remarks: list[Any] = []
            document = decode(body.root, remarks)
            if finishing:
                finishing.read(document)
            return document, remarks

        return read

    def tracer(self, meaning: Meaning) -> TracedRead:
        """See `Family.tracer`."""
        namer = Namer()
        decode = bind([self.reading(meaning, namer, trace=True).decode()], namer.bound, f"{meaning.name} traced")[
            "decode"
        ]
        finishing = Finishing(meaning)

        def read(body: Tree, report: ReadingReport) -> Any:
            document = decode(body.root, report)
            finishing.read(document, report)
            return document

        return read

    def writer(self, meaning: Meaning, *, trace: bool) -> Write:
        """See `Family.writer`."""
        namer = Namer()
        function = self.writing(meaning, namer, trace=trace).encode()
        write: Write = bind([function], namer.bound, meaning.name)["encode"]
        return _looked_at(write, Finishing(meaning), trace=trace)


class XmlFamily(TreeFamily):
    """XML elements."""

    reading = XmlReader
    writing = XmlWriter
    clean = staticmethod(xml_writing.clean)

    def report(self, meaning: Meaning, body: Tree) -> ReadingReport:
        """See `Family.report`."""
        paths = XmlPaths(body.root)
        return XmlReport(meaning, lambda where: body.place(paths.of(*where)))

    def remarks(self, meaning: Meaning, body: Tree, remarks: Sequence[Any]) -> Iterator[Finding]:
        """See `Family.remarks`."""
        return xml_remarks(meaning, body, remarks)


class JsonFamily(TreeFamily):
    """JSON values."""

    reading = JsonReader
    writing = JsonWriter
    clean = staticmethod(json_writing.clean)
    remarks_have_places = False

    def report(self, meaning: Meaning, body: Tree) -> ReadingReport:
        """See `Family.report`."""
        return JsonReport(meaning, body.place)

    def remarks(self, meaning: Meaning, body: Tree, remarks: Sequence[Any]) -> Iterator[Finding]:
        """See `Family.remarks`."""
        return json_remarks(meaning, body, remarks)


def family(meaning: Meaning) -> Family:
    """The family of the mapping's format."""
    if meaning.shapes is not None:
        cuttings = {"csv": ColumnCutting, "fixed": RangeCutting}
        return RowFamily(cuttings[meaning.format_type](meaning.shapes, meaning.format_options))
    families: dict[str, type[Family]] = {"records": RecordFamily, "xml": XmlFamily, "json": JsonFamily}
    return families[meaning.family]()


def _looked_at(write: Write, finishing: Finishing, *, trace: bool) -> Write:
    """``write``, with a look at the whole document before, where the mapping asks for one."""
    if not finishing.looks:
        return write

    def look(document: Any, report: Any) -> Any:
        finishing.write(document, report if trace else None)
        return write(document, report)

    return look
