"""What was proved once, remembered for as long as it could be sent again."""

import threading
from collections import OrderedDict
from datetime import datetime, timedelta
from hashlib import sha256

_MOST = 100_000


class Repeats:
    """Tells a request that comes again from a proof that was overheard and stands in another request.

    It forgets what is older than ``span``, by which time it would be too old to be taken, and the oldest where there
    are 100,000.  It is kept in memory: what came before a restart is told by the receipt's key alone.
    """

    def __init__(self, span: timedelta) -> None:
        self._span = span
        self._lock = threading.Lock()
        self._known: OrderedDict[bytes, tuple[datetime, bytes]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def takes(self, proof: bytes, request: bytes, now: datetime) -> bool:
        """Whether ``proof`` is new, or came in the same request before, whose sender may not have heard our answer."""
        key, digest = sha256(proof).digest(), sha256(request).digest()
        with self._lock:
            while self._known and (len(self._known) >= _MOST or next(iter(self._known.values()))[0] < now - self._span):
                self._known.popitem(last=False)
            return self._known.setdefault(key, (now, digest))[1] == digest
