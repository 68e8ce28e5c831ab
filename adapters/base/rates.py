"""How much one sender may bring: a bucket of tokens for each, which fills again with time."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

_MOST_SENDERS = 10_000


class Rates:
    """``burst`` requests at once, and ``burst`` more in each ``seconds``, for each sender."""

    def __init__(self, burst: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._burst = burst
        self._each = seconds / burst
        self._clock = clock
        self._lock = threading.Lock()
        self._full_at: OrderedDict[str, float] = OrderedDict()
        """When each sender's bucket is full again."""

    def wait(self, sender: str) -> float:
        """0 where the sender may come, which costs him a token; else the seconds until he may."""
        with self._lock:
            now = self._clock()
            full = max(self._full_at.pop(sender, now), now)
            over = full + self._each - now - self._burst * self._each
            if over <= 1e-9:
                full += self._each
            self._full_at[sender] = full
            if len(self._full_at) > _MOST_SENDERS:
                self._full_at.popitem(last=False)
            return 0.0 if over <= 1e-9 else over
