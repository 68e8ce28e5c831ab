"""Sources, targets and file stores that fail at a chosen step, for the tests of whoever uses or writes an adapter.

A `Script` says at which step which `Fault` comes; `FaultySource`, `FaultyTarget` and `FaultyStore` wrap a real
one, ask the script at each of their steps, and else do what the wrapped one does.  It is no adapter that a partner
file could name.
"""

from transload.adapters.faulty.script import Crash, Cut, Fault, Script
from transload.adapters.faulty.store import FaultyStore
from transload.adapters.faulty.transport import FaultySource, FaultyTarget

__all__ = ["Crash", "Cut", "Fault", "FaultySource", "FaultyStore", "FaultyTarget", "Script"]
