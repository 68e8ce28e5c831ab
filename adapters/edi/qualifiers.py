"""How one standard's envelopes qualify what the other's do: EDIFACT 0007 and X12 I05 are different code lists."""

from transload.adapters.base.format import Identity

_DUNS = {"edifact": "1", "x12": "01"}


def counterpart(identity: Identity, standard: str) -> Identity:
    """``identity``, read from an envelope of the other standard, as an envelope of ``standard`` has it.

    A D-U-N-S number (EDIFACT 1, X12 01) stays one.  Any other qualifier is left out, which
    X12 writes as ZZ, mutually defined: 14 is a GLN in EDIFACT and a D-U-N-S number with suffix in X12.
    """
    other = {"edifact": "x12", "x12": "edifact"}.get(standard, "")
    known = identity.qualifier is not None and identity.qualifier == _DUNS.get(other)
    return Identity(id=identity.id, qualifier=_DUNS[standard] if known else None)
