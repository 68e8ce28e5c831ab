"""The thread of a service that looks what is missing or wrong, and tells; the runner never waits for it."""

import threading

from transload.runner.alarms.herald import Herald
from transload.runner.expectations.watch import Watch
from transload.runner.ledger import LedgerError
from transload.runner.logs import get_logger

_STOP_SECONDS = 5.0
"""How long a service that ends waits for an alarm that is being sent; it is sent again otherwise."""
_log = get_logger("incidents")


class Sentinel:
    """Looks, and tells, first after ``seconds[0]`` and then each ``seconds[1]``.

    One that ``cries`` tells of a ledger that cannot be written, too: one process of a machine is enough for that.
    """

    def __init__(self, watch: Watch, herald: Herald, *, seconds: tuple[float, float], cries: bool = True) -> None:
        self._cries = cries
        self._watch = watch
        self._herald = herald
        self._seconds = seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="expectations", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more; what is being sent may end."""
        self._stopping.set()
        self._thread.join(_STOP_SECONDS)

    def _run(self) -> None:
        wait = self._seconds[0]
        while not self._stopping.wait(wait):
            wait = self._seconds[1]
            try:
                self._watch.look()
                self._herald.calm()
            except LedgerError as error:  # it may be well again the next time
                _log.error("expectations could not be judged", error=error.message)
                if self._cries:
                    self._herald.cry(error.message)
            except Exception:  # noqa: BLE001  # one look that fails must not be the last
                _log.exception("expectations could not be judged: a fault of ours")
            self._herald.tell()
