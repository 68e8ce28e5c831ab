"""What a partner keeps: one JSON object a line, so that it outlives the server and another process can read it."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any


class Kept:
    """A list of records, in memory and, with a ``file``, on disk before `add` returns."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._lock = Lock()
        self._records: list[dict[str, Any]] | None = None

    def all(self) -> list[dict[str, Any]]:
        """The records in the order they came; the file is read at first use."""
        with self._lock:
            return list(self._load())

    def add(self, record: Mapping[str, Any]) -> None:
        """Keep ``record``."""
        with self._lock:
            self._load().append(dict(record))
            if self._file is not None:
                with self._file.open("a", encoding="utf-8") as stream:
                    stream.write(json.dumps(record, ensure_ascii=False) + "\n")
                    stream.flush()
                    os.fsync(stream.fileno())

    def find(self, **wanted: Any) -> dict[str, Any] | None:
        """The first record with these values, or None."""
        return next((r for r in self.all() if all(r.get(key) == value for key, value in wanted.items())), None)

    def _load(self) -> list[dict[str, Any]]:
        if self._records is None:
            self._records = []
            if self._file is not None and self._file.exists():
                rows = self._file.read_text(encoding="utf-8").split("\n")
                # a last row without its line end was torn by a crash before it was acknowledged
                self._records = [json.loads(row) for row in rows[:-1]]
                if rows[-1]:
                    self._file.write_text("".join(row + "\n" for row in rows[:-1]), encoding="utf-8")
        return self._records
