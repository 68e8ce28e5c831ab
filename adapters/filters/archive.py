"""What the end of a zip archive tells, found out before a library makes an object of each entry."""

import struct

_END = struct.Struct("<4s4H2LH")
_END_MARK, _ENTRY_MARK = b"PK\x05\x06", b"PK\x01\x02"
_LONGEST_COMMENT = 0xFFFF
_IN_ZIP64 = 0xFFFFFFFF
_MANY = 0xFFFF


def directory_end(content: bytes) -> int:
    """The offset of the archive's last record, or of where it would have to be."""
    end = content.rfind(_END_MARK, max(0, len(content) - _END.size - _LONGEST_COMMENT))
    return end if end >= 0 else len(content)


def entries_told(content: bytes) -> int | None:
    """How many entries the archive's last record speaks of, modulo 65,536; None where that is told elsewhere."""
    end = directory_end(content)
    if end + _END.size > len(content):
        return None
    told: int = _END.unpack_from(content, end)[4]
    return None if told == _MANY else told


def entries_claimed(content: bytes) -> int:
    """At least as many entries as reading the archive's directory would give.

    The count in its last record is not asked, as libraries read on to the directory's end whatever it says; so the
    marks of entries are counted, from where the directory begins (APPNOTE.TXT 4.3.12 and 4.3.16), or in the whole
    archive where that is told elsewhere.
    """
    end = directory_end(content)
    if end + _END.size > len(content):
        return 0
    size = _END.unpack_from(content, end)[5]
    start = 0 if size == _IN_ZIP64 else max(0, end - size)
    return content.count(_ENTRY_MARK, start, end)
