"""The databases that mappings may look things up in: what is written, and what is made of it."""

from collections.abc import Mapping
from contextlib import suppress

from pydantic import Field
from sqlalchemy.exc import ArgumentError

from transload.adapters.base import Settings
from transload.canonical.errors import Stop
from transload.canonical.places import MappingPlace
from transload.mappings.tables.databases import Database
from transload.runner.ledger.store import passwords_in
from transload.runner.workspace.secrets import Secrets, has_reference


class WrittenDatabase(Settings):
    """A database for cross-references."""

    url: str = Field(
        description="Its SQLAlchemy URL, as a reference such as ${env:ERP_URL}; drivers are installed apart"
    )
    queries: dict[str, str] = Field(
        {}, description="SQL by name, for mappings that say query:; the owner's, not theirs"
    )


def databases_of(
    written: Mapping[str, WrittenDatabase], secrets: Secrets, at: Mapping[str, MappingPlace]
) -> dict[str, Database]:
    """The databases by name; ``at`` is where each one's URL stands.  Nothing is resolved or asked yet."""
    return {name: _database(name, item, secrets, at[name]) for name, item in written.items()}


def url_fault(url: str, secrets: Secrets) -> tuple[str, str] | None:
    """What is wrong with a URL, as message and hint: in plain text it may hold a password."""
    if not has_reference(url):
        return "the URL of a database is a reference, since it holds a password", "write ${env:ERP_URL}"
    return secrets.fault(url)


def _database(name: str, written: WrittenDatabase, secrets: Secrets, at: MappingPlace) -> Database:
    def url() -> str:
        resolved = secrets.resolve(written.url, at)
        if not isinstance(resolved, str):
            raise Stop(f"the URL of the database {name} is no text").at(at)
        with suppress(ArgumentError, ValueError):  # what is wrong with it is told where it is used
            secrets.hidden.learn(*passwords_in(resolved))
        return resolved

    return Database(name=name, url=url, queries=dict(written.queries))
