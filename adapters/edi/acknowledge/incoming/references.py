"""The control numbers that what was sent carries, and those that an acknowledgement speaks of."""

from transload.adapters.base.acknowledgement import Reference
from transload.adapters.base.format import Identity
from transload.adapters.edi.acknowledge.incoming.statement import Statement
from transload.adapters.edi.reading.messages import EdiReading
from transload.canonical.findings import Finding


def references(reading: EdiReading) -> tuple[Reference, ...]:
    """The numbers that the payload of ``reading`` carries and that partners can acknowledge.

    Those of its interchanges, and in X12 those of its groups too.
    """
    found = []
    for interchange in reading.interchanges:
        if interchange.standard != reading.standard or not interchange.reference.strip():
            continue
        parties = ids(interchange.sender, interchange.receiver)
        found.append(_reference(interchange.standard, "interchange", parties, interchange.reference))
        if interchange.standard == "x12":
            found += [_reference("x12", "group", parties, group.header.element(6)) for group in interchange.groups]
    return tuple(found)


def acknowledged(statement: Statement) -> tuple[Reference, ...]:
    """The numbers that an acknowledgement speaks of."""
    parties = ids(statement.sender, statement.receiver)
    if statement.kind in ("997", "999"):
        return tuple(
            _reference("x12", "group", parties, group.reference) for group in statement.groups if group.reference
        )
    if not statement.reference:
        return ()
    return (_reference(statement.standard, "interchange", parties, statement.reference),)


def unknown(reference: Reference, statement: Statement) -> Finding:
    """The finding that an acknowledgement names a number that was never sent."""
    said = (group.said for group in statement.groups if plain("x12", group.reference) == reference.number)
    return Finding(
        code="E-ACK-UNKNOWN",
        message=f"the {statement.kind} speaks of {reference}, and nothing was sent with that number",
        value=reference.number,
        hint="ask the partner what was meant: somebody else may send in our name, or the number was changed on the way",
        place=next(said, statement.said) if reference.level == "group" else statement.said,
    )


def _reference(standard: str, level: str, parties: tuple[str, str], number: str) -> Reference:
    return Reference(
        standard=standard, level=level, sender=parties[0], receiver=parties[1], number=plain(standard, number)
    )


def ids(sender: Identity | None, receiver: Identity | None) -> tuple[str, str]:
    """Both identifications without qualifiers and blanks; "" for a party that is not known."""
    return (sender.id.strip() if sender else "", receiver.id.strip() if receiver else "")


def plain(standard: str, number: str) -> str:
    """A control number for comparing: those of X12 are numbers, which some systems write without leading zeros."""
    text = number.strip()
    return text.lstrip("0") or text[:1] if standard == "x12" and text.isascii() and text.isdigit() else text
