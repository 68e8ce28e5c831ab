"""Statements over a ledger: what is counted, what a page may hold, and how it scales."""

import json
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any
from zoneinfo import ZoneInfo

from transload.runner.ledger import Ledger
from transload.runner.ledger.schema import blobs, deliveries, delivery_documents, documents, receipts
from transload.runner.statement import gather
from transload.runner.statement.writing import as_html, as_json, as_text

BEGIN, END = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Berlin")


def fill(ledger: Ledger, rows: list[dict[str, Any]], sent: list[dict[str, Any]] = []) -> None:  # noqa: B006
    """Documents of acme and deliveries to acme, as they stand in the ledger."""
    receipt = {
        "id": 1, "connection": "acme/mailbox", "source_key": "k", "route": "acme/orders", "origin": "o", "metadata": {},
        "digest": "0" * 64, "size": 1, "state": "PARSED", "findings": [], "received_at": BEGIN,
    }  # fmt: skip
    document = {
        "receipt_id": 1, "message": 1, "ordinal": 1, "route": "acme/orders", "partner": "acme", "state": "SENT",
        "kind": "ORDERS", "version": "", "sender": "ACME", "receiver": "US", "interchange": "1", "reference": "1",
        "wire_digest": "0" * 64, "start": 0, "end": 1, "document": "order/1", "number": "PO-1", "product": "t",
        "findings": [], "targets": 1, "created_at": BEGIN,
    }  # fmt: skip
    delivery = {
        "lane": "erp/x/acme/responses", "target": "acme/responses", "connection": "acme/mailbox", "kind": "document",
        "state": "SENT", "content_type": "", "metadata": {}, "tries": 1, "failures": 0, "unsure": False, "epoch": 1,
        "next_at": BEGIN, "staged_at": BEGIN, "finished_at": BEGIN, "findings": [], "product": "t",
    }  # fmt: skip

    def work(connection: Any) -> None:
        blob = {"digest": "0" * 64, "size": 1, "encoding": "plain", "data": b"x"}
        connection.execute(blobs.insert(), [blob])
        connection.execute(receipts.insert(), [receipt])
        connection.execute(documents.insert(), [{**document, "id": n, **row} for n, row in enumerate(rows, 1)])
        if sent:
            numbered = [{**delivery, "id": n, "place": n, "key": str(n), **row} for n, row in enumerate(sent, 1)]
            connection.execute(deliveries.insert(), numbered)
            links = [{"delivery_id": n, "document_id": 1} for n in range(1, len(sent) + 1)]
            connection.execute(delivery_documents.insert(), links)

    ledger.database.write(work)


def test_what_is_counted(ledger: Ledger) -> None:
    states = ["SENT", "ACKED", "QUARANTINED", "DUPLICATE", "SUPPRESSED", "RECONCILED"]
    rows = [{"state": state, "interchange": str(number)} for number, state in enumerate(states, 1)]
    rows.append({"interchange": "20", "kind": "INVOIC", "document": None})
    rows.append({"interchange": "21", "created_at": END})
    rows.append({"interchange": "30", "partner": "other"})
    sent = [{"state": state} for state in ("SENT", "ACKED", "REJECTED", "UNKNOWN", "DEAD", "RETRY_AT", "AWAITING")]
    sent += [{"target": "acme2/responses"}, {"target": "acm/e"}, {"staged_at": BEGIN - timedelta(seconds=1)}]
    fill(ledger, rows, sent)
    found = gather(ledger, "acme", BEGIN, END)
    assert found.received == {
        ("acme/orders", "order/1"): {
            "messages": 6, "accepted": 2, "quarantined": 1, "duplicates": 1, "replaced": 1, "acknowledgements": 1,
        },
        ("acme/orders", "INVOIC"): {
            "messages": 1, "accepted": 1, "quarantined": 0, "duplicates": 0, "replaced": 0, "acknowledgements": 0,
        },
    }  # fmt: skip
    assert found.sent == {
        ("acme/responses", "order/1"): {
            "deliveries": 7, "sent": 3, "acknowledged": 1, "rejected": 1, "overdue": 0, "under way": 2, "unknown": 1,
            "failed": 1,
        }
    }  # fmt: skip
    assert [(gap.sender, gap.missing) for gap in found.gaps] == [("ACME", ("4", "7-19"))]


class Texts(HTMLParser):
    """The tags and texts of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_what_partners_wrote_is_text_in_every_form(ledger: Ledger) -> None:
    nasty = "<script>alert('x')</script>\u202e\x1b[31m&amp;"
    fill(ledger, [{"number": nasty, "sender": nasty, "interchange": "1"}, {"sender": nasty, "interchange": "9"}])
    found = gather(ledger, "acme", BEGIN, END)
    page = Texts()
    page.feed("".join(as_html(found, ZONE, rows=True)))
    assert "script" not in page.tags
    assert any("<script>alert('x')</script>" in text for text in page.texts)
    assert "\x1b" not in "".join(page.texts)
    assert json.loads("".join(as_json(found, rows=True)))["received_rows"][0]["number"] == nasty
    assert nasty in "".join(as_text(found, ZONE, rows=True))


def test_the_whole_page(ledger: Ledger) -> None:
    fill(ledger, [{}], [{}])
    text = "".join(as_text(gather(ledger, "acme", BEGIN, END), ZONE, rows=True))
    assert text.splitlines() == [
        "Statement for acme, 2026-03-01 01:00 to 2026-04-01 02:00 (Europe/Berlin)",
        "",
        "Received",
        "  acme/orders  order/1: messages 1, accepted 1",
        "",
        "Sent",
        "  acme/responses  order/1: deliveries 1, sent 1",
        "",
        "Gaps in control numbers",
        "  none",
        "",
        "Incidents",
        "  none",
        "",
        "Received, one by one",
        "  2026-03-01 01:00  d1  acme/orders  order/1  PO-1  1  1  SENT",
        "",
        "Sent, one by one",
        "  2026-03-01 01:00  s1  acme/responses  order/1  PO-1  SENT",
    ]
    empty = "".join(as_text(gather(ledger, "nobody", BEGIN, END), ZONE, rows=False))
    assert empty.count("nothing") == 2


def test_a_large_period_takes_no_more_memory(ledger: Ledger) -> None:
    rows = [{"interchange": str(n), "created_at": BEGIN + timedelta(seconds=n)} for n in range(8_000)]
    fill(ledger, rows)

    def peak(end: datetime) -> int:
        tracemalloc.start()
        for form in (as_json, lambda found, rows: as_html(found, ZONE, rows=rows)):
            for _ in form(gather(ledger, "acme", BEGIN, end), rows=True):
                pass
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    small = peak(BEGIN + timedelta(seconds=1000))
    assert peak(END) < 3 * small


def test_what_is_older_is_not_looked_at(ledger: Ledger, make_house: Callable[..., Any]) -> None:
    rows = [{"interchange": str(n), "created_at": BEGIN + timedelta(hours=n)} for n in range(700)]
    fill(ledger, rows)
    found = gather(ledger, "acme", BEGIN + timedelta(hours=690), END)
    assert sum(values["messages"] for values in found.received.values()) == 10
    with ledger.read() as connection:
        from transload.runner.ledger.statements import _from

        condition = str(
            _from(connection, documents, "created_at", BEGIN + timedelta(hours=690)).compile(
                compile_kwargs={"literal_binds": True}
            )
        )
    assert int(condition.split(">=")[1]) >= 688
