"""Alarms over real servers on loopback: what is told when, and what becomes of it when nobody is there."""

import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select

from transload.adapters.base import Request
from transload.adapters.http.settings import HttpConnection
from transload.adapters.http.signatures import proof_of
from transload.canonical.places import MappingPlace
from transload.runner.alarms.herald import Herald, concerns
from transload.runner.alarms.settings import AlarmPolicy
from transload.runner.alarms.wording import line
from transload.runner.expectations.sentinel import Sentinel
from transload.runner.ledger import Ledger
from transload.runner.ledger.incidents import Closing, Incident, Judged, Opening
from transload.runner.ledger.schema import metadata
from transload.runner.workspace.alarming import Channel
from transload.runner.workspace.secrets import Secrets

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # an example key, nobody's
AT = MappingPlace(file="transload.yaml", line=1, column=1)


class Postbox:
    """An SMTP server that keeps what it gets; ``refuse`` is what it answers instead."""

    def __init__(self) -> None:
        self.mails: list[Any] = []
        self.refuse: str | None = None
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]  # the controller calls its own port, so it must know it
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.refuse:
            return self.refuse
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 taken"


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    found = Postbox()
    found.controller.start()
    yield found
    found.controller.stop()


class Hook:
    """An HTTP server that keeps the requests it gets, and answers ``status``, after ``wait`` seconds."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.status, self.wait = 204, 0.0
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                time.sleep(hook.wait)
                hook.requests.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(hook.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/hook"

    @property
    def told(self) -> list[list[str]]:
        """What each request told."""
        return [
            [f"{one['what']} {one['ref']}" for one in json.loads(body)["data"]["incidents"]]
            for _, body in self.requests
        ]


@pytest.fixture
def hook() -> Iterator[Hook]:
    found = Hook()
    found.thread.start()
    yield found
    found.server.shutdown()
    found.thread.join()
    found.server.server_close()


class Scene:
    """A ledger with incidents, and a herald with one channel."""

    def __init__(self, house: Any, ledger: Ledger, hands: Any, root: Path) -> None:
        self.workspace, self.ledger, self.hands, self.root = house.workspace(), ledger, hands, root

    def channel(self, way: str, settings: dict[str, Any], **chosen: Any) -> None:
        found = Channel(
            name="ops",
            way=way,
            settings=settings,
            policy=AlarmPolicy.model_validate({"group": "0s", **chosen}),
            secrets=Secrets(base=self.root, environ={"ALARM_SECRET": SECRET, "PASSWORD": "hunter2"}),
            at=AT,
        )
        object.__setattr__(self.workspace, "channels", {"ops": found})

    def webhook(self, hook: Hook, **chosen: Any) -> None:
        settings = {"url": hook.url, "secret": "${env:ALARM_SECRET}", "timeouts": {"read": "2s", "total": "3s"}}
        self.channel("webhook", settings, **chosen)

    def open(self, key: str, **values: Any) -> Incident:
        opening = {
            "source": "dead", "subject": key, "key": key, "severity": "error", "partner": "acme",
            "about": "acme/orders", "title": f"something is wrong with {key}", "hint": "look there",
        }  # fmt: skip
        (found,) = self.ledger.incidents.apply(Judged(changes=[Opening(**{**opening, **values})]), self.hands())
        return found

    def over(self, incident: Incident) -> None:
        self.ledger.incidents.apply(Judged(changes=[Closing(incident=incident.id, why="it came")]), self.hands())

    def tell(self, **span: float) -> None:
        self.hands.turn(**(span or {"seconds": 10}))
        Herald(self.workspace, self.ledger, clock=self.hands).tell()


@pytest.fixture
def scene(make_house: Callable[..., Any], ledger: Ledger, hands: Any, tmp_path: Path) -> Scene:
    return Scene(make_house(), ledger, hands, tmp_path)


def test_an_incident_is_told_by_mail_once_and_again_when_it_is_over(scene: Scene, postbox: Postbox) -> None:
    smtp = {"host": "127.0.0.1", "port": postbox.port, "security": "none", "insecure": True, "login": False}
    scene.channel("mail", {"smtp": smtp, "sender": "edi@example.com", "to": ["a@example.com", "b@example.com"]})
    incident = scene.open("k1")
    scene.tell()
    scene.tell()
    (mail,) = postbox.mails
    assert mail["Subject"] == "[house] NEW: something is wrong with k1"
    assert mail["To"] == "a@example.com, b@example.com"
    assert mail["Auto-Submitted"] == "auto-generated"
    text = mail.get_content().replace("\r\n", "\n")
    assert text.startswith("NEW i1 (error, dead): something is wrong with k1\n  since 2026-03-02 08:00:00 UTC\n  look")
    scene.over(incident)
    scene.tell()
    assert [found["Subject"] for found in postbox.mails][1:] == ["[house] OVER: something is wrong with k1"]
    scene.tell(days=1)
    assert len(postbox.mails) == 2


def test_what_partners_wrote_cannot_make_lines_or_headers_of_a_mail(scene: Scene, postbox: Postbox) -> None:
    smtp = {"host": "127.0.0.1", "port": postbox.port, "security": "none", "insecure": True, "login": False}
    scene.channel("mail", {"smtp": smtp, "sender": "edi@example.com", "to": ["a@example.com"]})
    scene.open("k1", title="from ACME\r\nBcc: thief@example.com\r\n\r\n.\r\nmore \u202e é \u20ac", source="gap")
    scene.tell()
    (mail,) = postbox.mails
    assert mail["Bcc"] is None
    assert mail["Subject"] == "[house] NEW: from ACME Bcc: thief@example.com . more é €"
    assert len(mail.get_content().split("\r\n\r\n")) == 2


def test_a_webhook_is_signed_as_our_own_door_would_have_it(scene: Scene, hook: Hook) -> None:
    scene.hands.now = datetime.now(UTC)
    scene.webhook(hook)
    scene.open("k1")
    scene.tell()
    ((headers, body),) = hook.requests
    connection = HttpConnection.model_validate({"path": "/hook", "verify": {"standard_webhooks": {"secret": SECRET}}})
    proof = proof_of(_request(headers, body), connection, scene.hands())
    assert proof.id == headers["webhook-id"]
    sent = json.loads(body)
    assert (sent["type"], sent["data"]["workspace"], sent["data"]["count"]) == ("transload.incidents", "house", 1)
    assert sent["data"]["incidents"][0]["title"] == "something is wrong with k1"


def _request(headers: dict[str, str], body: bytes) -> Request:
    return Request(method="POST", path="/hook", headers=headers, content=body)


def test_what_happens_together_is_told_together(scene: Scene, hook: Hook) -> None:
    scene.webhook(hook, group="2m")
    scene.open("k1")
    scene.tell(seconds=30)
    scene.open("k2", severity="warning")
    scene.tell(seconds=30)
    assert hook.told == []
    scene.tell(minutes=2)
    assert hook.told == [["opened i1", "opened i2"]]


def test_what_is_over_before_it_is_told_is_not_told(scene: Scene, hook: Hook) -> None:
    scene.webhook(hook, group="2m")
    incident = scene.open("k1")
    scene.tell()
    scene.over(incident)
    scene.tell(minutes=5)
    scene.tell(minutes=5)
    assert hook.told == []


def test_it_is_told_again_until_somebody_acknowledges(scene: Scene, hook: Hook) -> None:
    scene.webhook(hook, repeat="1h")
    incident = scene.open("k1")
    for _ in range(6):
        scene.tell(minutes=30)
    assert hook.told == [["opened i1"], ["repeated i1"], ["repeated i1"]]
    scene.ledger.incidents.acknowledge(incident.id, scene.hands(), by="anna")
    scene.tell(hours=5)
    assert len(hook.told) == 3
    scene.over(incident)
    scene.tell()
    assert hook.told[3:] == [["closed i1"]]


def test_one_word_is_enough_where_it_is_not_to_be_repeated(scene: Scene, hook: Hook) -> None:
    scene.webhook(hook, repeat=None, closed=False)
    incident = scene.open("k1")
    scene.tell()
    scene.tell(days=2)
    scene.over(incident)
    scene.tell()
    assert hook.told == [["opened i1"]]


def test_beyond_so_many_an_hour_what_happens_waits_and_is_told_together(scene: Scene, hook: Hook) -> None:
    scene.webhook(hook, at_most=2)
    for number in range(6):
        scene.open(f"k{number}")
        scene.tell(minutes=5)
    assert hook.told == [["opened i1"], ["opened i2"]]
    scene.tell(minutes=40)
    assert hook.told[2:] == [["opened i3", "opened i4", "opened i5", "opened i6"]]


def test_in_quiet_hours_warnings_wait_and_errors_do_not(scene: Scene, hook: Hook) -> None:
    scene.hands.now = datetime(2026, 3, 2, 23, tzinfo=UTC)
    scene.webhook(hook, quiet="22:00-06:00")
    scene.open("k1", severity="warning")
    scene.open("k2")
    scene.tell()
    assert hook.told == [["opened i2"]]
    scene.tell(hours=6)
    assert len(hook.told) == 2  # the error is told again
    scene.tell(hours=1)
    assert hook.told[2:] == [["opened i1"]]


def test_a_dead_server_holds_up_nobody_and_gets_it_when_it_is_back(
    scene: Scene, hook: Hook, caplog: pytest.LogCaptureFixture
) -> None:
    scene.webhook(hook)
    scene.open("k1")
    hook.status = 503
    with caplog.at_level(logging.INFO, logger="transload.alarms"):
        scene.tell()
    assert "an alarm could not be sent, and is tried again" in str(caplog.records[0].msg)
    (unsent,) = scene.ledger.alarms.unsent()
    assert (unsent["tries"], unsent["given_up"]) == (1, False)
    scene.tell(seconds=10)
    assert len(hook.requests) == 1  # not yet
    hook.status = 200
    scene.tell(seconds=30)
    assert hook.told == [["opened i1"], ["opened i1"]]
    first, second = (headers for headers, _ in hook.requests)
    assert first["webhook-id"] == second["webhook-id"]
    assert scene.ledger.alarms.unsent() == []


def test_an_alarm_that_cannot_be_sent_for_days_is_given_up_and_stays_to_be_seen(scene: Scene, hook: Hook) -> None:
    scene.webhook(hook, repeat=None)
    scene.open("k1")
    hook.status = 500
    scene.tell()
    scene.tell(days=4)
    scene.tell(days=1)
    assert len(hook.requests) == 2
    assert [one["given_up"] for one in scene.ledger.alarms.unsent()] == [True]


def test_no_secret_is_told_or_logged(scene: Scene, postbox: Postbox, caplog: pytest.LogCaptureFixture) -> None:
    smtp = {"host": "127.0.0.1", "port": postbox.port, "security": "none", "insecure": True}
    login = {"username": "edi", "password": "${env:PASSWORD}"}
    scene.channel("mail", {"smtp": smtp, **login, "sender": "edi@example.com", "to": ["a@example.com"]})
    scene.open("k1")
    with caplog.at_level(logging.DEBUG):
        scene.tell()
    (unsent,) = scene.ledger.alarms.unsent()
    assert "offers no login" in unsent["error"]
    assert "hunter2" not in caplog.text + str(unsent) + repr(scene.workspace.channels)
    with scene.ledger.read() as connection:
        stored = str([connection.execute(select(table)).all() for table in metadata.sorted_tables])
    assert "offers no login" in stored
    assert "hunter2" not in stored
    assert SECRET not in stored


@pytest.mark.parametrize("status", [404, 500, 302, None])
def test_an_address_that_is_a_secret_itself_is_not_shown(
    scene: Scene, hook: Hook, status: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    url = f"{hook.url}/services/T0/B0/geheim?token=geheim"
    hook.status = status or 200
    if status is None:
        url = "http://127.0.0.1:9/services/geheim"
    scene.channel("webhook", {"url": url, "secret": "${env:ALARM_SECRET}"})
    scene.open("k1")
    with caplog.at_level(logging.INFO):
        scene.tell()
    (unsent,) = scene.ledger.alarms.unsent()
    assert "geheim" not in str(unsent) + caplog.text
    assert "127.0.0.1" in unsent["error"]


def test_a_secret_that_is_missing_is_an_alarm_that_waits(scene: Scene, hook: Hook) -> None:
    scene.channel("webhook", {"url": hook.url, "secret": "${env:NOT_THERE}"})
    scene.open("k1")
    scene.tell()
    assert [one["error"] for one in scene.ledger.alarms.unsent()] == ["the environment variable NOT_THERE is not set"]
    scene.webhook(hook)
    scene.tell(minutes=2)
    assert hook.told == [["opened i1"]]


def test_a_channel_that_is_gone_ends_its_alarms(scene: Scene, hook: Hook) -> None:
    scene.webhook(hook)
    scene.open("k1")
    hook.status = 500
    scene.tell()
    channel = scene.workspace.channels["ops"]
    object.__setattr__(scene.workspace, "channels", {"other": channel})
    scene.tell(minutes=2)
    assert [one["error"] for one in scene.ledger.alarms.unsent() if one["given_up"]] == ["the channel is gone"]


def test_two_who_tell_at_once_send_it_once(scene: Scene, hook: Hook) -> None:
    scene.webhook(hook)
    scene.open("k1")
    hook.wait = 0.2
    scene.hands.turn(seconds=10)
    heralds = [Herald(scene.workspace, scene.ledger, clock=scene.hands) for _ in range(4)]
    threads = [threading.Thread(target=herald.tell) for herald in heralds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert hook.told == [["opened i1"]]


def test_a_clock_that_goes_back_an_hour_holds_up_no_alarm(scene: Scene, hook: Hook) -> None:
    scene.webhook(hook, group="2m")
    scene.open("k1")
    scene.tell(seconds=1)
    scene.hands.turn(hours=-1)
    scene.tell(seconds=1)
    assert hook.told == [["opened i1"]]


def test_a_service_looks_and_tells_and_a_fault_does_not_end_it(scene: Scene, hook: Hook) -> None:
    scene.webhook(hook)
    looks = []

    class Faulty:
        def look(self) -> list[Incident]:
            looks.append(1)
            if len(looks) == 1:
                raise ZeroDivisionError
            if len(looks) == 2:
                scene.open("k1")
            scene.hands.turn(seconds=10)
            return []

    herald = Herald(scene.workspace, scene.ledger, clock=scene.hands)
    sentinel = Sentinel(Faulty(), herald, seconds=(0.01, 0.01))  # type: ignore[arg-type]
    sentinel.start()
    end = time.monotonic() + 20
    while not hook.told:
        assert time.monotonic() < end
        time.sleep(0.02)
    sentinel.stop()
    assert hook.told[0] == ["opened i1"]


def test_a_ledger_that_cannot_be_written_is_told_without_it(scene: Scene, hook: Hook) -> None:
    scene.webhook(hook, group="2m", repeat="1h")
    herald = Herald(scene.workspace, scene.ledger, clock=scene.hands)
    scene.ledger.close()
    herald.cry("the ledger failed: database or disk is full")
    assert hook.told == []  # it may be over at once
    scene.hands.turn(minutes=2)
    hook.status = 500
    herald.cry("the ledger failed: database or disk is full")
    hook.status = 204
    for _ in range(20):
        herald.cry("the ledger failed: database or disk is full")
        scene.hands.turn(minutes=5)
    assert hook.told == [["opened i0"], ["opened i0"], ["repeated i0"]]
    (told,) = json.loads(hook.requests[1][1])["data"]["incidents"]
    assert told["title"] == "the ledger cannot be written: the ledger failed: database or disk is full"
    assert (told["source"], told["opened_at"]) == ("ledger", "2026-03-02T08:00:00+00:00")
    herald.calm()
    herald.cry("again")
    assert len(hook.told) == 3
    scene.webhook(hook, group="0s", sources=["dead"])
    herald.cry("again")
    assert len(hook.told) == 3
    scene.ledger.open()


@pytest.mark.parametrize(
    ("chosen", "incident", "told"),
    [
        ({}, {}, True),
        ({"severity": "error"}, {"severity": "warning"}, False),
        ({"severity": "error"}, {}, True),
        ({"partners": ["acme"]}, {}, True),
        ({"partners": ["other"]}, {}, False),
        ({"partners": ["other"]}, {"partner": None, "source": "disk"}, True),
        ({"sources": ["arrival"]}, {}, False),
        ({"sources": ["quarantined"]}, {"source": "quarantined receipt"}, True),
    ],
)
def test_a_channel_tells_what_it_is_for(
    scene: Scene, chosen: dict[str, Any], incident: dict[str, Any], told: bool
) -> None:
    assert concerns(AlarmPolicy.model_validate(chosen), scene.open("k1", **incident)) is told


def test_lines_are_short_and_plain() -> None:
    assert line("a\x1b[31mb\nc\t d") == "a [31mb c d"
    assert len(line("x" * 1000)) == 300


def test_many_incidents_make_one_message_of_bounded_size(scene: Scene, hook: Hook) -> None:
    scene.webhook(hook)
    for number in range(60):
        scene.open(f"k{number}", severity="warning" if number else "error")
    scene.tell()
    ((_, body),) = hook.requests
    data = json.loads(body)["data"]
    assert (data["count"], len(data["incidents"]), data["incidents"][0]["severity"]) == (60, 50, "error")


def test_it_stops_soon_though_an_alarm_hangs(scene: Scene, hook: Hook) -> None:
    scene.webhook(hook)
    scene.open("k1")
    hook.wait = 1.0
    herald = Herald(scene.workspace, scene.ledger, clock=scene.hands)

    class Nothing:
        def look(self) -> list[Incident]:
            return []

    sentinel = Sentinel(Nothing(), herald, seconds=(0.0, 60.0))  # type: ignore[arg-type]
    sentinel.start()
    begun = time.monotonic()
    sentinel.stop()
    assert time.monotonic() - begun < 6
