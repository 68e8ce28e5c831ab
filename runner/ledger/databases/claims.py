"""Claims among the threads of one process, which works on its ledger alone."""

import threading


class OwnClaims:
    """What one worker at a time may do is claimed by a name."""

    shared = False
    """Whether other processes may be at work at the same time."""

    def __init__(self) -> None:
        self._claims: set[str] = set()
        self._claiming = threading.Lock()

    def claim(self, name: str) -> bool:
        """Claim ``name``; False while it is claimed."""
        with self._claiming:
            if name in self._claims:
                return False
            self._claims.add(name)
            return True

    def holds(self, name: str) -> bool:
        """Whether it is claimed by us."""
        return name in self._claims

    def release(self, name: str) -> None:
        """Give a claim up."""
        with self._claiming:
            self._claims.discard(name)
