"""A workspace in code with in-test adapters, used by the tests and by the processes that they kill.

Not a test module: the tests load it through conftest.py, the processes as a script's neighbour.
"""

import json
import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from transload.adapters.base import (
    Answer,
    Context,
    Encoded,
    Finding,
    Format,
    Identity,
    Inbound,
    Landing,
    Message,
    Outbound,
    Place,
    Reading,
    Records,
    Reject,
    Retry,
    Settings,
    Severity,
    Source,
    Stop,
    Target,
    Unknown,
)
from transload.adapters.base.format import Acknowledgement
from transload.canonical.order import Order
from transload.canonical.parts import Party
from transload.canonical.places import MappingPlace
from transload.runner.dispatch.broker import Broker
from transload.runner.engine import Engine
from transload.runner.ledger import Ledger, Store
from transload.runner.workspace.limits import Limits
from transload.runner.workspace.model import (
    Acknowledge,
    Batching,
    Connection,
    Operations,
    Partner,
    ReceiveRoute,
    RetryPolicy,
    SendRoute,
    Workspace,
)
from transload.runner.workspace.secrets import Secrets
from transload.runner.workspace.take import Take

AT = MappingPlace(file="partner.yaml", line=1, column=1)


def die() -> None:
    """End this process as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)


# A format of lines: H|sender|receiver|reference[|test], M|reference|number|buyer per message, T|count


class LineBody(Records):
    component = ":"
    repetition = ""

    def __init__(self, fields: list[str], file: str | None, number: int, interchange: int) -> None:
        self.segments = [fields]
        self._place = Place(file=file, message=number, interchange=interchange)

    def place(
        self, segment: int, element: int | None = None, repetition: int | None = None, component: int | None = None
    ) -> Place:
        return self._place


class LineReading(Reading):
    def __init__(self, messages: list[Message], findings: list[Finding]) -> None:
        self._messages = messages
        self.findings = tuple(findings)

    def __iter__(self) -> Iterator[Message]:
        return iter(self._messages)


class LineFormat(Format[Settings]):
    """Reads and writes it; acknowledges with one line."""

    content_type = "text/plain"
    acknowledgements = frozenset({"ack"})

    def read(self, payload: bytes, *, file: str | None = None) -> Reading:
        messages: list[Message] = []
        findings: list[Finding] = []
        position, count, interchange = 0, 0, 0
        head: list[str] = []
        for line in payload.splitlines(keepends=True):
            fields = line.decode("latin-1").strip().split("|")
            start, position = position, position + len(line)
            if fields[0] == "H":
                head, count, interchange = fields, 0, interchange + 1
            elif fields[0] == "M" and head:
                count += 1
                found = ()
                if fields[2] == "BROKEN":
                    found = (Finding(code="E-TEST", message="the message is broken", place=Place(message=count)),)
                messages.append(
                    Message(
                        kind="M",
                        reference=fields[1],
                        sender=Identity(id=head[1]),
                        receiver=Identity(id=head[2]),
                        test=head[4:] == ["test"],
                        start=start,
                        end=position,
                        body=LineBody(fields, file, count, interchange),
                        interchange=head[3],
                        findings=found,
                    )
                )
            elif fields[0] == "T" and fields[1] != str(count):
                place = Place(file=file, interchange=interchange)
                findings.append(Finding(code="E-COUNT", message="the count is wrong", place=place))
            elif fields[0] == "BOOM":
                raise RuntimeError("the format has a fault")
            elif fields[0] == "DIE":
                die()
            elif fields[0] == "HALF":
                findings.append(Finding(code="E-TEST", message="half", value="\ud800", place=Place(message=count)))
            elif fields[0] not in "HMT":
                findings.append(Finding(code="E-JUNK", message="junk", place=Place(file=file, byte=start)))
        return LineReading(messages, findings)

    def envelope(self, *, sender: Identity | None, receiver: Identity | None, test: bool = False) -> Any:
        return (sender.id if sender else "us", receiver.id if receiver else "them")

    def write(self, messages: Sequence[Encoded], *, envelope: Any = None, context: Context) -> bytes:
        number = context.numbers.next("lines")
        for message in messages:
            if "NOT-WRITABLE" in message.body:
                raise Reject("no", findings=[Finding(code="E-DOMAIN", message="a value cannot be written")])
        rows = [f"H|{envelope[0]}|{envelope[1]}|{number}", *(m.body for m in messages), f"T|{len(messages)}"]
        return "".join(f"{row}\n" for row in rows).encode("latin-1")

    def acknowledge(
        self, payload: bytes, *, kind: str, context: Context, file: str | None = None
    ) -> Iterator[Acknowledgement]:
        reading = self.read(payload, file=file)
        references = sorted({message.interchange for message in reading})
        for reference in references:
            accepted = not reading.findings
            content = f"A|{context.numbers.next('acks')}|{reference}|{accepted}\n".encode()
            yield Acknowledgement(kind=kind, content=content, reference=reference, accepted=accepted)


class LineMapping:
    """What the compiled mappings offer, for these lines and orders."""

    name, version, document, format_type = "lines", "1", "order/1", "lines"
    format_options: Mapping[str, Any] = {}
    resolved = "mapping: lines"
    digest = sha256(resolved.encode()).hexdigest()
    file = None
    valid = None
    tables = ()
    code_files = ()

    def in_force(self) -> str:
        return self.resolved

    def refresh(self) -> None:
        pass

    def __init__(self, kind: str = "M", *, fixed: bool = False) -> None:
        self.kind = kind
        self.fixed = fixed

    def matches(self, message: Message) -> bool:
        if message.reference == "DIE":
            die()
        return message.kind == self.kind and message.reference != "NOBODY"

    def reader_of(self, message: Message) -> "LineMapping | None":
        return self if self.matches(message) else None

    def decode(self, message: Message) -> Any:
        _, _, number, buyer = message.body.segments[0]
        if number == "BAD" and not self.fixed:
            finding = Finding(code="E-VALUE", message="the number is bad", place=message.body.place(0))
            return SimpleNamespace(documents=(), findings=(finding,))
        if number == "CRASH":
            raise ZeroDivisionError("the mapping has a fault")
        return SimpleNamespace(documents=(order(number, buyer),), findings=())

    def encode(self, document: Any, context: Context) -> Encoded:
        if document.number == "NUMBERED":
            return Encoded(kind="M", body=f"M|{context.numbers.next('inner')}|{document.number}|x")
        if document.number == "NOT-ENCODABLE":
            raise Reject("no", findings=[Finding(code="E-DOMAIN", message="the field does not fit", field="number")])
        lost = (Finding(code="W-LOSES", severity=Severity.WARNING, message="the buyer's city is not written"),)
        findings = lost if document.number == "LOSSY" else ()
        return Encoded(kind="M", body=f"M|1|{document.number}|{document.buyer.name}", findings=findings)


def order(number: str, buyer: str = "ACME") -> Order:
    return Order(number=number, issued_on=date(2026, 3, 2), buyer=Party(name=buyer))


# Adapters


class FolderSource(Source[Settings, Settings]):
    """Gives the files of a folder, and deletes each when it is settled.  ``moment`` names when to do ``what``."""

    def __init__(
        self, folder: Path, act: Callable[[str], None] = lambda moment: None, *, together: bool = False
    ) -> None:
        super().__init__(Settings(), Settings())
        self.folder = folder
        self.act = act
        self.settles_together = together  # type: ignore[misc]

    def receive(self, memory: Any) -> Iterator[Inbound]:
        self.act("receive")
        polls = int(memory.get("polls") or 0)
        memory.put("polls", str(polls + 1))
        for path in sorted(self.folder.iterdir()):
            if path.suffix != ".txt":
                continue
            content = path.read_bytes()
            yield Inbound(
                key=f"{path.name}:{sha256(content).hexdigest()[:8]}",
                content=content,
                origin=f"/out/{path.name}",
                metadata={"size": str(len(content))},
                settle=lambda path=path: self._settle(path),
            )
        self.act("received")

    def _settle(self, path: Path) -> None:
        self.act("before settling")
        path.unlink()
        self.act("after settling")


class BoxTarget(Target[Settings, Settings]):
    """Puts each delivery into a folder as KEY.N, N counting the arrivals of the key."""

    def __init__(
        self,
        folder: Path,
        act: Callable[[str], None] = lambda moment: None,
        *,
        idempotent: bool = False,
        can_tell: bool = True,
    ) -> None:
        super().__init__(Settings(), Settings())
        self.folder = folder
        self.act = act
        self.idempotent = idempotent
        self.can_tell = can_tell

    def deliver(self, outbound: Outbound) -> Answer:
        self.act("before landing")
        arrivals = len(list(self.folder.glob(f"{outbound.key}.*")))
        if not (self.idempotent and arrivals):
            (self.folder / f"{outbound.key}.{arrivals + 1}").write_bytes(outbound.content)
            with (self.folder / "log").open("a") as log:
                log.write(json.dumps([outbound.key, outbound.metadata, outbound.content.decode()]) + "\n")
        self.act("after landing")
        return Answer(summary="taken", reference=outbound.key[:8])

    def verify(self, outbound: Outbound) -> Landing:
        self.act("verify")
        if not self.can_tell:
            return Landing.CANNOT_TELL
        found = any(self.folder.glob(f"{outbound.key}.*"))
        return Landing.LANDED if found else Landing.NOT_LANDED


@dataclass(frozen=True, kw_only=True, eq=False)
class TestConnection(Connection):
    """A connection that makes the given adapters."""

    __test__ = False
    make_source: Callable[[], Source[Any, Any]] | None = None
    make_target: Callable[[], Target[Any, Any]] | None = None

    def source(self, options: Mapping[str, Any]) -> Source[Any, Any]:
        assert self.make_source is not None
        return self.make_source()

    def target(self, options: Mapping[str, Any]) -> Target[Any, Any]:
        assert self.make_target is not None
        return self.make_target()


@dataclass
class House:
    """A workspace with one receive route ``acme/orders`` that feeds ``erp/sales-orders``, on folders below ``root``."""

    root: Path
    source_act: Callable[[str], None] = lambda moment: None
    target_act: Callable[[str], None] = lambda moment: None
    together: bool = False
    idempotent: bool = False
    can_tell: bool = True
    retry: RetryPolicy = field(
        default_factory=lambda: RetryPolicy(
            attempts=3, first=timedelta(seconds=10), longest=timedelta(minutes=1), give_up_after=timedelta(hours=1)
        )
    )
    order_by: tuple[str, ...] = ()
    holds: bool = False
    batch: Batching | None = None
    at_most_waiting: int | None = None
    acknowledge: bool = False
    environment: str = "production"
    second_target: bool = False
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    file: str | None = "{document.number}_{number:04}.txt"
    mapping: LineMapping = field(default_factory=LineMapping)
    schedule: Any = None
    targets: bool = True
    limits: Limits = field(default_factory=Limits)
    operations: Operations = field(default_factory=Operations)

    def __post_init__(self) -> None:
        for name in ("out", "box", "box2", "acks"):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        self.partner_file = self.root / "partner.yaml"
        if not self.partner_file.exists():
            self.partner_file.write_text("partner: acme\n")

    @property
    def store(self) -> Store:
        """As the file ``store`` says, which other processes see too."""
        file = self.root / "store"
        return Store(url=file.read_text() if file.exists() else f"sqlite:///{self.root}/var/ledger.db")

    @property
    def broker(self) -> Broker | None:
        """As the file ``broker`` says, where there is one."""
        file = self.root / "broker"
        return Broker(url=file.read_text()) if file.exists() else None

    def put(self, name: str, *lines: str) -> None:
        """Offer a file at the partner."""
        (self.root / "out" / name).write_text("".join(f"{line}\n" for line in lines))

    def put_orders(self, name: str, *numbers: str, reference: str = "1", flag: str = "") -> None:
        """Offer an interchange with these orders."""
        rows = [f"M|{index}|{number}|ACME" for index, number in enumerate(numbers, start=1)]
        self.put(name, f"H|acme|us|{reference}{flag}", *rows, f"T|{len(numbers)}")

    @property
    def offered(self) -> list[str]:
        """The files that are still at the partner."""
        return sorted(path.name for path in (self.root / "out").iterdir())

    def landed(self, box: str = "box") -> list[str]:
        """The order numbers that arrived at the target, in order of arrival, each as often as it did."""
        return [content.splitlines()[1].split("|")[2] for _, _, content in self.log(box)]

    def log(self, box: str = "box") -> list[list[Any]]:
        """Key, metadata and content of each arrival."""
        file = self.root / box / "log"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def workspace(self) -> Workspace:
        digest = sha256(self.partner_file.read_bytes()).hexdigest()
        acme = self._partner("acme", digest)
        erp = self._partner("erp", digest)
        outward = self._connection("acme", "mailbox", source=True)
        send = self._send(erp, "sales-orders", "box")
        sends = (send, self._send(erp, "copies", "box2")) if self.second_target else (send,)
        route = ReceiveRoute(
            partner=acme,
            name="orders",
            connection=outward,
            options={},
            schedule=self.schedule,
            at_most_waiting=self.at_most_waiting,
            mapping_references=("orders.yaml",),
            to=sends if self.targets else (),
            acknowledge=self._acknowledge() if self.acknowledge else None,
            at=AT,
        )
        vars(route)["mappings"] = (self.mapping,)
        object.__setattr__(route, "format", lambda: LineFormat(Settings()))
        acme.receive["orders"] = route  # type: ignore[index]
        for each in sends:
            erp.send[each.name] = each  # type: ignore[index]
        return Workspace(
            name="house",
            folder=self.root,
            store=self.store,
            environment=self.environment,
            timezone=ZoneInfo("UTC"),
            identities={"lines": {"id": "us"}},
            retry=self.retry,
            operations=self.operations,
            broker=self.broker,
            partners={"acme": acme, "erp": erp},
        )

    def _source(self) -> FolderSource:
        return FolderSource(self.root / "out", self.source_act, together=self.together)

    def _partner(self, name: str, digest: str) -> Partner:
        return Partner(
            name=name,
            title=name.upper(),
            identities={"lines": {"id": name}},
            receive={},
            send={},
            folder=self.root,
            file=self.partner_file,
            digest=digest,
        )

    def _connection(self, partner: str, name: str, *, source: bool = False, box: str = "box") -> TestConnection:
        folder = self.root / box
        return TestConnection(
            partner=partner,
            name=name,
            adapter="files",
            settings={},
            secrets=Secrets(base=self.root),
            limits=self.limits,
            at=AT,
            make_source=self._source if source else None,
            make_target=lambda: BoxTarget(folder, self.target_act, idempotent=self.idempotent, can_tell=self.can_tell),
        )

    def _send(self, partner: Partner, name: str, box: str) -> SendRoute:
        send = SendRoute(
            partner=partner,
            name=name,
            take=Take(document="order/1", when=self.when),
            mapping_reference="sales-order.yaml",
            connection=self._connection("erp", box, box=box),
            options={"file": self.file} if self.file is not None else {},
            order_by=self.order_by,
            holds=self.holds,
            batch=self.batch,
            retry=self.retry,
            at=AT,
        )
        vars(send)["mapping"] = self.mapping
        object.__setattr__(send, "format", lambda: LineFormat(Settings()))
        return send

    def _acknowledge(self) -> Acknowledge:
        connection = self._connection("acme", "acks", box="acks")
        return Acknowledge(kinds=("ack",), connection=connection, options={"file": "ACK_{number}_{reference}.txt"})

    def ledger(self) -> Ledger:
        return Ledger(self.store)

    def engine(self, ledger: Ledger, **options: Any) -> Engine:
        return Engine(self.workspace(), ledger, **options)


ERRORS: dict[str, Callable[[], Exception]] = {
    "retry": lambda: Retry("not reachable"),
    "retry after 300": lambda: Retry("busy", wait=300.0),
    "reject": lambda: Reject("order 'X' of line 17 refused"),
    "stop": lambda: Stop("login refused"),
    "unknown": lambda: Unknown("no answer"),
    "fault": lambda: ValueError("a plug-in's fault"),
}


@dataclass
class Script:
    """An ``act`` that raises or dies as told: ``steps`` are used up in turn at the moment ``at``; "" passes."""

    at: str
    steps: list[str]
    seen: list[str] = field(default_factory=list)

    def __call__(self, moment: str) -> None:
        self.seen.append(moment)
        if moment != self.at or not self.steps:
            return
        step = self.steps.pop(0)
        if step == "die":
            die()
        if step:
            error = ERRORS[step]()
            raise error
