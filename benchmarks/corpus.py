"""Interchanges of orders for the benchmarks: the same arguments give the same bytes everywhere.

    python benchmarks/corpus.py orders|850 MESSAGES FILE [--newline]

Orders of 3 to 22 lines with parties, contacts, texts, prices and taxes, as suppliers get them; one text in eight holds
characters that EDIFACT must release.  All names and numbers are invented; GLNs and GTINs have valid check digits and
the prefix 952, which GS1 keeps for examples.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

_TOWNS = (("Bremen", "28195", "DE"), ("Rotterdam", "3011", "NL"), ("Lyon", "69002", "FR"), ("Aarhus", "8000", "DK"))
_NAMES = ("Hagemann Grosshandel", "Northstar Supply", "Van Dijk & Zonen", "Atelier Moreau", "Skov + Partner")
_GOODS = ("Hexagon bolt M8 x 40", "Bearing 6204", "Gear oil 20 l", "Valve DN50: PN16", "Cable 3 x 1.5", "Pallet wrap")
_TEXTS = (
    "deliver to gate 4",
    "no substitutes",
    "price incl. 2+1 offer",
    "ask before unloading?",
    "dealer's own pallets",
)
_RELEASED = str.maketrans({sign: f"?{sign}" for sign in "?+:'"})


class Orders:
    """Orders one after another, each from the same stream of chance."""

    def __init__(self, seed: int = 7) -> None:
        self._chance = Random(seed)

    def _digits(self, count: int) -> str:
        return "".join(self._chance.choice("0123456789") for _ in range(count))

    def _gs1(self) -> str:
        body = "952" + self._digits(9)
        total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body)))
        return f"{body}{-total % 10}"

    def _day(self) -> str:
        return f"2026{self._chance.randint(1, 12):02}{self._chance.randint(1, 28):02}"

    def edifact(self, number: int) -> list[str]:
        """The segments of an ORDERS D.96A between UNH and UNT."""
        chance = self._chance
        rows = [f"BGM+220+PO{4_000_000 + number}+9", f"DTM+137:{self._day()}:102", f"DTM+2:{self._day()}:102"]
        if chance.random() < 0.5:
            rows.append(f"RFF+CT:K-{self._digits(6)}")
        for role in ("BY", "SU", "DP"):
            town, code, country = chance.choice(_TOWNS)
            name = chance.choice(_NAMES).translate(_RELEASED)
            rows.append(f"NAD+{role}+{self._gs1()}::9++{name}+Kai {self._digits(2)}+{town}++{code}+{country}")
            if role == "BY":
                rows.append(f"CTA+OC+:Desk {self._digits(3)}")
                rows.append(f"COM+?+49 421 {self._digits(7)}:TE")
        rows += ["CUX+2:EUR:9", "TDT+20++30", "TOD+3++DAP"]
        for line in range(1, chance.randint(3, 22) + 1):
            rows += [
                f"LIN+{line}++{self._gs1()}:EN",
                f"PIA+1+S-{self._digits(5)}:SA+{self._digits(7)}:IN",
                f"IMD+F++:::{chance.choice(_GOODS).translate(_RELEASED)}",
                f"QTY+21:{chance.randint(1, 900)}:PCE",
            ]
            if chance.random() < 0.5:
                rows.append(f"DTM+2:{self._day()}:102")
            if chance.random() < 0.4:
                rows.append(f"MOA+203:{chance.randint(100, 9_999_999) / 100:.2f}")
            if chance.random() < 0.25:
                rows.append(f"FTX+LIN+++{chance.choice(_TEXTS).translate(_RELEASED)}")
            rows.append(f"PRI+AAA:{chance.randint(100, 99_999) / 100:.2f}:CT::1:PCE")
            if chance.random() < 0.4:
                rows.append(f"RFF+LI:{line * 10}")
            if chance.random() < 0.5:
                rows.append("TAX+7+VAT+++:::19+S")
        return [*rows, "UNS+S", f"MOA+86:{chance.randint(10_000, 99_999_999) / 100:.2f}", f"CNT+2:{line}"]

    def x12(self, number: int) -> list[str]:
        """The segments of an 850 004010 between ST and SE."""
        chance = self._chance
        rows = [f"BEG*00*SA*PO{4_000_000 + number}**{self._day()}", "CUR*BY*EUR", f"REF*CT*K{self._digits(6)}"]
        rows += [
            f"PER*BD*DESK {self._digits(3)}*TE*49421{self._digits(7)}",
            "ITD*01*3*2**30**45",
            f"DTM*002*{self._day()}",
        ]
        for role in ("BY", "ST", "SE"):
            town, code, country = chance.choice(_TOWNS)
            rows += [
                f"N1*{role}*{chance.choice(_NAMES).upper()}*92*{self._digits(4)}",
                f"N3*KAI {self._digits(2)}",
                f"N4*{town.upper()}**{code}*{country}",
            ]
        for line in range(1, chance.randint(3, 22) + 1):
            price = f"{chance.randint(100, 99_999) / 100:.2f}"
            rows.append(f"PO1*{line}*{chance.randint(1, 900)}*EA*{price}*PE*EN*{self._gs1()}*VN*S-{self._digits(5)}")
            rows.append(f"PID*F****{chance.choice(_GOODS).upper()}")
            if chance.random() < 0.3:
                rows.append(f"DTM*002*{self._day()}")
        return [*rows, f"CTT*{line}"]


def interchange(kind: str, messages: int, newline: str = "") -> Iterator[str]:
    """The text of one interchange in pieces, ``kind`` ``orders`` or ``850``; ``newline`` follows each segment."""
    orders = Orders()
    if kind == "orders":
        end = f"'{newline}"
        yield f"UNA:+.? {end}UNB+UNOC:3+9520001000003:14+9520002000002:14+260114:1030+R1++ORDERS{end}"
        for number in range(1, messages + 1):
            rows = orders.edifact(number)
            yield end.join([f"UNH+{number}+ORDERS:D:96A:UN:EAN008", *rows, f"UNT+{len(rows) + 2}+{number}", ""])
        yield f"UNZ+{messages}+R1{end}"
    else:
        end = f"~{newline}"
        yield (
            "ISA*00*          *00*          *ZZ*BUYERCO        *ZZ*SELLERCO       *260114*1030*U*00401*000000001*0*P*>"
            f"{end}GS*PO*BUYERCO*SELLERCO*20260114*1030*1*X*004010{end}"
        )
        for number in range(1, messages + 1):
            rows = orders.x12(number)
            yield end.join([f"ST*850*{number:04}", *rows, f"SE*{len(rows) + 2}*{number:04}", ""])
        yield f"GE*{messages}*1{end}IEA*1*000000001{end}"


def main() -> int:
    if len(sys.argv) < 4 or sys.argv[1] not in ("orders", "850"):
        print(__doc__)
        return 2
    newline = "\n" if "--newline" in sys.argv else ""
    with Path(sys.argv[3]).open("w", encoding="latin-1", newline="") as file:
        file.writelines(interchange(sys.argv[1], int(sys.argv[2]), newline))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
