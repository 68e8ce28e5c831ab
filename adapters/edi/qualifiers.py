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


MEANINGS: dict[str, dict[str, str]] = {
    "edifact": {
        "1": "D-U-N-S number",
        "4": "IATA",
        "8": "UCC communications id",
        "9": "D-U-N-S number with suffix",
        "12": "telephone number",
        "14": "GS1",
        "18": "AIAG",
        "30": "ISO 6523",
        "31": "DIN",
        "ZZZ": "mutually defined",
    },
    "x12": {
        "01": "D-U-N-S number",
        "02": "SCAC of a carrier",
        "04": "IATA",
        "08": "UCC communications id",
        "12": "telephone number",
        "14": "D-U-N-S number with suffix",
        "ZZ": "mutually defined",
    },
}
"""What the qualifiers of parties in envelopes mean, where lists agree.

EDIFACT 0007: D.93A and D.11B at edifactory, and the Joint Syntax Working Group's service code lists.  X12 I05: 003040
at Stedi, and its twin I22 of 004010 at dcsnewyork."""
