"""What a user writes about journals, and the errors of their folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from pydantic import Field
from transload.adapters.base import Duration, Probe, Retry, Settings, Stop, Template


class Journals(Settings):
    """A folder of journals."""

    folder: Path = Field(description="Folder that the journals are in", examples=["/srv/events"])
    patience: Duration = Field(
        default=timedelta(seconds=10), description="How long to wait while another program writes to a journal"
    )


class Reading(Settings):
    """What stands beside ``connection:`` under ``from:``."""

    pattern: str = Field(default="*.jsonl", min_length=1, description="Shell pattern of the journals' names")
    largest: int = Field(default=1_000_000, ge=1, description="Bytes that a line may have")


class Appending(Settings):
    """What stands beside ``connection:`` under ``to:``."""

    file: Template = Field(description="Name of the journal, without slashes", examples=["orders.jsonl"])
    largest: int = Field(default=1_000_000, ge=1, description="Bytes that a delivery may have")


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """The operating system's errors as Transload's, in one place."""
    try:
        yield
    except PermissionError as error:
        raise Stop(
            f"{path} may not be used: {error.strerror}", hint="give us the right to read and write it"
        ) from error
    except OSError as error:
        raise Retry(
            f"{path} cannot be used now: {error.strerror}", hint="it is tried again; look at the disk"
        ) from error


def must_be_there(folder: Path) -> None:
    """Raise `Stop` unless there is such a folder."""
    with translated(folder):
        there = folder.is_dir()
    if not there:
        raise Stop(f"there is no folder {folder}", hint="make it, or correct folder")


def probed(folder: Path) -> Probe:
    """Look whether the folder is there, and change nothing."""
    try:
        must_be_there(folder)
    except (Retry, Stop) as error:
        return Probe(ok=False, summary=error.message, findings=error.findings)
    return Probe(ok=True, summary=f"the folder {folder} is there")
