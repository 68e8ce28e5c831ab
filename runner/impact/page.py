"""An impact as one HTML page that needs nothing else: for who has to agree to a change."""

from collections.abc import Iterator, Mapping
from typing import Any

from transload.mappings.views.page.head import head
from transload.mappings.views.page.html import Child, broken, element
from transload.mappings.views.page.style import STYLE
from transload.mappings.views.page.tables import rows, table

_VALUES = 10


def page_of(found: Mapping[str, Any]) -> str:
    """The page of an impact in its shape in JSON."""
    title = f"{found['differs']} of {found['messages']} messages would come out differently"
    page = element(
        "html",
        head(title, STYLE),
        element(
            "body",
            element("main", element("h1", title), element("p", _lead(found), class_="lead"), list(_sections(found))),
        ),
        lang="en",
    )
    return f"<!doctype html>\n{page}\n"


def _lead(found: Mapping[str, Any]) -> str:
    routes = ", ".join(found["routes"]) or "no route"
    return f"What {found['receipts']} receipts of {routes} would give with the files as they are now."


def _sections(found: Mapping[str, Any]) -> Iterator[Child]:
    places: dict[str, list[Mapping[str, Any]]] = {}
    for group in found["differences"]:
        target = f" to {group['target']}" if group["target"] else ""
        places.setdefault(f"{group['route']}{target}", []).append(group)
    heads = ("Difference", "Documents", "Places", "Old and new values", "Examples")
    for place, groups in places.items():
        yield element("h2", place)
        yield table(f"Differences of {place}", heads, rows([_row(group) for group in groups]))
    if found["not_compared"]:
        yield element("h2", "Not compared")
        told = [(reason, str(number)) for reason, number in found["not_compared"].items()]
        yield table("Messages that were not compared", ("Why", "Messages"), rows(told))
    yield element("h2", "Versions")
    versions = [
        (f"{one['kind']} {one['name']}", broken(one["file"]), _short(one["in_use"]), _since(one), _changed(one))
        for one in found["versions"]
    ]
    yield table("Versions", ("What", "File", "In use", "Since", "On disk"), rows(versions))


def _row(group: Mapping[str, Any]) -> list[Child]:
    values = [
        element("div", f"{_said(one['old'])} → {_said(one['new'])}: {one['count']}")
        for one in group["values"][:_VALUES]
    ]
    others = group["other_values"] + sum(one["count"] for one in group["values"][_VALUES:])
    if others:
        values.append(element("div", f"others: {others}"))
    samples = [element("div", _sample(one, told=bool(group["values"]))) for one in group["samples"]]
    name = [group["what"], " ", element("code", broken(group["name"]))] if group["name"] else group["what"]
    return [name, str(group["documents"]), str(group["places"]), values, samples]


def _sample(sample: Mapping[str, Any], *, told: bool) -> str:
    text = f"{sample['document'] or sample['receipt']} {sample['exact']}".strip()
    if told or (sample["old"] is None and sample["new"] is None):
        return text
    return f"{text}: {_said(sample['old'])} → {_said(sample['new'])}"


def _said(value: str | None) -> str:
    return "nothing" if value is None else value


def _short(digest: str | None) -> Child:
    return element("code", digest[:12]) if digest else "none"


def _since(version: Mapping[str, Any]) -> str:
    return (version["since"] or "")[:16].replace("T", " ")


def _changed(version: Mapping[str, Any]) -> str:
    if version["in_use"] is None:
        return "new"
    return "changed" if version["changed"] else "unchanged"
