"""What the partner delivers: orders as EDIFACT and as CSV, good ones and broken ones."""

from collections.abc import Sequence
from pathlib import Path

BUYERS = tuple(f"952110100{n:03}" for n in range(1, 7))

_COLUMNS = (Path(__file__).parents[2] / "mappings/library/samples/orders.csv").read_text().partition("\n")[0].split(",")


def gln(twelve: str) -> str:
    """A number with its check digit (GS1 General Specifications, 7.9)."""
    total = sum(int(digit) * (3 if at % 2 else 1) for at, digit in enumerate(twelve))
    return twelve + str(-total % 10)


def edifact(reference: str, orders: Sequence[tuple[str, str]], *, lines: int = 2, wrong: bool = False) -> bytes:
    """An interchange of ``orders``, each a number and a buyer; ``wrong``: its messages count their segments wrongly."""
    rows = [f"UNB+UNOC:3+9521101000005:14+9521102000004:14+260302:1430+{reference}++ORDERS'"]
    for position, (number, buyer) in enumerate(orders, start=1):
        body = [
            f"BGM+220+{number}+9'",
            "DTM+137:20260302:102'",
            f"NAD+BY+{buyer}::9'",
            "NAD+SU+9521102000004::9'",
        ]
        for line in range(1, lines + 1):
            body += [f"LIN+{line}+1'", f"PIA+1+D-{line:03}:SA'", f"QTY+21:{line * 10}:PCE'"]
        body += ["UNS+S'", f"CNT+2:{lines}'"]
        count = len(body) + (9 if wrong else 2)
        rows += [f"UNH+{position}+ORDERS:D:96A:UN:EAN008'", *body, f"UNT+{count}+{position}'"]
    rows.append(f"UNZ+{len(orders)}+{reference}'")
    return "\n".join(rows).encode()


def csv(orders: Sequence[tuple[str, str]], *, wrong: bool = False) -> bytes:
    """The same as rows of the library's CSV; ``wrong``: with a date that is none."""
    rows = [",".join(_COLUMNS)]
    for number, buyer in orders:
        order = {
            "OrderNo": number,
            "OrderDate": "2026-02-31" if wrong else "2026-03-02",
            "OrderType": "ORDER",
            "Action": "NEW",
            "Currency": "EUR",
            "BuyerGLN": buyer,
            "SupplierGLN": "9521102000004",
            "Qty": "10",
            "Unit": "EA",
        }
        rows += [",".join({**order, "LineNo": line}.get(name, "") for name in _COLUMNS) for line in "12"]
    return "".join(f"{row}\n" for row in rows).encode()
