from datetime import UTC, datetime

import pytest

from transload.adapters.base import Context, Encoded, adapter
from transload.canonical.errors import ConfigurationError


def test_a_format_without_acknowledgements_says_so() -> None:
    json = adapter("json").format
    assert json is not None
    with pytest.raises(ConfigurationError, match="makes no acknowledgement 'contrl'") as caught:
        json(json.Options()).acknowledge(b"{}", kind="contrl", context=Context(now=datetime(2026, 1, 1, tzinfo=UTC)))
    assert caught.value.hint == "it makes: none"


def test_a_format_that_sees_all_messages_first_gives_them_at_the_end() -> None:
    """`Format.writing` of a format that only has `write`."""
    context = Context(now=datetime(2026, 1, 15, tzinfo=UTC))
    json = adapter("json").format
    assert json is not None
    form = json(json.Options.model_validate({"items": "$"}))
    writing = form.writing(context=context)
    messages = [Encoded(kind="", body={"number": text}) for text in "ab"]
    assert [writing.add(message) for message in messages] == [b"", b""]
    assert writing.close() == form.write(messages, context=context)
    with pytest.raises(ConfigurationError, match="takes no envelope for a single message"):
        writing.add(messages[0], object())
