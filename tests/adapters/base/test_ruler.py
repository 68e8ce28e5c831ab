"""Lines and bytes of characters, measured in blocks, are what counting from the beginning gives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transload.adapters.base import ruler
from transload.adapters.base.ruler import Ruler

TEXTS = st.text(alphabet="ab\n\r é€", max_size=40)


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ruler, "_BLOCK", 4)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_bytes_and_lines_in_any_order(encoding: str) -> None:
    @given(TEXTS, st.lists(st.integers(0, 40), max_size=8))
    def law(text: str, asked: list[int]) -> None:
        measured = Ruler(text, encoding)
        for character in (min(one, len(text)) for one in asked):
            assert measured.line(character) == text.count("\n", 0, character) + 1
            assert measured.byte(character) == len(text[:character].encode(encoding))

    law()


def test_bytes_of_a_text_of_one_byte_each() -> None:
    assert Ruler("abc\ndef", None).byte(6) == 6
    assert Ruler("abc\ndef", None).line(6) == 2
