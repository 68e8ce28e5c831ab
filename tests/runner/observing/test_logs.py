"""The log: every line says what it is about, and none shows a secret."""

import base64
import io
import json
import logging
import urllib.parse
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transload.adapters.base.masking import forms_of
from transload.runner.engine import configure_logging
from transload.runner.logs import about, get_logger
from transload.runner.workspace.hidden import Hidden

_LETTERS = st.characters(min_codepoint=32, max_codepoint=0x2FF)


@pytest.fixture
def log() -> Any:
    """The lines of the log so far, as objects; call it with what hides secrets first."""
    stream = io.StringIO()

    def lines() -> list[dict[str, Any]]:
        return [json.loads(line) for line in stream.getvalue().splitlines()]

    lines.hidden = Hidden()  # type: ignore[attr-defined]
    configure_logging("json", stream=stream, mask=lines.hidden.mask)  # type: ignore[attr-defined]
    return lines


def test_every_line_about_a_document_has_its_ids(make_house, log, script, hands) -> None:
    """Also those that an adapter or a library writes while it is called."""
    plugin = logging.getLogger("somebodys_library")

    def act(moment: str) -> None:
        if moment == "before landing":
            plugin.warning("the server is slow")

    house = make_house(target_act=act, acknowledge=True)
    house.put_orders("a.txt", "1")
    with house.ledger() as ledger:
        house.engine(ledger, clock=hands).run_pass()
        hands.turn(seconds=1)
    lines = {line["event"]: line for line in log()}
    known = {"route": "acme/orders", "partner": "acme"}
    assert lines["received"] | known | {"receipt": "r1", "connection": "acme/mailbox"} == lines["received"]
    assert lines["read"] | known | {"receipt": "r1", "documents": "d1"} == lines["read"]
    sent = [line for line in log() if line["event"] == "sent" and "document" in line]
    to = {
        "route": "erp/sales-orders",
        "partner": "erp",
        "lane": "acme/orders/erp/sales-orders",
        "connection": "erp/box",
    }
    assert sent[0] | to | {"delivery": "s1", "document": "d1", "receipt": "r1"} == sent[0]
    slow = lines["the server is slow"]
    assert slow["level"] == "warning"
    assert {"delivery", "receipt", "route", "partner", "lane"} <= set(slow)
    plugin.warning("afterwards")
    assert set(log()[-1]) == {"event", "level", "timestamp"}


def test_what_is_known_or_looks_like_a_secret_is_hidden(log) -> None:
    log.hidden.learn("p'ss\"wörd", "-----BEGIN X-----\nAAAABBBBCCCCDDDDEEEE\n-----END X-----")
    logger = get_logger("test")
    logger.warning("it is p'ss\"wörd", error="line AAAABBBBCCCCDDDDEEEE", header={"X-Token": "12", "n": [1, "ok"]})
    logger.error("failed", password="hunter2", url="postgresql://u:hunter2@db/x", count=3, none=None)
    logger.error("Authorization: Basic dTpodW50ZXIy", body='{"client_secret": "hunter2"}&password=hunter2')
    error = ValueError("-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----")
    logger.error("it broke", exc_info=error)
    with about(route="acme/hunter3", nothing=None):
        logging.getLogger("urllib3").warning("said %s", "p%27ss%22w%C3%B6rd")
    lines = [{key: value for key, value in line.items() if key not in ("timestamp", "level")} for line in log()]
    header = {"X-Token": "***", "n": [1, "ok"]}
    assert lines[0] == {"event": "it is ***", "error": "line ***", "header": header}
    hidden = {"password": "***", "url": "postgresql://u:***@db/x"}
    assert lines[1] == {"event": "failed", **hidden, "count": 3, "none": None}
    assert lines[2] == {"event": "Authorization: Basic ***", "body": '{"client_secret": "***"}&password=***'}
    assert "hunter2" not in lines[3]["exception"]
    assert lines[4] == {"event": "said ***", "route": "acme/hunter3"}


@settings(max_examples=40)
@given(st.text(_LETTERS, min_size=6, max_size=30), st.binary(max_size=9), st.binary(max_size=9))
def test_a_secret_is_hidden_however_it_is_written(secret: str, before: bytes, after: bytes) -> None:
    """A law: in base64 what is left of it are the letters that it shares with what stands around it."""
    hidden = Hidden()
    hidden.learn(secret)
    content = secret.encode("utf-8", "surrogatepass")
    for text in (secret, json.dumps(secret)[1:-1], urllib.parse.quote(content, safe=""), content.hex()):
        assert hidden.mask(f"\x01{text}\x01") == "\x01***\x01"
    masked = hidden.mask(base64.b64encode(before + content + after).decode())
    left = sum(len(piece) for piece in masked.split("***")) * 6 / 8
    assert left <= len(before) + len(after) + 5
    assert all(form in forms_of([secret]) for form in (secret, content.hex()))


def test_a_library_tells_its_error_without_its_traceback():
    stream = io.StringIO()
    configure_logging("json", stream=stream)
    logging.getLogger("some.library").error("cannot listen", exc_info=OSError("the server\nis gone"))
    [line] = stream.getvalue().splitlines()
    told = json.loads(line)
    assert told["error"] == "OSError: the server is gone"
    assert "exception" not in told
