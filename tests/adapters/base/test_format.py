from datetime import UTC, datetime

import pytest

from transload.adapters.base import Context, adapter
from transload.canonical.errors import ConfigurationError


def test_a_format_without_acknowledgements_says_so() -> None:
    json = adapter("json").format
    assert json is not None
    with pytest.raises(ConfigurationError, match="makes no acknowledgement 'contrl'") as caught:
        json(json.Options()).acknowledge(b"{}", kind="contrl", context=Context(now=datetime(2026, 1, 1, tzinfo=UTC)))
    assert caught.value.hint == "it makes: none"
