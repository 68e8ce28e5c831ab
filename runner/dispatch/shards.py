"""Shards: names in groups, for when there are more names to wake than a queue of jobs carries cheaply."""

from collections.abc import Iterable
from zlib import crc32

COUNT = 64
MANY = 200
"""More names than this, woken together, are woken by their shards."""
_BEGIN = "shard:"


def shard_of(name: str) -> str:
    """The name of the shard in which ``name`` is."""
    return f"{_BEGIN}{crc32(name.encode()) % COUNT}"


def is_shard(name: str) -> bool:
    """Whether ``name`` stands for a group."""
    return name.startswith(_BEGIN)


def gathered(names: Iterable[str]) -> list[str]:
    """``names``, each once; their shards in place of them where they are many."""
    known = list(dict.fromkeys(names))
    return known if len(known) <= MANY else list(dict.fromkeys(map(shard_of, known)))
