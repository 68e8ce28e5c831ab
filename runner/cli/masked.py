"""``transload test --from-document``."""

from pathlib import Path


def make_test(reference: str, workspace: Path, environment: str | None, *, as_json: bool) -> None:
    raise NotImplementedError
