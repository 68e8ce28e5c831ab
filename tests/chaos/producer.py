"""The partner who delivers: good and broken interchanges, the same one again, halves that are completed later."""

import os
import random
import threading
import time
from collections import Counter

import requests
from tests.chaos.interchanges import BUYERS, csv, edifact, gln
from tests.chaos.workspace import Place

_KINDS = {
    "edifact": 30,
    "csv": 20,
    "called": 20,
    "same file again": 6,
    "same content, other name": 6,
    "broken": 6,
    "broken, then corrected": 4,
    "half, then whole": 6,
    "large": 2,
}


class Producer:
    """Delivers until it is told to stop, and knows what must come of it.

    ``orders`` has each order's buyer by its number, ``never`` the numbers of broken ones that nobody corrects,
    ``interchanges`` the references of good EDIFACT interchanges.
    """

    def __init__(self, place: Place, seed: str, *, pause: float, large: int, most: int | None) -> None:
        self.orders: dict[str, str] = {}
        self.never: set[str] = set()
        self.interchanges: set[str] = set()
        self.delivered = Counter[str]()
        self.waiting = 0
        self._place = place
        self._chance = random.Random(f"{seed}:producer")
        self._pause = pause
        self._large = large
        self._most = most
        self._number = 0
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._sent: list[tuple[str, bytes]] = []
        self._lock = threading.Lock()
        self._main = threading.Thread(target=self._run, name="producer")

    def start(self) -> None:
        """Begin."""
        self._main.start()

    def stop(self) -> None:
        """Begin nothing new; what was begun is ended."""
        self._stop.set()
        self._main.join()

    def join(self) -> None:
        """Wait until callers have been told that we have what they brought."""
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        kinds, weights = list(_KINDS), list(_KINDS.values())
        first = [*kinds]  # of each at least one
        self._chance.shuffle(first)
        while not self._stop.is_set() and self.delivered.total() != self._most:
            kind = first.pop() if first else self._chance.choices(kinds, weights)[0]
            self._deliver(kind)
            self._stop.wait(self._chance.expovariate(1 / self._pause))

    def _deliver(self, kind: str) -> None:
        self.delivered[kind] += 1
        chance = self._chance
        if kind == "csv":
            self._put("csv", csv(self._some(chance.randint(1, 4))))
        elif kind == "called":
            orders = self._some(chance.randint(1, 2))
            thread = threading.Thread(target=self._bring, args=(csv(orders), self._name()), name="caller")
            self._threads.append(thread)
            thread.start()
        elif kind in ("same file again", "same content, other name"):
            if not self._sent:
                self._good()
            name, content = chance.choice(self._sent)
            self._put("edi", content, name if kind == "same file again" else None)
        elif kind == "broken":
            broken = self._some(1, never=True)
            if chance.random() < 0.3:
                self._put("csv", csv(broken, wrong=True))
            elif chance.random() < 0.5:
                self._put("edi", edifact(self._name(), broken, wrong=True))
            else:
                whole = edifact(self._name(), broken)
                self._put("edi", whole[: chance.randint(60, len(whole) - 30)])
        elif kind == "broken, then corrected":
            orders, reference = self._some(2), self._name()
            self._put("edi", edifact(reference, orders, wrong=True))
            self._stop.wait(chance.uniform(0.1, 3))
            self._good(edifact(reference, orders), reference)
        elif kind == "half, then whole":
            self._in_halves(edifact(*self._interchange(2)))
        elif kind == "large":
            self._good(edifact(*self._interchange(self._large), lines=6))
        else:
            self._good()

    def _good(self, content: bytes | None = None, reference: str | None = None) -> None:
        name = self._put("edi", content or edifact(*self._interchange(self._chance.randint(1, 5))))
        if reference:
            self.interchanges.add(reference)
        self._sent.append((name, (self._place.root / "sent" / name).read_bytes()))

    def _interchange(self, count: int) -> tuple[str, list[tuple[str, str]]]:
        reference = self._name()
        self.interchanges.add(reference)
        return reference, self._some(count)

    def _some(self, count: int, *, never: bool = False) -> list[tuple[str, str]]:
        orders = [(self._name("PO-"), gln(self._chance.choice(BUYERS))) for _ in range(count)]
        if never:
            self.never.update(number for number, _ in orders)
        else:
            self.orders.update(orders)
        return orders

    def _name(self, prefix: str = "") -> str:
        self._number += 1
        return f"{prefix}{self._number:06}"

    def _put(self, folder: str, content: bytes, name: str | None = None) -> str:
        """Put a file where it is picked up, whole at once; gives its name."""
        name = name or f"{self._name('F')}.{folder}"
        kept = self._place.root / "sent"
        kept.mkdir(exist_ok=True)
        (kept / name).write_bytes(content)
        temporary = self._place.root / folder / f".{name}.tmp"
        temporary.write_bytes(content)
        temporary.rename(self._place.root / folder / name)
        return name

    def _in_halves(self, content: bytes) -> None:
        file = self._place.root / "edi" / f"{self._name('F')}.edi"
        half = self._chance.randint(1, len(content) - 1)
        with file.open("wb") as stream:
            stream.write(content[:half])
            stream.flush()
            os.fsync(stream.fileno())
            time.sleep(self._chance.uniform(0.05, self._place.quiet / 3))
            stream.write(content[half:])

    def _bring(self, content: bytes, number: str) -> None:
        """Call until we are told that it was taken, as a partner does."""
        headers = {"Authorization": "Bearer chaos-token", "Content-Type": "text/csv", "X-Number": number}
        with self._lock:
            self.waiting += 1
        while True:
            try:
                if requests.post(self._place.door, content, headers=headers, timeout=3).ok:
                    break
            except requests.RequestException:
                pass
            time.sleep(0.3)
        with self._lock:
            self.waiting -= 1
