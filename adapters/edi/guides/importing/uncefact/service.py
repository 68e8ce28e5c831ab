"""Service segments inside messages: they belong to the syntax, so no directory of the UN lists them.

Facts from ISO 9735:1988 (UNS) and ISO 9735-1:2002 (UNS, UGH, UGT).  Headers and trailers of messages
are the envelope's; they are no part of a guide.
"""

from transload.adapters.edi.guides.importing.writing import Body

SERVICE_ELEMENTS = {
    "0081": "a1 Section identification",
    "0087": "an..4 Anti-collision segment group identification",
}
SERVICE_SEGMENTS = {
    "UGH": Body(title="Anti-collision segment group header", parts=("0087 M",)),
    "UGT": Body(title="Anti-collision segment group trailer", parts=("0087 M",)),
    "UNS": Body(title="Section control", parts=("0081 M {D|S}",)),
}
