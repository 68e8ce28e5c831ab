"""The filter gzip: every member, nothing but gzip, and no more than is allowed."""

import gzip
import subprocess
import tracemalloc
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transload.adapters.base import Payload
from transload.adapters.filters import GzipFilter
from transload.canonical.errors import Reject

TEXT = b"UNB+UNOC:3+9520001000003:14+9520002000002:14+260302:0800+1'" * 40


def unwrap(content: bytes, name: str = "orders.edi.gz", **options: Any) -> Payload:
    (found,) = GzipFilter(GzipFilter.Options(**options)).unwrap(Payload(content=content, name=name), lambda found: None)
    return found


def refusal(content: bytes, **options: Any) -> str:
    with pytest.raises(Reject) as caught:
        unwrap(content, **options)
    (finding,) = caught.value.findings
    return finding.line()


@given(st.lists(st.binary(max_size=3000), min_size=1, max_size=4), st.integers(0, 9))
def test_what_is_written_is_read_and_members_add_up(parts: list[bytes], level: int) -> None:
    filter = GzipFilter(GzipFilter.Options(level=level))
    assert unwrap(b"".join(filter.wrap(part, {}) for part in parts)).content == b"".join(parts)


def test_what_is_written_is_the_same_each_time_and_other_programs_read_it() -> None:
    written = GzipFilter(GzipFilter.Options()).wrap(TEXT, {})
    assert written == GzipFilter(GzipFilter.Options()).wrap(TEXT, {})
    done = subprocess.run(["gzip", "-dc"], input=written, capture_output=True, check=True)
    assert done.stdout == TEXT
    assert unwrap(subprocess.run(["gzip", "-c"], input=TEXT, capture_output=True, check=True).stdout).content == TEXT


@pytest.mark.parametrize(
    ("name", "inner"), [("a.edi.gz", "a.edi"), ("a.GZ", "a"), ("a.edi", "a.edi"), (".gz", ".gz"), ("a.tgz", "a.tgz")]
)
def test_the_suffix_is_taken_from_the_name(name: str, inner: str) -> None:
    assert unwrap(gzip.compress(TEXT), name).name == inner


def test_zeros_behind_the_last_member_are_tape_blocks() -> None:
    assert unwrap(gzip.compress(TEXT) + bytes(512)).content == TEXT


def test_what_is_optional_is_taken_as_it_is() -> None:
    assert unwrap(TEXT, "a.edi", optional=True).content == TEXT
    assert unwrap(gzip.compress(TEXT), "a.edi", optional=True).content == TEXT


def test_refusals() -> None:
    packed = gzip.compress(TEXT, mtime=0)
    assert refusal(TEXT) == (
        "byte 0: error E-GZIP orders.edi.gz is not gzip (remove the filter, or set 'optional' where the partner"
        " compresses only some)"
    )
    assert refusal(b"").startswith("byte 0: error E-GZIP orders.edi.gz is not gzip")
    assert refusal(packed + b"tail") == (
        f"byte {len(packed)}: error E-GZIP orders.edi.gz has bytes behind its last gzip member (it was damaged on the"
        " way, or something else was appended; ask the partner to send it again)"
    )
    assert refusal(packed[:-9]) == (
        f"byte {len(packed) - 9}: error E-GZIP orders.edi.gz ends inside a gzip member (it was cut off on the way; ask"
        " the partner to send it again)"
    )
    broken = packed[:-8] + bytes([packed[-8] ^ 1]) + packed[-7:]
    assert refusal(broken) == (
        "byte 0: error E-GZIP orders.edi.gz is damaged gzip: incorrect data check (it was damaged on the way; ask the"
        " partner to send it again)"
    )


@pytest.mark.parametrize("cut", range(2, 60))
def test_a_member_that_is_cut_at_any_byte_is_refused(cut: int) -> None:
    packed = gzip.compress(TEXT)
    assert "E-GZIP" in refusal(packed[: max(2, len(packed) - cut)])


@given(st.binary(max_size=200), st.integers(0, 40))
def test_damage_is_a_finding_and_never_another_error(noise: bytes, at: int) -> None:
    packed = bytearray(gzip.compress(TEXT))
    packed[2 + at : 2 + at + len(noise)] = noise
    codes = set()
    try:
        unwrap(bytes(packed))
    except Reject as error:
        codes = {finding.code for finding in error.findings}
    assert codes <= {"E-GZIP", "E-BOMB"}


def bomb(size: int) -> bytes:
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    zeros = bytes(1024 * 1024)
    return b"".join([*(packer.compress(zeros) for _ in range(size // len(zeros))), packer.flush()])


def test_a_bomb_is_refused_within_bounded_memory() -> None:
    packed = bomb(500 * 1024**2)
    assert len(packed) < 3 * 1024**2
    tracemalloc.start()
    told = refusal(packed)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert told == (
        "error E-BOMB orders.edi.gz grows beyond the 268435456 bytes that are allowed when it is unpacked (raise"
        " 'largest' of the filter if such payloads are meant; else the partner has sent a bomb)"
    )
    assert peak < 300 * 1024**2
    assert refusal(packed, largest=2**40) == (
        f"error E-BOMB orders.edi.gz grows beyond 200 times its {len(packed)} bytes when it is unpacked (raise 'ratio'"
        " of the filter if such payloads are meant; else the partner has sent a bomb)"
    )


def test_the_limit_itself_is_allowed() -> None:
    assert len(unwrap(gzip.compress(bytes(1000)), largest=1000).content) == 1000
    assert "E-BOMB" in refusal(gzip.compress(bytes(1001)), largest=1000)
    assert len(unwrap(gzip.compress(bytes(9 * 1024**2)), ratio=1).content) == 9 * 1024**2  # below the floor
