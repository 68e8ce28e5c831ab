"""AS2 names and Message-IDs as headers have them (RFC 4130, section 6.2; RFC 5322, section 3.6.4)."""

import re

_PLAIN = re.compile(r"[!#-\[\]-~]+")
_ID = re.compile(r"<?([!-;=?-~]{1,250})>?")


def written(name: str) -> str:
    """An AS2 name as a header has it: in quotes where it holds a blank, a quote or a backslash."""
    if _PLAIN.fullmatch(name):
        return name
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def read(value: str) -> str:
    """An AS2 name from a header."""
    text = value.strip()
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return text


def means(value: str, name: str) -> bool:
    """Whether a header names ``name``; some put quotes around a name that has them already."""
    return name in (read(value), read(read(value)))


def message_id(key: str, us: str) -> str:
    """The Message-ID of a delivery: the same at every attempt, since the key is."""
    domain = re.sub(r"[^A-Za-z0-9.-]+", "-", us).strip("-.") or "as2"
    return f"<{key}@{domain}>"


def bare(value: str) -> str:
    """A Message-ID without its angle brackets; "" where it is none."""
    found = _ID.fullmatch(value.strip())
    return found[1] if found else ""


def key_of(value: str) -> str:
    """The delivery's key in a Message-ID of ours."""
    return bare(value).rpartition("@")[0]
