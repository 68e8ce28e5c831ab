"""Bytes made visible, and where each of them stands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transload.runner.cli.xray.glyphs import Glyphs

CODECS = ["ascii", "iso8859-1", "iso8859-3", "utf-8", "cp1252"]


@pytest.mark.parametrize(
    ("raw", "codec", "shown"),
    [
        (b"BGM+220'\r\n", "ascii", "BGM+220'␍␊"),
        (b"a\tb\x00\x1b[2J\x7f", "ascii", "a␉b␀␛[2J␡"),
        (b"\xa0\x85\xe4", "iso8859-1", "\\xa0\\x85ä"),
        (b"\xe4\xff", "utf-8", "\\xe4\\xff"),
        ("\u202eä\u200b\ufeff\u3000".encode(), "utf-8", "\\u202eä\\u200b\\ufeff\\u3000"),
        ("\u240a".encode(), "utf-8", "\\u240a"),
        ("\U000e0001".encode(), "utf-8", "\\U000e0001"),
    ],
)
def test_shown(raw: bytes, codec: str, shown: str) -> None:
    assert Glyphs().show(raw, codec).text == shown


def test_an_encoding_without_pictures() -> None:
    assert Glyphs(encoding="ascii").show("é\n".encode(), "utf-8").text == "\\xe9\\x0a"
    assert Glyphs(encoding="iso8859-1").show("é\n".encode(), "utf-8").text == "é\\x0a"


def test_wide_and_combining_characters_keep_their_columns() -> None:
    shown = Glyphs().show("品e\u0301x".encode(), "utf-8")
    assert [shown.column(shown.at[byte]) for byte in (0, 3, 4, 6, 7)] == [0, 2, 3, 3, 4]
    assert shown.reach(0, 1) == 1  # one character at least
    assert shown.reach(0, 3) == 3


@given(st.binary(max_size=40), st.sampled_from(CODECS), st.sampled_from(["utf-8", "ascii", "iso8859-1"]))
def test_nothing_invisible_is_left_and_no_byte_is_lost(raw: bytes, codec: str, encoding: str) -> None:
    shown = Glyphs(encoding=encoding).show(raw, codec)
    assert shown.text.isprintable()
    shown.text.encode(encoding)
    assert len(shown.at) == len(raw) + 1
    assert list(shown.at) == sorted(shown.at)
    assert shown.at[-1] == len(shown.text)
    assert all(0 <= start < stop <= len(shown.text) for start, stop in shown.hidden)
