"""The library's SFTP client, with what it leaves out: names of any bytes, what the server extends, and fsync."""

import struct
from collections.abc import Mapping
from types import MappingProxyType

import paramiko
from paramiko.sftp import CMD_EXTENDED, CMD_VERSION

FSYNC, POSIX_RENAME = "fsync@openssh.com", "posix-rename@openssh.com"
"""Extensions of the protocol, by the names in OpenSSH's PROTOCOL file."""


class _Message(paramiko.Message):
    """A message whose texts may be any bytes: those that are no UTF-8 become surrogates (PEP 383)."""

    def get_text(self) -> str:
        """The next string, as text."""
        return self.get_string().decode("utf-8", "surrogateescape")


class Client(paramiko.SFTPClient):
    """Lists names that are no UTF-8 too; with the library's client, one of them hides the whole folder.

    ``extensions`` are those that the server has named when the session began (draft-ietf-secsh-filexfer-02, 4), each
    with its data.
    """

    extensions: Mapping[str, bytes] = MappingProxyType({})

    def fsync(self, file: paramiko.SFTPFile) -> None:
        """Let the server put an open ``file`` on its disk, where it has named that extension.

        Raises `OSError` when it cannot.
        """
        if FSYNC in self.extensions:
            self._request(CMD_EXTENDED, FSYNC, file.handle)  # type: ignore[attr-defined]

    def _read_packet(self) -> tuple[int, bytes]:
        kind, content = super()._read_packet()  # type: ignore[misc]
        if kind == CMD_VERSION:
            self.extensions = _extensions(content[4:])
        return kind, content

    def _read_response(self, waitfor: int | None = None) -> tuple[int | None, paramiko.Message | None]:
        kind, message = super()._read_response(waitfor)  # type: ignore[misc]
        if message is not None:
            message = _Message(message.get_remainder())
        return kind, message

    def _convert_status(self, msg: paramiko.Message) -> None:
        super()._convert_status(_Message(msg.get_remainder()))  # type: ignore[misc]


def _extensions(content: bytes) -> dict[str, bytes]:
    """The pairs of name and data, each a string with its length before it; what is cut off is left out."""
    texts: list[bytes] = []
    while len(content) >= 4:
        (size,) = struct.unpack_from(">I", content)
        if len(content) < 4 + size:
            break
        texts.append(content[4 : 4 + size])
        content = content[4 + size :]
    return {name.decode("utf-8", "replace"): data for name, data in zip(texts[::2], texts[1::2], strict=False)}
