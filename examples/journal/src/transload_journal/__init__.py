"""Journals: files of lines that are only ever appended to."""

from transload.adapters.base import Adapter

from transload_journal.settings import Journals
from transload_journal.source import JournalSource
from transload_journal.target import JournalTarget

ADAPTER = Adapter(
    summary="Lines of files that are only appended to: each new one is read once, each delivery is one more",
    connection=Journals,
    source=JournalSource,
    target=JournalTarget,
)
