"""The two formats of this adapter: EDIFACT and X12, bytes to messages and back."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, TypeVar

from transload.adapters.base.content import Content
from transload.adapters.base.format import COMPONENT, Acknowledgement, Encoded, Format, Identity
from transload.adapters.edi.acknowledge.received import reports
from transload.adapters.edi.charsets import ASCII, CODECS, SYNTAX, UNDECLARED, Charset
from transload.adapters.edi.envelope import Envelope
from transload.adapters.edi.interchange import Interchange
from transload.adapters.edi.limits import Limits
from transload.adapters.edi.options import NEWLINES, EdifactOptions, EdiOptions, X12Options
from transload.adapters.edi.reading import EdiReading, Rules
from transload.adapters.edi.scan import scan
from transload.adapters.edi.separators import EDIFACT_DEFAULT
from transload.adapters.edi.writer import Writer, padded_isa
from transload.canonical.context import Context
from transload.canonical.errors import ConfigurationError, Reject

O = TypeVar("O", bound=EdiOptions)  # noqa: E741 - options


class _EdiFormat(Format[O]):
    """What both formats share.  ``guides`` are folders searched before the guides that come with the library."""

    standard: ClassVar[str]

    def __init__(self, options: O, *, guides: Sequence[Path] = ()) -> None:
        super().__init__(options)
        self.guides = tuple(guides)

    def read(self, payload: bytes | Content, *, file: str | None = None) -> EdiReading:
        """Find the messages of this standard; interchanges of the other are a finding each.

        Raises `ConfigurationError` when a guide in `guides` has faults, and nothing for what
        stands in ``payload``.
        """
        options = self.options
        found = scan(payload, file=file, lenient=options.lenient, charset=self._charset())
        limits = Limits(message=options.largest_message, segment=options.largest_segment)
        return EdiReading(
            found, self.standard, Rules(guided=options.check == "guide", folders=self.guides, limits=limits)
        )

    def write(
        self, messages: Sequence[Encoded], *, envelope: Envelope | Sequence[Envelope] | None = None, context: Context
    ) -> bytes:
        """Wrap ``messages`` into one interchange.

        ``envelope`` is that of the first message, or one for each: several messages of one
        interchange, each with its own envelope, are written as they were read.  Messages
        beyond the given envelopes get new references.  What is empty in an envelope
        (references, date and time) comes from ``context``.

        Raises `Reject` (``E-DOMAIN``) for values that cannot be written, `ConfigurationError` when
        no envelope is given and the options name no parties.
        """
        envelopes = self._envelopes(envelope, context)
        first = envelopes[0]
        lenient: tuple[str, ...] = self.options.lenient
        writer = Writer(
            envelopes=envelopes,
            charset=self._charset() or self._charset_of(first),
            context=context,
            functional_id=getattr(self.options, "functional_id", None),
            # what was read with a character outside levels A and B is written as it was
            any_character="charset" in lenient or bool(first.reference.strip()),
        )
        return writer.write(messages)

    def _envelopes(self, envelope: Envelope | Sequence[Envelope] | None, context: Context) -> Sequence[Envelope]:
        if envelope is None:
            return [self.envelope(sender=None, receiver=self._partner(context))]
        envelopes = [envelope] if isinstance(envelope, Envelope) else list(envelope)
        if not envelopes or any(each.standard != self.standard for each in envelopes):
            raise ConfigurationError(f"an envelope of {self.standard} is needed to write {self.standard}")
        if any(each.interchange != envelopes[0].interchange for each in envelopes):
            raise Reject("the messages come from different interchanges", hint="write each interchange by itself")
        return envelopes

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
        for interchange, report in reports(self.read(payload, file=file), kind.upper()):
            back = self.envelope(sender=interchange.receiver, receiver=interchange.sender, test=interchange.test)
            back = self._back(back, interchange, report.reference)
            content = self.write([report.message], envelope=back, context=context)
            yield Acknowledgement(kind=kind, content=content, reference=report.reference, accepted=report.accepted)

    def _back(self, envelope: Envelope, interchange: Interchange, reference: str) -> Envelope:
        """The envelope of an answer to what ``reference`` names in ``interchange``."""
        return replace(envelope, group=None)


class EdifactFormat(_EdiFormat[EdifactOptions]):
    """EDIFACT interchanges, syntax versions 1 to 4 (ISO 9735)."""

    Options = EdifactOptions
    standard = "edifact"
    content_type = "application/edifact"
    acknowledgements = frozenset({"contrl"})

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
    acknowledgements = frozenset({"997", "ta1"})

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

    def _back(self, envelope: Envelope, interchange: Interchange, reference: str) -> Envelope:
        headers = (group.header for group in interchange.groups)
        header = next((header for header in headers if header.element(6) == reference), None)
        if header is None or envelope.group is None:
            return envelope
        parties = {1: header.element(3), 2: header.element(2)}
        group = tuple(parties.get(index) or value for index, value in enumerate(envelope.group))
        return replace(envelope, group=group)


def _identity(option: str | None) -> Identity | None:
    """The identity that an option gives as ``id:qualifier``."""
    if option is None:
        return None
    found, _, qualifier = option.partition(":")
    return Identity(id=found, qualifier=qualifier or None)


def _composite(identity: Identity) -> str:
    return f"{identity.id}{COMPONENT}{identity.qualifier}" if identity.qualifier else identity.id
