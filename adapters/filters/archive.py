"""How many entries a zip archive can have, found out before a library makes an object of each."""

import struct

_END = struct.Struct("<4s4H2LH")
_END_MARK, _ENTRY_MARK = b"PK\x05\x06", b"PK\x01\x02"
_LONGEST_COMMENT = 0xFFFF
_IN_ZIP64 = 0xFFFFFFFF


def entries_claimed(content: bytes) -> int:
    """At least as many entries as reading the archive's directory would give.

    The count in its last record is not asked, as libraries read on to the directory's end whatever it says; so the
    marks of entries are counted, from where the directory begins (APPNOTE.TXT 4.3.12 and 4.3.16), or in the whole
    archive where that is told elsewhere.
    """
    end = content.rfind(_END_MARK, max(0, len(content) - _END.size - _LONGEST_COMMENT))
    if end < 0 or end + _END.size > len(content):
        return 0
    size = _END.unpack_from(content, end)[5]
    start = 0 if size == _IN_ZIP64 else max(0, end - size)
    return content.count(_ENTRY_MARK, start, end)
