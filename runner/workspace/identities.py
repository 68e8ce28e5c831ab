"""What a company is called: its global numbers, and its ids in envelopes."""

from collections.abc import Mapping

from transload.adapters.base import Identity

Identities = Mapping[str, str | Mapping[str, str]]
"""By kind: a text (``gln``, ``duns``, ``vat``), or parts (``edifact`` and ``x12``: ``id`` and ``qualifier``)."""


def facts_of(identities: Identities) -> dict[str, str]:
    """The identities under dotted names: ``gln``, ``edifact.id``, ``edifact.qualifier``."""
    facts: dict[str, str] = {}
    for kind, value in identities.items():
        if isinstance(value, str):
            facts[kind] = value
        else:
            facts.update({f"{kind}.{part}": text for part, text in value.items()})
    return facts


def identity_of(identities: Identities, standard: str) -> Identity | None:
    """The identity for envelopes of ``standard`` (``edifact``, ``x12``), or None where none is given."""
    parts = identities.get(standard)
    if isinstance(parts, str):
        return Identity(id=parts)
    if parts is None or "id" not in parts:
        return None
    return Identity(id=parts["id"], qualifier=parts.get("qualifier"))
