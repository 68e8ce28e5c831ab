"""How far a folder was read, by UID, which counts for one UIDVALIDITY (RFC 9051, 2.3.1.1)."""

import json
from collections.abc import Sequence

from transload.adapters.base import Memory


class Watermark:
    """Remembers between passes which mails of a folder need no second look.

    Those are the mails below a mark, if ``by_mark``, and single ones.  The mark never runs ahead of a mail that is not
    finished, so none is lost.  When ``validity`` of the folder changes, all mails are looked at again, and known by
    the keys of what was taken from them.
    """

    def __init__(self, memory: Memory, folder: str, validity: int, *, by_mark: bool) -> None:
        self._memory = memory
        self._name = f"mail:{folder}"
        self._validity = validity
        self._by_mark = by_mark
        self._written = memory.get(self._name)
        self._mark, self._finished = _read(self._written, validity)
        if not by_mark:
            self._mark = 0
        self._open: list[int] = []
        self._highest = self._mark

    @property
    def start(self) -> int:
        """Mails up to this UID are finished."""
        return self._mark

    def begin(self, uids: Sequence[int]) -> list[int]:
        """The mails to look at among ``uids``, which are all that are there above `start`, in ascending order."""
        self._finished &= set(uids)
        self._open = [uid for uid in uids if uid not in self._finished]
        self._highest = uids[-1] if uids else self._mark
        self._write()
        return list(self._open)

    def finish(self, *uids: int) -> None:
        """The mails need no second look; a note is written once for all of them."""
        done = set(uids).intersection(self._open)
        if done:
            self._open = [uid for uid in self._open if uid not in done]
            self._finished |= done
            self._write()

    def _write(self) -> None:
        if self._by_mark:
            self._mark = max(self._mark, self._open[0] - 1 if self._open else self._highest)
            self._finished = {uid for uid in self._finished if uid > self._mark}
        note = json.dumps({"validity": self._validity, "mark": self._mark, "finished": sorted(self._finished)})
        if note != self._written:
            self._memory.put(self._name, note)
            self._written = note


def _read(note: str | None, validity: int) -> tuple[int, set[int]]:
    """Mark and finished mails; none where the note is of another validity, or none of ours."""
    try:
        found = json.loads(note or "{}")
        if isinstance(found, dict) and found.get("validity") == validity:
            return int(found["mark"]), {int(uid) for uid in found["finished"]}
    except (KeyError, TypeError, ValueError):
        pass
    return 0, set()
