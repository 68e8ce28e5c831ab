"""Tables of the page: with heads, and scrolled by themselves where the window is narrow."""

from collections.abc import Sequence

from transload.mappings.views.page.html import Child, Html, element


def table(label: str, heads: Sequence[str], *bodies: Html, caption: Child = None) -> Html:
    """A table; ``label`` says to those who do not see it what it is, ``bodies`` are its parts."""
    head = element("thead", element("tr", [element("th", name, scope="col") for name in heads]))
    whole = element("table", element("caption", caption) if caption else None, head, bodies)
    return element("div", whole, class_="scroll", tabindex="0", role="region", aria_label=label)


def rows(found: Sequence[Sequence[Child]]) -> Html:
    """Rows whose first cell is their head."""
    return element(
        "tbody",
        [element("tr", element("th", row[0], scope="row"), [element("td", cell) for cell in row[1:]]) for row in found],
    )
