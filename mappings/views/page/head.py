"""The head of a page that needs nothing else: no script, no file, no request."""

from transload.mappings.views.page.html import Html, element

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def head(title: str, style: str) -> Html:
    """The element ``head``; the policy in it forbids a browser whatever the page does not hold itself."""
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="generator", content="transload"),
        element("title", title),
        element("style", Html(style)),
    )
