"""The JSON Schemas of the canonical documents, made from the models: ``order-1.json`` and so on."""

import json
from pathlib import Path
from typing import Any

from transload.canonical.documents import DOCUMENTS

FOLDER = Path(__file__).parent


def schema(name: str) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of document ``name``, such as ``order/1``."""
    made = DOCUMENTS[name].model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"transload:{name}", **made}


def schema_text(name: str) -> str:
    """The schema as it stands in its file."""
    return json.dumps(schema(name), indent=2, ensure_ascii=False) + "\n"


def schema_file(name: str) -> Path:
    """The file that holds the schema of document ``name``."""
    return FOLDER / f"{name.replace('/', '-')}.json"
