"""The tables of docs/acknowledgements.md: ``python -m transload.adapters.edi.acknowledge.documentation FILE``.

What stands between the two marks of the page is made from the code lists; the rest is written by hand.
"""

import sys
from pathlib import Path

from transload.adapters.edi.acknowledge.codes import markdown

BEGIN = "<!-- the tables of codes, made by transload.adapters.edi.acknowledge.documentation -->\n"
END = "<!-- end of the tables -->\n"


def renewed(page: str) -> str:
    """``page`` with its tables as the code lists are now; raises `ValueError` where it has no marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("the page has no marks for its tables")
    return f"{before}{BEGIN}\n{markdown()}\n{END}{after}"


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(renewed(path.read_text("utf-8")), "utf-8")
