"""A service with a queue: messages stay until they are acknowledged, which happens after the commit alone."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from tests.adapters.memory import Notes
from tests.adapters.servers import Asked, Say, serving

from transload.adapters.base import Retry, Stop
from transload.adapters.soap import SoapConnection, SoapSource, SoapSourceOptions

S = "http://schemas.xmlsoap.org/soap/envelope/"
NS = "urn:example:purchasing:1"
Rows = list[tuple[str, str]]


class Queue:
    """Offers stock rows, at most ``most`` a call; an order for an item takes it from the queue."""

    def __init__(self) -> None:
        self.rows: Rows = [(f"I-{number}", f"{number}.5") for number in range(1, 6)]
        self.most = 2
        self.forgets = True
        self.taken: list[str] = []
        self.asked: list[str | None] = []
        self.down = False

    def handle(self, asked: Asked) -> Say:
        operation = etree.fromstring(asked.body).find(f"{{{S}}}Body")[0]  # type: ignore[index]
        if etree.QName(operation).localname == "GetStock":
            self.asked.append(operation.findtext(f"{{{NS}}}Item"))
            rows = "".join(
                f"<Stock><Item>{item}</Item><Quantity>{quantity}</Quantity></Stock>"
                for item, quantity in self.rows[: self.most]
            )
            return self._say(f'<GetStockResponse xmlns="{NS}">{rows}</GetStockResponse>')
        if self.down:
            return Say(status=503)
        number = operation.findtext(f"{{{NS}}}Number") or ""
        self.taken.append(number)
        if self.forgets:
            self.rows = [row for row in self.rows if row[0] != number]
        return self._say(f'<SubmitOrderResponse xmlns="{NS}"><Number>{number}</Number></SubmitOrderResponse>')

    @staticmethod
    def _say(body: str) -> Say:
        text = f'<s:Envelope xmlns:s="{S}"><s:Body>{body}</s:Body></s:Envelope>'
        return Say(body=text.encode(), headers={"Content-Type": "text/xml"})


@pytest.fixture
def queue() -> Queue:
    return Queue()


@pytest.fixture
def url(queue: Queue) -> Iterator[str]:
    with serving(queue.handle) as address:
        yield address


@pytest.fixture
def make(wsdl: Path, url: str, naps: list[float]) -> Callable[..., SoapSource]:
    def source(acknowledged: bool = True, **options: Any) -> SoapSource:
        settings = SoapConnection.model_validate({"wsdl": wsdl, "endpoint": url})
        written: dict[str, Any] = {
            "operation": "GetStock",
            "request": f'<GetStock xmlns="{NS}"/>',
            "items": "Stock",
            "identity": ["Item"],
            "calls": 50,
        }
        if acknowledged:
            order = (
                f'<SubmitOrder xmlns="{NS}"><Number>{{Item}}</Number><Buyer>us</Buyer>'
                '<Line number="1"><Item>{Item}</Item><Quantity>{Quantity}</Quantity></Line></SubmitOrder>'
            )
            written["acknowledge"] = {"operation": "SubmitOrder", "request": order}
        return SoapSource(settings, SoapSourceOptions.model_validate({**written, **options}), sleep=naps.append)

    return source


def poll(source: SoapSource, memory: Notes, *, settle: bool = True) -> list[str]:
    """What a pass brings, each committed and then settled."""
    found = []
    with source:
        for one in source.receive(memory):
            assert isinstance(one.content, bytes)
            found.append(etree.fromstring(one.content).findtext(f"{{{NS}}}Item") or "")
            memory.arrived.add(one.key)
            if settle:
                one.settle()
    return found


def test_a_queue_is_emptied_in_one_pass(queue: Queue, make: Callable[..., SoapSource]) -> None:
    memory = Notes()
    assert poll(make(), memory) == ["I-1", "I-2", "I-3", "I-4", "I-5"]
    assert queue.taken == ["I-1", "I-2", "I-3", "I-4", "I-5"]
    assert poll(make(), memory) == []


def test_what_was_committed_and_not_acknowledged_comes_again(queue: Queue, make: Callable[..., SoapSource]) -> None:
    memory = Notes()
    assert poll(make(), memory, settle=False) == ["I-1", "I-2"]  # they are offered again, and that ends the pass
    assert queue.taken == []
    assert len(memory.arrived) == 2
    assert poll(make(), memory) == ["I-1", "I-2", "I-3", "I-4", "I-5"]
    assert len(memory.arrived) == 5


def test_nothing_is_acknowledged_that_was_not_committed(queue: Queue, make: Callable[..., SoapSource]) -> None:
    with make() as source:
        for _ in source.receive(Notes()):
            break  # the commit failed
    assert queue.taken == []


def test_a_service_that_cannot_acknowledge_now(queue: Queue, make: Callable[..., SoapSource]) -> None:
    queue.down = True
    with make() as source:
        one = next(source.receive(Notes()))
        with pytest.raises(Retry, match="was answered with 503"):
            one.settle()


def test_a_service_that_forgets_nothing_ends_the_pass(queue: Queue, make: Callable[..., SoapSource]) -> None:
    queue.forgets = False
    memory = Notes()
    assert poll(make(), memory) == ["I-1", "I-2"]
    assert len(queue.asked) == 2


def test_without_acknowledging_calls_are_made_while_there_is_something_new(
    queue: Queue, make: Callable[..., SoapSource]
) -> None:
    memory = Notes()
    assert poll(make(acknowledged=False), memory) == ["I-1", "I-2"]
    assert len(queue.asked) == 2
    assert poll(make(acknowledged=False, calls=1), memory) == []
    assert len(queue.asked) == 3


def test_a_mark_is_sent_and_moves_with_the_last_item(queue: Queue, make: Callable[..., SoapSource]) -> None:
    request = f'<GetStock xmlns="{NS}"><Item>{{since}}</Item></GetStock>'
    options = {"request": request, "since": {"field": "Quantity", "start": "0"}, "calls": 1, "acknowledged": False}
    memory = Notes()
    with make(**options) as source:
        inbounds = source.receive(memory)
        next(inbounds)
        assert "since GetStock" not in memory
        next(inbounds)
        assert memory["since GetStock"] == "2.5"
    poll(make(**options), memory)
    assert queue.asked == ["0", "2.5"]
    queue.rows = [("a &amp; b", "9.5")]
    poll(make(**options), memory)
    assert memory["since GetStock"] == "9.5"


GOLDEN: list[tuple[dict[str, Any], str, str]] = [
    ({"identity": ["Nothing"]}, "an item has no 'Nothing'", "correct identity:, or leave it out"),
    (
        {
            "request": f'<GetStock xmlns="{NS}"><Item>{{since}}</Item></GetStock>',
            "since": {"field": "Nothing", "start": "0"},
        },
        "an item has no 'Nothing'",
        "correct since: field, or leave since out",
    ),
    (
        {"acknowledge": {"operation": "Nothing", "request": "<a/>"}},
        "the port Soap11 has no operation 'Nothing'",
        "there are: SubmitOrder, GetStock",
    ),
    (
        {"acknowledge": {"operation": "SubmitOrder", "request": "<a>{Nothing}</a>"}},
        "{Nothing} in request of acknowledge stands for nothing",
        "correct request of acknowledge: of the route",
    ),
    (
        {"acknowledge": {"operation": "SubmitOrder", "request": "<a>{Item}</a>"}},
        f"the operation SubmitOrder takes {{{NS}}}SubmitOrder, not a",
        "correct acknowledge: request: of the route; or say under faults: what this fault means",
    ),
]


@pytest.mark.parametrize(("options", "message", "hint"), GOLDEN)
def test_what_is_wrong_stops_with_a_hint(
    make: Callable[..., SoapSource], options: dict[str, Any], message: str, hint: str
) -> None:
    with pytest.raises(Stop) as caught:
        poll(make(**options), Notes())
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_an_answer_too_large_stops_the_poll_and_says_what_to_do(wsdl: Path, url: str) -> None:
    settings = SoapConnection.model_validate({"wsdl": wsdl, "endpoint": url, "max_body": 100})
    options = SoapSourceOptions.model_validate({"operation": "GetStock", "request": f'<GetStock xmlns="{NS}"/>'})
    with SoapSource(settings, options) as source, pytest.raises(Stop, match="more than 100 bytes") as caught:
        list(source.receive(Notes()))
    assert caught.value.hint == "ask for less at once, or raise max_body of the connection"
