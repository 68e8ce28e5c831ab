"""Control numbers and times of an envelope that is written for the first time.

Numbers come from `Context.numbers`, one series for each standard, sender, receiver and level:
``edifact/9520001000003:14/9520002000002:14/interchange``, ``x12/ZZ.../group``.  Messages are
counted from 1 in their interchange (EDIFACT 0062) or group (X12 ST02), as partners expect.
"""

from transload.adapters.base.format import COMPONENT, Identity
from transload.adapters.edi.envelope import Elements, Envelope
from transload.canonical.context import Context

_NINE_DIGITS = 999_999_999


def series(envelope: Envelope, level: str) -> str:
    """The name of the number series of an envelope at ``level``, ``interchange`` or ``group``."""
    return "/".join((envelope.standard, _name(envelope.sender), _name(envelope.receiver), level))


def _name(identity: Identity | None) -> str:
    if identity is None:
        return ""
    return f"{identity.id}:{identity.qualifier}" if identity.qualifier else identity.id


def _wrapped(number: int) -> int:
    """X12 control numbers have nine digits; after 999999999 comes 1."""
    return (number - 1) % _NINE_DIGITS + 1


def filled_interchange(envelope: Envelope, context: Context) -> Elements:
    """The elements of UNB or ISA with date, time and reference where they are empty."""
    elements = list(envelope.interchange or ())
    if envelope.standard == "x12":
        for index, text in ((8, f"{context.now:%y%m%d}"), (9, f"{context.now:%H%M}")):
            elements[index] = elements[index] if elements[index].strip() else text
        if not elements[12].strip():
            elements[12] = f"{_wrapped(context.numbers.next(series(envelope, 'interchange'))):09}"
        return tuple(elements)
    elements += [""] * (5 - len(elements))
    if not elements[3]:
        day = f"{context.now:%Y%m%d}" if envelope.element(1, 2) == "4" else f"{context.now:%y%m%d}"
        elements[3] = f"{day}{COMPONENT}{context.now:%H%M}"
    if not elements[4]:
        elements[4] = str(context.numbers.next(series(envelope, "interchange")))
    return tuple(elements)


def filled_group(envelope: Envelope, kind: str, version: str, functional_id: str, context: Context) -> Elements:
    """The elements of UNG or GS for a message of ``kind`` and ``version``, empty ones filled."""
    elements = list(envelope.group or ())
    elements += [""] * ((8 if envelope.standard == "x12" else 7) - len(elements))
    number_at = 5 if envelope.standard == "x12" else 4
    if envelope.standard == "x12":
        day = f"{context.now:%y%m%d}" if version[:6] < "004010" else f"{context.now:%Y%m%d}"
        wanted = {0: functional_id, 3: day, 4: f"{context.now:%H%M}", 7: version}
    else:
        parts = [*version.split(":"), "", "", ""]
        version_of_group = COMPONENT.join((parts[0], parts[1], parts[3])).rstrip(COMPONENT)
        wanted = {0: kind, 3: f"{context.now:%y%m%d}{COMPONENT}{context.now:%H%M}", 5: parts[2], 6: version_of_group}
    for index, text in wanted.items():
        elements[index] = elements[index] or text
    if not elements[number_at]:
        number = context.numbers.next(series(envelope, "group"))
        elements[number_at] = str(_wrapped(number) if envelope.standard == "x12" else number)
    return tuple(elements)
