"""The envelope of a message as data: all that is needed to write the same interchange again, byte for byte."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property
from typing import Any, Self

from transload.adapters.base.content import Bytes, Content
from transload.adapters.base.format import COMPONENT, ELEMENT, Identity
from transload.adapters.edi.interchange import Frame, Interchange
from transload.adapters.edi.layout import REQUESTS, USUAL, Layout, Sight
from transload.adapters.edi.separators import Separators
from transload.canonical.errors import ConfigurationError

Elements = tuple[str, ...]
"""The elements of a service segment after its tag, components apart by ``COMPONENT``."""


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """What stood, or is to stand, around one message.

    ``interchange``, ``group`` and ``message`` are the elements of UNB, UNG and UNH, or of ISA,
    GS and ST; ``interchange`` is None for messages without UNB, ``group`` None where there is
    no group, ``message`` None where the writer makes the header.  Where the reference is
    empty, it is filled in when the interchange is written, and so are date and time.  ``una`` is the
    text of UNA, if there is to be one, and ``requests`` are the segments to the network after ISA (ISB, ISE).
    ``newline`` follows each terminator, ``una_end`` follows UNA and ``final`` the last terminator; what else is
    unusual about a message that was read is its ``layout``.  ``digits`` are the
    least digits of the counts in the trailers of interchange, group and message.  ``position``
    tells interchanges of one file apart, and groups of one interchange, whose headers are the same: their numbers.

    In TRADACOMS the three are the elements of STX, BAT and MHD, and for an EDIFACT package ``message`` those of UNO.
    """

    standard: str
    separators: Separators
    interchange: Elements | None
    group: Elements | None = None
    message: Elements | None = None
    una: str = ""
    una_end: str = ""
    newline: str = ""
    final: str = ""
    requests: tuple[str, ...] = ()
    layout: Layout | Sight | None = None
    digits: tuple[int, int, int] = (1, 1, 1)
    position: tuple[int, int] = (1, 0)

    @classmethod
    def of(cls, interchange: Interchange, frame: Frame | None = None, content: Content | None = None) -> Self:
        """The envelope of a message that was read; without one, of the interchange alone.

        The layout is looked for in ``content``, the payload.  A frame whose number is 0 is a segment outside of groups.
        """
        group = interchange.group(frame.group) if frame else None
        trailers = (interchange.trailer, group.trailer if group else None, frame.trailer if frame else None)
        layout: Layout | Sight | None = None
        if content is not None and frame is not None:
            layout = Sight(content, interchange, frame, group)
            if not isinstance(content, Bytes):  # a file may be closed before anyone asks
                layout = layout.seen
        return cls(
            standard=interchange.standard,
            separators=interchange.separators,
            interchange=interchange.header.elements if interchange.header else None,
            group=group.header.elements if group else None,
            message=frame.header.elements if frame and frame.number else None,
            una=interchange.una,
            una_end=interchange.una_end,
            newline=interchange.newline,
            final=interchange.final,
            requests=tuple(
                ELEMENT.join((service.tag, *service.elements))
                for service in interchange.outside
                if service.tag in REQUESTS
            ),
            layout=layout,
            digits=_digits(*(trailer.element(1) if trailer else "" for trailer in trailers)),
            position=(interchange.number, group.number if group else 0),
        )

    def __post_init__(self) -> None:
        if self.standard not in ("edifact", "x12", "tradacoms"):
            raise ValueError(f"the standard must be edifact, x12 or tradacoms, not {self.standard!r}")
        if len(self.digits) != 3 or len(self.position) != 2:
            raise ValueError("digits must be three numbers, position two")
        if self.standard == "x12" and len(self.interchange or ()) != 16:
            raise ValueError("an interchange of X12 needs the sixteen elements of ISA")

    def element(self, number: int, component: int = 1) -> str:
        """A component of an element of UNB or ISA, both from 1; "" where there is none."""
        return component_of(self.interchange or (), number, component)

    @cached_property
    def sender(self) -> Identity | None:
        """UNB S002, or ISA05 and ISA06, or the code in STX FROM, without one the name."""
        return self._party(*((6, 5) if self.standard == "x12" else (2, 2)))

    @cached_property
    def receiver(self) -> Identity | None:
        """UNB S003, or ISA07 and ISA08, or the code in STX UNTO, without one the name."""
        return self._party(*((8, 7) if self.standard == "x12" else (3, 3)))

    @property
    def reference(self) -> str:
        """The interchange control reference, UNB 0020, ISA13 or STX SNRF; empty in a new envelope."""
        return self.element(13 if self.standard == "x12" else 5)

    @property
    def syntax(self) -> str:
        """UNB S001 such as ``UNOC:3``, STX STDS such as ``ANA:1``, or the version of the controls, ISA12."""
        if self.standard == "x12":
            return self.element(12)
        return f"{self.element(1)}:{self.element(1, 2)}".strip(":")

    @property
    def prepared(self) -> str:
        """Date and time of preparation as they stand there: ``260114:0915``; empty in a new envelope."""
        parts = (self.element(9), self.element(10)) if self.standard == "x12" else (self.element(4), self.element(4, 2))
        return ":".join(parts).strip(":")

    @property
    def application_reference(self) -> str:
        """UNB 0026, STX APRF; X12 has none."""
        return "" if self.standard == "x12" else self.element(7)

    @property
    def test(self) -> bool:
        """Whether the interchange is marked as a test: UNB 0035, ISA15; TRADACOMS has no such mark."""
        if self.standard == "tradacoms":
            return False
        return self.element(15) == "T" if self.standard == "x12" else self.element(11) == "1"

    @property
    def acknowledgement_requested(self) -> bool:
        """Whether the sender asks for an acknowledgement: UNB 0031, ISA14; TRADACOMS has none."""
        if self.standard == "tradacoms":
            return False
        return self.element(14 if self.standard == "x12" else 9) == "1"

    def again(self) -> Self:
        """This envelope for new messages: the same parties and habits, references, dates and headers to be made."""
        blank: dict[int, str] = {9: "", 10: "", 13: ""} if self.standard == "x12" else {4: "", 5: ""}
        return replace(
            self,
            interchange=_replaced(self.interchange, blank) if self.interchange is not None else None,
            group=None if self.group is None else _replaced(self.group, _group_blanks(self.standard)),
            message=None,
            layout=None,
        )

    def as_dict(self) -> dict[str, Any]:
        """The envelope as JSON values; an element is a text, or a list of component texts."""
        known: dict[str, Any] = {}
        for each in fields(self):
            value = getattr(self, each.name)
            if each.name == "separators":
                value = asdict(value)
            elif each.name in ("interchange", "group", "message") and value is not None:
                value = [element.split(COMPONENT) if COMPONENT in element else element for element in value]
            elif each.name in ("digits", "requests", "position"):
                value = list(value)
            elif each.name == "layout":
                value = value.seen.as_dict() if value and value.seen != USUAL else None
            known[each.name] = value
        return {name: value for name, value in known.items() if value is not None or name == "interchange"}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The envelope that `as_dict` gave, for example from a JSON file.

        Raises `ConfigurationError` when ``data`` is none.
        """
        known = {each.name for each in fields(cls)}
        try:
            if unknown := sorted(set(data) - known):
                raise ConfigurationError(
                    f"an envelope has no key {unknown[0]!r}", hint=f"keys are: {', '.join(sorted(known))}"
                )
            values = dict(data)
            values["separators"] = Separators(**{name: _text(value) for name, value in data["separators"].items()})
            for name in ("interchange", "group", "message"):
                if values.get(name) is not None:
                    values[name] = tuple(_element(value) for value in data[name])
            values.setdefault("interchange", None)
            values["requests"] = tuple(_text(value) for value in data.get("requests", ()))
            values["digits"] = tuple(int(number) for number in data.get("digits", (1, 1, 1)))
            values["position"] = tuple(int(number) for number in data.get("position", (1, 0)))
            values["layout"] = Layout.from_dict(data["layout"]) if data.get("layout") else None
            return cls(**values)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ConfigurationError(
                f"this is no envelope: {error}", hint="take one that reading a message gave, and change its values only"
            ) from error

    def _party(self, identity: int, qualifier: int) -> Identity | None:
        if self.interchange is None:
            return None
        found = self.element(identity).strip()
        if self.standard == "tradacoms":
            return Identity(id=found or self.element(identity, 2).strip())
        named = self.element(qualifier, 1 if self.standard == "x12" else 2).strip()
        return Identity(id=found, qualifier=named or None)


def component_of(elements: Sequence[str], number: int, component: int = 1) -> str:
    """A component of an element, both from 1; "" where there is none."""
    if number > len(elements):
        return ""
    value = elements[number - 1]
    if COMPONENT not in value:
        return value if component == 1 else ""
    parts = value.split(COMPONENT)
    return parts[component - 1] if component <= len(parts) else ""


def _digits(interchange: str, group: str, message: str) -> tuple[int, int, int]:
    """How many digits a count was padded to: 1 unless it begins with 0."""
    sizes = [len(text) if text.startswith("0") and text.isdigit() else 1 for text in (interchange, group, message)]
    return sizes[0], sizes[1], sizes[2]


def _replaced(elements: Elements, new: Mapping[int, str]) -> Elements:
    return tuple(new.get(number, value) for number, value in enumerate(elements, 1))


def _group_blanks(standard: str) -> dict[int, str]:
    return {"x12": {4: "", 5: "", 6: ""}, "edifact": {4: "", 5: ""}, "tradacoms": {}}[standard]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _element(value: Any) -> str:
    return COMPONENT.join(_text(part) for part in value) if isinstance(value, list) else _text(value)
