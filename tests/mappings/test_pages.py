"""``pages:`` of a mapping."""

import pytest

from transload.adapters.json import JsonFormat, JsonOptions

MAP = """
mapping: portal
document: order/1
format: {type: %s}
pages: %s
layout: {id: =number, day: =issued_on | date(iso)}
"""


def test_a_page_both_ways(bench):
    mapping = bench.load(MAP % ("json", "{items: a.data, next: links.next, size: 2, count: n, total: all, page: no}"))
    form = JsonFormat(JsonOptions.model_validate(mapping.format_options))
    payload = (
        b'{"a":{"data":[{"id":"1","day":"2026-01-05"},{"id":"2","day":"2026-01-06"}]},"n":2,"all":2,"no":1,'
        b'"links":{"next":null}}'
    )
    reading = form.read(payload)
    assert reading.findings == ()
    documents = [mapping.decode(message).documents[0] for message in reading]
    encoded = [mapping.encode(document, bench.context) for document in documents]
    assert form.write(encoded, context=bench.context) == payload


@pytest.mark.parametrize(
    ("kind", "pages", "line"),
    [
        ("json", "{item: data}", "M-KEY pages: does not know 'item' (did you mean 'items'?)"),
        ("json", "{next: x}", "M-VALUE pages: items: names the member that holds the documents (items: data, or items: $ for a payload that is an array)"),  # noqa: E501
        ("json", "{items: x, size: 0}", "M-VALUE pages: size: input should be greater than or equal to 1"),
        ("json", "{items: x, next: x}", "M-VALUE pages: x and x are in each other's place"),
        ("json", "data", "M-VALUE pages: is a table"),
        ("xml", "{items: x}", "M-KEY pages: is for JSON"),
    ],
)  # fmt: skip
def test_static_findings(bench, kind, pages, line):
    found = bench.static(MAP % (kind, pages))
    assert any(one.endswith(f"error {line}") for one in found), found
