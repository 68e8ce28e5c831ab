"""The filter charset: bytes that a character set does not have are findings with their offset."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from transload.adapters.base import Payload
from transload.adapters.filters import CharsetFilter
from transload.canonical.errors import Reject


def unwrap(content: bytes, **options: Any) -> bytes:
    filter = CharsetFilter(CharsetFilter.Options(**options))
    (found,) = filter.unwrap(Payload(content=content, name="a.txt"), lambda found: None)
    assert found.metadata == {"charset": options["charset"]}
    return found.content


def wrap(content: bytes, **options: Any) -> bytes:
    return CharsetFilter(CharsetFilter.Options(**options)).wrap(content, {})


def told(call: Any) -> str:
    with pytest.raises(Reject) as caught:
        call()
    (finding,) = caught.value.findings
    return f"{finding.line()} [{finding.value}]"


@given(st.text(st.characters(max_codepoint=255), max_size=80), st.sampled_from(["cp037", "cp500", "latin-1", "utf-16"]))
def test_what_is_written_is_read(text: str, charset: str) -> None:
    content = text.encode()
    assert unwrap(wrap(content, charset=charset), charset=charset) == content


@given(st.text(st.characters(max_codepoint=127, exclude_characters="\x85"), max_size=80))
def test_line_ends_of_ebcdic_go_both_ways(text: str) -> None:
    options = {"charset": "cp037", "next_line": "line feed"}
    written = wrap(text.encode(), **options)
    assert b"\x25" not in written
    assert unwrap(written, **options) == text.encode()


def test_known_bytes() -> None:
    assert unwrap(b"\xe4\xd5\xc2\x15", charset="cp037", next_line="line feed") == b"UNB\n"
    assert unwrap(b"\xe4\xd5\xc2\x15", charset="cp037") == b"UNB\xc2\x85"
    assert unwrap(b"\xff\xfeA\0", charset="utf-16") == b"A"
    assert unwrap(b"\xe9", charset="latin-1", format="cp1252") == b"\xe9"
    assert wrap(b"\xe2\x82\xac", charset="cp1252") == b"\x80"


def test_refusals() -> None:
    assert told(lambda: unwrap(b"ab\x81c", charset="cp1252")) == (
        "byte 2: error E-CHARSET the payload a.txt has a byte that cp1252 does not have (ask the partner which"
        " character set it is, and name that one) [81]"
    )
    assert told(lambda: unwrap(b"abc\xc3", charset="utf-8")) == (
        "byte 3: error E-CHARSET the payload a.txt has a byte that utf-8 does not have (ask the partner which"
        " character set it is, and name that one) [c3]"
    )
    assert told(lambda: unwrap(b"A\0B", charset="utf-16-le")).startswith("byte 2: error E-CHARSET")
    assert told(lambda: unwrap("a\nb€".encode(), charset="utf-8", format="latin-1")) == (
        "byte 3: error E-CHARSET U+20AC, character 4 of the payload (line 2), is not in latin-1 (it is latin-1, which"
        " the format reads: set 'format' of the filter to utf-8) [€]"
    )
    assert told(lambda: unwrap(b"\x1b\xa1", charset="iso2022_jp", format="ascii")).startswith("error E-CHARSET U+00A1")
    assert told(lambda: unwrap("€".encode(), charset="utf-8-sig", format="latin-1")).startswith("byte 0: ")
    assert told(lambda: unwrap("ab€".encode(), charset="utf-8-sig", format="latin-1")).startswith("byte 2: ")
    marked = b"\xef\xbb\xbfab\xe2\x82\xac"
    assert told(lambda: unwrap(marked, charset="utf-8-sig", format="latin-1")).startswith("byte 5: ")
    assert told(lambda: wrap("€".encode(), charset="cp500")) == (
        "error E-CHARSET U+20AC, character 1 of the payload (line 1), is not in cp500 (it is cp500, which the partner"
        " reads: change the value, or agree on another) [€]"
    )
    assert told(lambda: wrap(b"\xff", charset="cp500")) == (
        "byte 0: error E-CHARSET what the format wrote has a byte that utf-8 does not have (ask the partner which"
        " character set it is, and name that one) [ff]"
    )


@pytest.mark.parametrize(
    "name", ["ebcdic", "base64", "rot13", "punycode", "idna", "unicode_escape", "", "utf\0", "hex"]
)
def test_what_is_no_character_set(name: str) -> None:
    with pytest.raises(ValidationError, match="is no character set"):
        CharsetFilter.Options(charset=name)
