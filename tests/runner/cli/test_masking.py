"""Masked fields, planted with values that stand nowhere else, and a search for these in all that is told."""

import io
import json
import shutil
import threading
import traceback
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import typer.main
from sqlalchemy import select

from transload.runner.cli.app import application
from transload.runner.cli.views import VIEWS, Shows, undeclared
from transload.runner.engine import Engine, configure_logging
from transload.runner.ledger import Ledger
from transload.runner.ledger.schema import events
from transload.runner.logs import without_texts
from transload.runner.masking.fields import MASKED
from transload.runner.workspace import load_workspace

Run = Callable[..., Any]
CANARIES = ("kanari", "47.1147", "47,1147", "20310723", "2031-07-23", "310723")
"""What must not be seen, in small letters."""
MASK = "mask:\n  fields: [number]\n"
PARTNERS_MASK = """\
mask:
  fields: [buyer.name, /lines/*/price]
  documents: {order/1: [lines.description, ship_to.street, requested_on]}
"""
ALARMS = 'alarms: {{hook: {{webhook: {{url: "{url}/alarm", secret: "${{env:HOOK}}"}}, group: 0s}}}}\n'
ECHO = """
  echo:
    take: {document: order/1, when: {buyer.city: Echo}}
    mapping: order.yaml
    to: {connection: echo, path: "/orders/{document.number}"}
  shut:
    take: {document: order/1, when: {buyer.city: Shut}}
    mapping: order.yaml
    to: {connection: shut, path: "/orders/{document.number}"}
"""
ORDER = """\
UNB+UNOC:3+9520001000003:14+9520002000002:14+260114:0915+{control}'
UNH+1+ORDERS:D:96A:UN:EAN008'
BGM+220+{number}+9'
DTM+137:20260114:102'
DTM+2:{wanted}:102'
NAD+BY+9520001000003::9++Kanari Hardware+Dock Road 12+{city}++L3 4AA+GB'
NAD+SU+9520002000002::9'
NAD+DP+9520001000010::9++Warehouse+Kanarigasse 7+Hull++HU1 2BB+GB'
CUX+2:GBP:9'
LIN+1++9520002001016:EN'
IMD+F++:::Kanari bolt'
QTY+21:2000:{unit}'
PRI+AAA:{price}'
{more}UNS+S'
CNT+2:1'
UNT+{count}+1'
UNZ+1+{control}'
"""


def order(
    number: int,
    *,
    city: str = "Hull",
    wanted: str = "20310723",
    unit: str = "PCE",
    price: str = "47.1147",
    more: str = "",
    count: int = 15,
) -> bytes:
    """An order of its own interchange, with canaries in all masked fields."""
    values = {"city": city, "wanted": wanted, "unit": unit, "price": price, "more": more, "count": count}
    text = ORDER.format(number=f"KANARI-{number}", control=f"AC{number:06}", **values)
    return text.replace("\n", "").encode("latin-1")


class _Echo(BaseHTTPRequestHandler):
    """Says of everything that it is wrong, and repeats it."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/alarm":
            self.server.heard.append(body)  # type: ignore[attr-defined]
            status, content = 204, b""
        else:
            status = 401 if self.path.startswith("/shut") else 422
            content = json.dumps({"message": f"{self.path} {body.decode()}", "errors": [body.decode()]}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_PUT(self) -> None:
        self.do_POST()

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Echo) as found:
        found.heard = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=found.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield found
        found.shutdown()
        thread.join()


@pytest.fixture
def masked(run: Run, tmp_path: Path, server: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace whose partner has sent good, wrong, repeated and unwelcome orders; nothing has run."""
    monkeypatch.setenv("HOOK", "whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQh")
    folder = tmp_path / "w"
    monkeypatch.setenv("TRANSLOAD_WORKSPACE", str(folder))
    assert run("init", folder).code == 0
    url = f"http://127.0.0.1:{server.server_address[1]}"
    settings = folder / "transload.yaml"
    settings.write_text(settings.read_text() + ALARMS.format(url=url) + MASK)
    connections = "".join(
        f"  {name}: {{adapter: rest, base_url: {url}/{name}, tries: 1}}\n" for name in ("echo", "shut")
    )
    erp = folder / "mappings/erp/partner.yaml"
    text = erp.read_text().replace("connections:\n", "connections:\n" + connections) + ECHO.removeprefix("\n")
    erp.write_text(text)
    acme = folder / "mappings/acme/partner.yaml"
    acme.write_text(
        acme.read_text().replace("to: [erp/orders]", "to: [erp/orders, erp/echo, erp/shut]") + PARTNERS_MASK
    )
    inbox = folder / "exchange/acme/out"
    shutil.rmtree(inbox)
    inbox.mkdir()
    files = {
        "1-good": order(1),
        "2-again": order(1) + b"\n",
        "3-price": order(3, price="KANARI"),
        "4-unit": order(4, unit="KANARIUNIT"),
        "5-day": order(5, wanted="KANARIDAY"),
        "6-segment": order(6, more="XXX+KANARI'", count=16),
        "7-count": order(7, count=99),
        "8-echo": order(8, city="Echo"),
        "9-shut": order(9, city="Shut"),
        "a-none": b"KANARI is no order",
    }
    for name, content in files.items():
        (inbox / f"{name}.edi").write_bytes(content)
    return folder


def leaks(content: str | bytes) -> list[str]:
    text = content.decode("utf-8", "replace") if isinstance(content, bytes) else content
    return [word for word in CANARIES if word in text.casefold()]


def lines(folder: Path, refs: list[str]) -> dict[str, list[str]]:
    """Calls of each command that shows what the ledger holds, in each of its forms."""
    bad = next(folder.parent.glob("mended.edi"))
    changed = folder / "mappings/erp/order.yaml"
    return {
        "documents": ["documents", "documents --json"],
        "find": [
            *(
                f"find --what {what}{form}"
                for what in ("documents", "receipts", "deliveries")
                for form in ("", " --json")
            ),
            "find KANARI-1",
        ],
        "show": ["show", "show --json", *(f"show {ref}" for ref in refs), "show r1 --json", "show d8 --json"],
        "failures": ["failures", "failures --json"],
        "why": ["why d1 --all", "why d1 --all --json", "why d1 lines", "why d1 buyer.name --json", "why d1 lines[0]"],
        "statement": [
            f"statement {who} --list --format {form}" for who in ("acme", "erp") for form in ("text", "json", "html")
        ],
        "impact": [f"impact {changed} --values{form}" for form in ("", " --json", f" --html {folder}/impact.html")],
        "replay": [
            *(f"replay {ref} --preview{form}" for ref in ("r4", "d1", "d3", "s1") for form in ("", " --json")),
            "replay r1 --as reingest --preview",
        ],
        "correct": [f"correct d3 {bad}", f"correct d3 {bad} --json"],
        "run": ["run --json", "run --dry-run", "run --dry-run --json"],
        "submit": [f"submit acme/orders {bad} --dry-run", f"submit acme/orders {bad} --dry-run --json"],
        "check": [f"check {folder} --history --quick"],
        "test": ["test --from-document d1"],
        "serve": [],  # its log is looked at below
    }


def test_no_view_shows_a_masked_value_unless_it_is_asked_and_noted(
    masked: Path, run: Run, server: ThreadingHTTPServer
) -> None:
    log = io.StringIO()
    told = {"run --dry-run, before": run("run", "--dry-run", "--json").out}
    told["run --dry-run, before, in words"] = run("run", "--dry-run").out
    workspace = load_workspace(masked)
    configure_logging("json", stream=log, quotes=lambda: not workspace.mask)
    with Ledger(workspace.store) as ledger:
        engine = Engine(workspace, ledger)
        summary = engine.run_pass()
    told["summary"] = json.dumps(summary.as_dict(), ensure_ascii=False)
    told["log"] = log.getvalue()
    assert server.heard  # type: ignore[attr-defined]
    told["alarms"] = b"".join(server.heard).decode()  # type: ignore[attr-defined]
    found = {
        what: run("find", "--what", what, "--json").json["found"] for what in ("documents", "receipts", "deliveries")
    }
    states = {row["state"] for rows in found.values() for row in rows}
    assert {"SENT", "QUARANTINED", "DUPLICATE", "DEAD", "STAGED"} <= states
    refs = sorted(row["ref"] for rows in found.values() for row in rows)
    (masked.parent / "mended.edi").write_bytes(order(3))
    changed = masked / "mappings/erp/order.yaml"
    changed.write_text(changed.read_text().replace("text: =description", "text: =supplier_item"))
    reading = masked / "mappings/acme/orders.yaml"
    reading.write_text(reading.read_text().replace("BOX: BX", "PCE: KGM"))
    calls = lines(masked, refs)
    assert calls.keys() == {name for name, shows in VIEWS.items() if shows in (Shows.MASKED, Shows.ASKED)}
    others = ["incidents", "incidents --json --all", "incidents i1 i2 --json", "expectations --json", "erase d1 --json"]
    others += ["audit verify --json", "tidy --json", "ledger --json", "replay --bulks --json"]
    bulk = "replay --number KANARI-8 --as redeliver --yes --json"
    for line in (line for group in [[bulk], *calls.values(), others] for line in group):
        ran = run(*line.split())
        assert ran.code != 2, (line, ran.err)
        assert "E-INTERNAL" not in ran.err, line
        told[line] = ran.out + ran.err
    told["impact page"] = (masked / "impact.html").read_text()
    for sample in masked.glob("mappings/acme/samples/*masked*"):
        told[sample.name] = sample.read_text()
    assert "would come out differently" in told[calls["impact"][0]]
    assert "differs from what was sent before" in told["replay d1 --preview"]
    hits = {name: (words, text) for name, text in told.items() if (words := leaks(text))}
    assert not hits, hits

    def noted() -> int:
        with Ledger(workspace.store) as opened, opened.read() as connection:
            query = select(events.c.detail).where(events.c.what == "UNMASKED")
            return sum(row["reason"] == "she asked" and "by" in row for row in connection.scalars(query))

    mended = masked.parent / "mended.edi"
    asked = {
        "show": ["show d1", "show r1 --content", "show d1 --content", "show s1 --content --json", "show s8 --json"],
        "documents": ["documents", "documents --json"],
        "find": ["find", "find --what deliveries --json"],
        "failures": ["failures", "failures --json"],
        "why": ["why d1 buyer.name", "why d1 --all --json"],
        "statement": [f"statement acme --list --format {form}" for form in ("text", "json", "html")],
        "impact": [f"impact {changed} --values", f"impact {changed} --values --json"],
        "replay": ["replay s1 --preview", "replay d1 --preview --json"],
        "correct": [f"correct d3 {mended}", f"correct d3 --export {masked.parent / 'd3.edi'}"],
    }
    assert asked.keys() == {name for name, shows in VIEWS.items() if shows is Shows.ASKED}
    for line in (line for group in asked.values() for line in group):
        before = noted()
        assert run(*line.split(), "--unmasked").code == 2, line
        assert noted() == before
        ran = run(*line.split(), "--unmasked", "--reason", "she asked")
        assert "--export" in line or leaks(ran.raw), (line, ran.out, ran.err)
        assert noted() == before + 1, line
    assert leaks((masked.parent / "d3.edi").read_bytes())
    assert "UNMASKED     by" in run("show", "d1").out
    assert run("audit", "verify").code == 0
    delivered = sorted((masked / "exchange/erp/in").glob("*"))
    assert "KANARI-1.json" in [file.name for file in delivered], "what is sent is what it is"
    assert leaks(delivered[0].read_bytes())

    settings = masked / "transload.yaml"
    settings.write_text(settings.read_text() + "  unmasked: never\n")
    for line in ("show d1", "find", "why d1 buyer.name", "show r1 --content"):
        before = noted()
        ran = run(*line.split(), "--unmasked", "--reason", "she asked")
        assert (ran.code, noted()) == (1, before)
        assert "error E-MASKED" in ran.err
        assert not leaks(ran.raw)


def test_bytes_are_refused_with_the_way_to_them(masked: Path, run: Run) -> None:
    run("run")
    (masked.parent / "mended.edi").write_bytes(order(3))
    for line, what in (("show r1 --content", "r1"), ("show s1 --content", "s1"), ("correct d3 --export x.edi", "d3")):
        ran = run(*line.split())
        assert (ran.code, ran.raw) == (1, b"")
        told = (
            f"error E-MASKED the bytes of {what} may hold values of masked fields (--unmasked --reason TEXT shows them)"
        )
        assert ran.err.strip() == told
    document = json.loads(run("show", "d1", "--content").raw)
    assert (document["buyer"]["name"], document["lines"][0]["price"]) == (MASKED, MASKED)
    assert document["buyer"]["city"] == "Hull"
    assert document["lines"][0]["quantity"] == "2000"
    ran = run("correct", "d3", masked.parent / "mended.edi")
    assert f"-{MASKED}\n+{MASKED}\n" in ran.out
    found = run("find", "KANARI-1", "--json").json["found"]
    assert [(row["ref"], row["number"]) for row in found] == [("d1", MASKED)], "what is masked can be looked for"


def test_every_command_says_what_it_shows() -> None:
    assert not undeclared(), "say in runner/cli/views.py what it shows of documents"
    group: Any = typer.main.get_command(application())
    for name, shows in VIEWS.items():
        options = {option for parameter in group.commands[name].params for option in parameter.opts}
        assert ("--unmasked" in options) is (shows is Shows.ASKED), name
        assert "--reason" in options or shows is not Shows.ASKED, name


def test_an_exception_in_the_log_is_told_without_its_text() -> None:
    def inner() -> None:
        raise ValueError('Kanari\nKanari of several lines\n  File "Kanari"')

    try:
        try:
            inner()
        except ValueError as error:
            raise KeyError("Kanari") from error
    except KeyError:
        text = without_texts(traceback.format_exc())
    assert not leaks(text)
    assert "in inner" in text
    assert [line for line in text.splitlines() if line.endswith("Error")] == ["ValueError", "KeyError"]
