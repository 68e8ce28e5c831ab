"""Write the schema files again: ``python -m transload.canonical.schemas``."""

from transload.canonical.documents import DOCUMENTS
from transload.canonical.schemas import schema_file, schema_text

for name in DOCUMENTS:
    schema_file(name).write_text(schema_text(name), encoding="utf-8")
