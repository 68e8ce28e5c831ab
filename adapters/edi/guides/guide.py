"""A guide: what is known of one message, ready to resolve places and to validate."""

from datetime import UTC, date, datetime
from functools import cached_property

from transload.adapters.base.format import Records
from transload.adapters.edi.guides.model import Entry, Rules
from transload.adapters.edi.guides.places import SegmentGuide
from transload.adapters.edi.guides.positions import Standing
from transload.adapters.edi.guides.validation import Validator
from transload.canonical.findings import Finding


class Guide:
    """The structure rules of one message."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules

    @property
    def standard(self) -> str:
        """``edifact`` or ``x12``."""
        return self.rules.standard

    @property
    def message(self) -> str:
        """The message type or transaction set: ``ORDERS``, ``850``."""
        return self.rules.message

    @property
    def version(self) -> str:
        """The version that the guide was written for: ``D:96A:UN``, ``004010``."""
        return self.rules.version

    @property
    def source(self) -> str:
        """Where the rules come from."""
        return self.rules.source

    @property
    def file(self) -> str:
        """The guide's own file."""
        return self.rules.file

    @property
    def structure(self) -> tuple[Entry, ...]:
        """The segments and groups between the message's header and trailer, in their order."""
        return self.rules.structure

    @cached_property
    def _segments(self) -> dict[str, SegmentGuide]:
        rules = self.rules
        return {
            tag: SegmentGuide(standard=rules.standard, rule=rules.segments[tag])
            for tag in sorted(rules.tags)
            if tag in rules.segments
        }

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags of the message's segments, sorted."""
        return tuple(self._segments)

    def segment(self, tag: str) -> SegmentGuide | None:
        """What the guide knows of the segment ``tag``, or None when the message has no such segment."""
        return self._segments.get(tag)

    def prepare(self) -> None:
        """Read what validation needs besides the guide itself: the long code lists of its directory.

        Raises `ConfigurationError` when their file has faults.
        """
        self.rules.read_codes()

    @cached_property
    def validator(self) -> Validator:
        """What validates messages by this guide."""
        return Validator(self.rules)

    def validate(self, records: Records, today: date | None = None) -> list[Finding]:
        """All that is wrong with a message's structure and values, in the order of its segments; nothing raises.

        ``records`` is the body between header and trailer.  Findings carry the places that it gives and the codes of
        an acknowledgement: EDIFACT ``0085``; X12 ``720`` and ``721`` (segment), ``719`` (the position of a missing
        one), ``723`` and ``725`` (element), ``621`` (element, where the 999 says something else): `faults.FaultKind`
        is the table of them.  ``today`` is the day by which waivers of overlays are judged, by default the present one
        (UTC).
        """
        return self.validator.validate(records, today or datetime.now(tz=UTC).date())

    def standings(self, records: Records) -> list[Standing]:
        """Where each segment of ``records`` stands in the structure, as `validate` takes them."""
        return self.validator.standings(records)

    def use(self, tag: str, standing: Standing) -> SegmentGuide | None:
        """What the guide knows of a segment where it stands: the rules of that use, or else those of its tag."""
        rule = self.rules.segments.get(standing.rule)
        return SegmentGuide(standard=self.standard, rule=rule) if rule is not None else self.segment(tag)
