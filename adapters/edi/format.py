"""The formats of this adapter: EDIFACT, X12 and TRADACOMS, bytes to messages and back."""

import re
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar, Self, TypeVar

from transload.adapters.base.acknowledgement import Reconciliation, Reference
from transload.adapters.base.content import Content
from transload.adapters.base.format import COMPONENT, Acknowledgement, Encoded, Format, Identity, Message
from transload.adapters.edi.acknowledge import Report
from transload.adapters.edi.acknowledge.incoming import acknowledged, read_statement, reconcile, references
from transload.adapters.edi.acknowledge.received import reports
from transload.adapters.edi.charsets import ASCII, CODECS, SYNTAX, UNDECLARED, Charset
from transload.adapters.edi.envelope import Envelope
from transload.adapters.edi.faults import MOST_ALIKE
from transload.adapters.edi.guides import check_overlays
from transload.adapters.edi.interchange import Interchange
from transload.adapters.edi.options import (
    NEWLINES,
    AcknowledgementPolicy,
    EdifactOptions,
    EdiOptions,
    GroupedOptions,
    TradacomsOptions,
    X12Options,
)
from transload.adapters.edi.reading.limits import Limits
from transload.adapters.edi.reading.messages import Checking, EdiReading
from transload.adapters.edi.reading.scan import scan
from transload.adapters.edi.separators import EDIFACT_DEFAULT, TRADACOMS_DEFAULT
from transload.adapters.edi.writing import Writer
from transload.adapters.edi.writing.headers import padded_isa
from transload.adapters.edi.writing.writer import refused
from transload.canonical.context import Context
from transload.canonical.errors import ConfigurationError, Reject
from transload.canonical.findings import Finding

O = TypeVar("O", bound=EdiOptions)  # noqa: E741 - options


class _EdiFormat(Format[O]):
    """What the formats share.

    ``guides`` are folders searched before the guides that come with the library; ``clock`` gives the present time, by
    which waivers of overlays end.
    """

    standard: ClassVar[str]

    def __init__(
        self,
        options: O,
        *,
        guides: Sequence[Path] = (),
        clock: Callable[[], datetime] = lambda: datetime.now(tz=UTC),
    ) -> None:
        super().__init__(options)
        self.guides = tuple(guides)
        self.clock = clock

    def with_guides(self, folders: Sequence[Path]) -> Self:
        """This format with ``folders`` searched before the guides that come with the library.

        Raises `ConfigurationError` when an overlay is not there, or does not fit its guide.
        """
        check_overlays(self.standard, self.options.overlays, folders)
        return type(self)(self.options, guides=folders, clock=self.clock)

    def read(self, payload: bytes | Content, *, file: str | None = None) -> EdiReading:
        """Find the messages of this standard; interchanges of the other are a finding each.

        Raises `ConfigurationError` when a guide in `guides` or an overlay has faults, and nothing for what
        stands in ``payload``.
        """
        options = self.options
        found = scan(payload, file=file, lenient=options.lenient, charset=self._charset())
        checking = Checking(
            guided=options.check == "guide",
            folders=self.guides,
            overlays=options.overlays,
            today=self.clock().date(),
            reject=options.reject,
            limits=Limits(message=options.largest_message, segment=options.largest_segment),
        )
        return EdiReading(found, self.standard, checking)

    def write(
        self, messages: Sequence[Encoded], *, envelope: Envelope | Sequence[Envelope] | None = None, context: Context
    ) -> bytes:
        """Wrap ``messages`` into an interchange.

        ``envelope`` is that of the first message, or one for each: messages that were read, each with its own
        envelope, are written as they stood, in as many interchanges and groups as they came from.  Messages
        beyond the given envelopes get new references.  What is empty in an envelope
        (references, date and time) comes from ``context``.  Messages that all get a new group are put together by type.

        Raises `Reject` (``E-DOMAIN``) for values that cannot be written, `ConfigurationError` when
        no envelope is given and the options name no parties.
        """
        given: Sequence[Envelope | None] = [envelope] if isinstance(envelope, Envelope) else list(envelope or ())
        if envelope is not None and not given:
            raise ConfigurationError(f"an envelope of {self.standard} is needed to write {self.standard}")
        writer = self.writing(context=context)
        rows = [(each, given[at] if at < len(given) else None, at + 1) for at, each in enumerate(messages)]
        content: list[bytes] = []
        findings: list[Finding] = []
        for message, own, number in _by_group(rows, writer):
            try:
                content.append(writer.put(message, own, number))
            except Reject as error:
                findings += [finding for finding in error.findings if finding not in findings]
                if len(findings) > MOST_ALIKE:
                    break
        if findings:
            raise refused(findings)
        content.append(writer.close())
        return b"".join(content)

    def writing(self, *, envelope: Envelope | None = None, context: Context) -> Writer:
        """Begin interchanges that are written message by message, to any number, in constant memory.

        ``envelope`` is that of the first message that is added without one; without any, one is made from the options.
        A message that cannot be carried is refused with nothing of it written, and no control number is used up.
        """

        def first() -> Envelope:
            return envelope or self.envelope(sender=None, receiver=self._partner(context))

        if envelope is not None and envelope.standard != self.standard:
            raise ConfigurationError(f"an envelope of {self.standard} is needed to write {self.standard}")
        return Writer(
            standard=self.standard,
            first=first,
            charset_of=lambda each: self._charset() or self._charset_of(each),
            context=context,
            functional=getattr(self.options, "functional_id", None),
            lenient=self.options.lenient,
        )

    def _partner(self, context: Context) -> Identity | None:
        found = context.partner.get(f"{self.standard}.id")
        return Identity(id=found, qualifier=context.partner.get(f"{self.standard}.qualifier")) if found else None

    def _charset(self) -> Charset | None:
        return CODECS[self.options.charset] if self.options.charset else None

    def _charset_of(self, envelope: Envelope) -> Charset:
        return UNDECLARED

    def envelope(self, *, sender: Identity | None, receiver: Identity | None, test: bool = False) -> Envelope:
        """A new envelope; parties that are None come from the options.

        Raises `ConfigurationError` when a party is missing, `Reject` when an identity is too long.
        """
        parties = [
            given or _identity(option)
            for given, option in ((sender, self.options.sender), (receiver, self.options.receiver))
        ]
        for name, party in zip(("sender", "receiver"), parties, strict=True):
            if party is None:
                raise ConfigurationError(
                    f"the {name} of the interchange is not known",
                    hint=f"name it with {name}: under format, or in the identities of the partner",
                )
        known = [party for party in parties if party is not None]
        return self._new(known[0], known[1], test=test)

    @abstractmethod
    def _new(self, sender: Identity, receiver: Identity, *, test: bool) -> Envelope: ...

    def acknowledge(
        self, payload: bytes, *, kind: str, context: Context, file: str | None = None
    ) -> Iterator[Acknowledgement]:
        """Make the acknowledgements that ``payload`` calls for, each an interchange back to its sender.

        Raises `ConfigurationError` when ``kind`` is none of `acknowledgements`.
        """
        if kind.lower() not in self.acknowledgements:
            known = ", ".join(sorted(self.acknowledgements))
            raise ConfigurationError(f"{self.standard} has no acknowledgement {kind!r}", hint=f"it has: {known}")
        for interchange, report in reports(self.read(payload, file=file), kind.upper(), self._policy):
            answering = self._answering(interchange)
            back = answering.envelope(sender=interchange.receiver, receiver=interchange.sender, test=interchange.test)
            back = self._back(back, interchange, report)
            content = answering.write([report.message], envelope=back, context=context)
            yield Acknowledgement(kind=kind, content=content, reference=report.reference, accepted=report.accepted)

    @property
    def _policy(self) -> AcknowledgementPolicy:
        return self.options.acknowledgement if isinstance(self.options, GroupedOptions) else AcknowledgementPolicy()

    def _answering(self, interchange: Interchange) -> Self:
        """This format with the options by which an answer to ``interchange`` is written."""
        return self

    def _back(self, envelope: Envelope, interchange: Interchange, report: Report) -> Envelope:
        """The envelope of an answer to what ``report`` speaks of in ``interchange``."""
        return replace(envelope, group=None)

    def references(self, payload: bytes) -> tuple[Reference, ...]:
        """The numbers of the payload's interchanges and, in X12, of its groups."""
        return references(self._sent(payload, None))

    def acknowledged(self, message: Message) -> tuple[Reference, ...] | None:
        """The interchange that a CONTRL or TA1 speaks of, or the groups of a 997 or 999."""
        statement = read_statement(message)
        return acknowledged(statement) if statement else None

    def reconcile(self, message: Message, sent: bytes, *, file: str | None = None) -> Reconciliation:
        """What a CONTRL, 997, 999 or TA1 says of the messages in ``sent``."""
        statement = read_statement(message)
        return reconcile(statement, self._sent(sent, file)) if statement else super().reconcile(message, sent)

    def _sent(self, payload: bytes, file: str | None) -> EdiReading:
        """What we sent, to be looked at and not to be checked again."""
        return EdiReading(scan(payload, file=file, charset=self._charset()), self.standard, Checking(guided=False))


Row = tuple[Encoded, Envelope | None, int]
"""A message, its envelope, and its number among those that are to be written."""


def _by_group(rows: list[Row], writer: Writer) -> list[Row]:
    """The messages in their order, or by group where all their groups are still to be made."""
    keys = [writer.key(message, own) for message, own, _ in rows] if len(rows) > 2 else []
    if not keys or None in keys:
        return rows
    order = {key: at for at, key in reversed(list(enumerate(keys)))}
    return [row for _, row in sorted(zip(keys, rows, strict=True), key=lambda pair: order[pair[0]])]


class EdifactFormat(_EdiFormat[EdifactOptions]):
    """EDIFACT interchanges, syntax versions 1 to 4 (ISO 9735)."""

    Options = EdifactOptions
    standard = "edifact"
    content_type = "application/edifact"
    acknowledgements = frozenset({"contrl"})

    def _answering(self, interchange: Interchange) -> Self:
        """A CONTRL has the syntax version of the interchange that it answers: only one of version 4 fits into 4."""
        version = "4" if interchange.header and interchange.header.element(1, 2) == "4" else "3"
        syntax = self.options.syntax
        if (syntax[-1] == "4") == (version == "4"):
            return self
        return type(self)(self.options.model_copy(update={"syntax": f"{syntax[:-1]}{version}"}), guides=self.guides)

    def _charset_of(self, envelope: Envelope) -> Charset:
        return SYNTAX.get(envelope.element(1), ASCII)

    def _new(self, sender: Identity, receiver: Identity, *, test: bool) -> Envelope:
        options = self.options
        separators = options.service()
        newline = NEWLINES[options.newline]
        plain = replace(separators, repetition="", decimal=".") == EDIFACT_DEFAULT
        interchange = [
            options.syntax.replace(":", COMPONENT),
            _composite(sender),
            _composite(receiver),
            "",
            "",
            "",
            options.application_reference or "",
            "",
            "1" if options.acknowledgement_request else "",
            "",
            "1" if test else "",
        ]
        while interchange[-1] == "" and len(interchange) > 5:
            interchange.pop()
        group = (
            ("", options.group_sender or _composite(sender), options.group_receiver or _composite(receiver))
            if options.group
            else None
        )
        return Envelope(
            standard="edifact",
            separators=separators,
            interchange=tuple(interchange),
            group=group,
            una=separators.una if options.una or not plain or separators.decimal != "." else "",
            una_end=newline,
            newline=newline,
            final=newline,
        )


class X12Format(_EdiFormat[X12Options]):
    """X12 interchanges of controls version 00200 to 00801 (X12.5, X12.6)."""

    Options = X12Options
    standard = "x12"
    content_type = "application/edi-x12"
    acknowledgements = frozenset({"997", "999", "ta1"})

    def _answering(self, interchange: Interchange) -> Self:
        """An answer has the version of the controls (ISA12) that the interchange has, unless the options name one.

        Its group is one of acknowledgements, whatever ``functional_id`` says of other sets.
        """
        version = interchange.header.element(12) if interchange.header else ""
        options = self.options.model_copy(update={"functional_id": None})
        if "version" not in options.model_fields_set and re.fullmatch(r"00\d{3}", version, re.ASCII):
            same = options.model_copy(update={"version": version})
            options = same if same.service().sound else options
        return type(self)(options, guides=self.guides)

    def _new(self, sender: Identity, receiver: Identity, *, test: bool) -> Envelope:
        options = self.options
        separators = options.service()
        newline = NEWLINES[options.newline]
        interchange = (
            *("00", "", "00", ""),
            *(sender.qualifier or "ZZ", sender.id, receiver.qualifier or "ZZ", receiver.id),
            *("", "", separators.repetition or options.standards_id, options.version, ""),
            *("1" if options.acknowledgement_request else "0", "T" if test else "P", separators.component),
        )
        group = (
            *("", options.group_sender or sender.id, options.group_receiver or receiver.id),
            *("", "", "", options.agency, ""),
        )
        return Envelope(
            standard="x12",
            separators=separators,
            interchange=padded_isa(interchange),
            group=group,
            newline=newline,
            final=newline,
        )

    def _back(self, envelope: Envelope, interchange: Interchange, report: Report) -> Envelope:
        group = interchange.group(report.group)
        if group is None or envelope.group is None:
            return envelope
        parties = {1: group.header.element(3), 2: group.header.element(2)}
        elements = tuple(parties.get(index) or value for index, value in enumerate(envelope.group))
        return replace(envelope, group=elements)


class TradacomsFormat(_EdiFormat[TradacomsOptions]):
    """TRADACOMS transmissions (ANA, later GS1 UK): files of several messages between STX and END.

    STX as in the TRADACOMS 9 segment directory; ``ANAA`` announces the reconciliation message RSGRSG, which the writer
    adds as the last one.
    """

    Options = TradacomsOptions
    standard = "tradacoms"
    content_type = "application/edi-consent"

    def _new(self, sender: Identity, receiver: Identity, *, test: bool) -> Envelope:
        options = self.options
        if test and not options.test_reference:
            raise ConfigurationError(
                "TRADACOMS has no mark for tests",
                hint="name the application reference that means a test to this partner: test_reference: under format",
            )
        if qualified := next((party for party in (sender, receiver) if party.qualifier), None):
            raise ConfigurationError(
                f"TRADACOMS knows no qualifier, and the party {qualified.id} has {qualified.qualifier}",
                hint="give the code of the party alone; its name is sender_name: or receiver_name: under format",
            )
        newline = NEWLINES[options.newline]
        interchange = [
            f"{'ANAA' if options.reconciliation else 'ANA'}{COMPONENT}1",
            f"{sender.id}{COMPONENT}{options.sender_name}".rstrip(COMPONENT),
            f"{receiver.id}{COMPONENT}{options.receiver_name}".rstrip(COMPONENT),
            "",
            "",
            options.recipient_reference,
            options.test_reference if test else options.application_reference,
            options.priority,
        ]
        while interchange[-1] == "" and len(interchange) > 5:
            interchange.pop()
        return Envelope(
            standard="tradacoms",
            separators=TRADACOMS_DEFAULT,
            interchange=tuple(interchange),
            newline=newline,
            final=newline,
        )


def _identity(option: str | None) -> Identity | None:
    """The identity that an option gives as ``id:qualifier``."""
    if option is None:
        return None
    found, _, qualifier = option.partition(":")
    return Identity(id=found, qualifier=qualifier or None)


def _composite(identity: Identity) -> str:
    return f"{identity.id}{COMPONENT}{identity.qualifier}" if identity.qualifier else identity.id
