"""What an author writes so that the cases can use a filter as a runner does, and as a partner packs for it."""

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from random import Random
from typing import Any

from transload.adapters.base.filter import Filter
from transload.adapters.base.registry import Adapter
from transload.adapters.base.settings import template_fields
from transload.adapters.contract.harness import NotPossible

_TEXT = b"".join(b"line %d: a thing, and what it costs\n" % number for number in range(20))


class FilterHarness(ABC):
    """How the cases get a filter, payloads for it, and contents that it can wrap."""

    adapter: Adapter
    """What the entry point names."""
    secrets: Sequence[str] = ()
    """The secrets of the options: keys, passwords; they must never be seen."""
    guards: bool = True
    """Whether the filter can tell a payload that was changed or cut off from a good one (a check sum, a signature)."""
    repeatable: bool = False
    """Whether the same content must be wrapped to the same bytes each time; False says nothing about it."""
    most: int = 400
    """How many faulty payloads a case tries at most; lower it where each takes long."""
    huge: int = 12_000_000
    """How many bytes a huge content has."""
    copies: float = 4.0
    """How many times a huge content may be in memory while it is wrapped or unwrapped, beside what was given."""
    limit: int = 1_000_000
    """How many bytes the filter of `limited` may unpack from one payload."""
    hostile_size: int = 100_000
    """How many bytes a hostile payload has."""
    memory: int = 40
    """How many bytes of memory each byte of a hostile payload may take."""
    seconds: float = 5.0
    """How many seconds of our processor a hostile payload may take."""

    @abstractmethod
    def filter(self) -> Filter[Any]:
        """A new filter as a new process would make it, with the same options each time; nothing is opened.

        Let paths in its options be absolute: the cases change the current folder.
        """

    def contents(self) -> Mapping[str, bytes]:
        """Contents by name that the filter can wrap, the first of them a few hundred bytes long."""
        return {
            "text": _TEXT,
            "every byte": bytes(range(256)),
            "one byte": b"\n",
            "chance": self.large(70_000),
            "zeros": bytes(70_000),
        }

    def large(self, size: int) -> bytes:
        """A content of ``size`` bytes; the default is one that cannot be compressed."""
        return Random(size).randbytes(size)  # noqa: S311 - the same bytes each time, no secret

    def filled(self) -> Mapping[str, str]:
        """The template fields of the options, holes filled; the default takes the same text for each."""
        return dict.fromkeys(template_fields(type(self.filter()).Options), "contract.txt")

    def samples(self) -> Mapping[str, tuple[bytes, Sequence[bytes]]]:
        """Payloads by name that other programs made, as partners do, each with the contents that are in it."""
        raise NotPossible("the harness has no samples(): no other program makes such payloads")

    def packed(self, entries: Sequence[tuple[str, bytes]]) -> bytes:
        """One payload with these contents under these names, as a partner's program makes it.

        Raise `NotPossible` for names that such a payload cannot have.
        """
        raise NotPossible("the harness has no packed(): a payload holds one content, without a name")

    def limited(self) -> Filter[Any]:
        """A new filter whose options let it unpack `limit` bytes from one payload."""
        raise NotPossible("the harness has no limited(): unpacked, nothing is much larger than packed")

    def bombs(self, size: int) -> Mapping[str, bytes]:
        """Small payloads by name that are ``size`` bytes unpacked, for the filter of `limited`."""
        raise NotPossible("the harness has no bombs(): unpacked, nothing is much larger than packed")

    def broken(self) -> Mapping[str, bytes]:
        """Payloads by what is wrong with each, that must be refused; the cases have some of their own."""
        return {}

    def unwrappable(self) -> Mapping[str, bytes]:
        """Contents by what is wrong with each, that cannot be wrapped."""
        raise NotPossible("the harness has no unwrappable(): every content can be wrapped")

    def strangers(self) -> Mapping[str, Filter[Any]]:
        """Filters by what is wrong with each, whose key or password is wrong for every payload.

        The secrets of theirs belong into ``secrets``.
        """
        raise NotPossible("the harness has no strangers(): there is no key, or none that can be wrong")

    def away(self) -> AbstractContextManager[object]:
        """In this context, what the filter needs beside its options (a program, a file) is not there."""
        raise NotPossible("the harness has no away(): the filter needs nothing but its options")

    def traces(self) -> Sequence[str]:
        """What a filter in use may have opened on this machine; the default gives this process's open files.

        Add programs that it starts and folders that it makes.
        """
        found = []
        with suppress(OSError):
            for number in os.listdir("/dev/fd"):  # noqa: PTH208 - names are wanted
                with suppress(OSError):
                    found.append(f"{number} {os.readlink(f'/dev/fd/{number}')}")  # noqa: PTH115 - of no real file
        return [one for one in found if "/fd" not in one]
