"""Mappings as a user names them: a file, or ``library:NAME``."""

from pathlib import Path

from transload.canonical.errors import ConfigurationError
from transload.mappings import Mapping, load_mapping
from transload.runner.cli.given import loaded


def mapping_named(reference: str) -> Mapping:
    """The mapping that ``reference`` names.  Raises `ConfigurationError` as `load_mapping` does, and for a folder."""
    if reference.startswith("library:"):
        return load_mapping(reference)
    path = Path(reference)
    if path.is_dir():
        raise ConfigurationError(f"{path} is a folder", hint="name a mapping file in it")
    return loaded(path)
