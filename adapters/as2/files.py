"""Several files in one message (RFC 6362): a multipart, kept whole as it came, whose parts a filter reads one by one.

All of them stand or fall together at the door: the partner is given one receipt, whose digest is over the whole.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated

from pydantic import Field

from transload.adapters.as2 import mime
from transload.adapters.base import Finding, Reject, Severity
from transload.adapters.base.bounds import refused
from transload.adapters.base.filter import Filter, Payload
from transload.adapters.base.printable import printable
from transload.adapters.base.settings import ONE_OR_MORE, Settings

MULTIPARTS = ("multipart/related", "multipart/mixed")
"""The first is what RFC 6362 wants."""
MOST_FILES = 100
_BEGIN = b"Content-Type: multipart/"


def whole(part: mime.Part) -> bytes:
    """A multipart as it is kept: with the header that names its boundary."""
    return mime.render({"Content-Type": part.headers["content-type"]}, part.body)


def files_in(part: mime.Part, *, most: int) -> list[bytes]:
    """The parts of a multipart, each a file that can be read.  Raises `mime.NotMime`."""
    found = mime.split(part, most=most)
    if not found:
        raise mime.NotMime("it holds no file")
    for raw in found:
        one = mime.parse(raw)
        if one.media_type.startswith("multipart/"):
            raise mime.NotMime("a multipart within a multipart is no file")
        _ = one.content  # raises where it cannot be decoded
    return found


class FilesOptions(Settings):
    """Which of several files in a message are read."""

    content_types: Annotated[tuple[str, ...], ONE_OR_MORE] = Field(
        default=(),
        description="Content types of the files that are read, such as application/edifact; all when empty. Others are "
        "kept with the message",
        examples=[["application/edifact"]],
    )


class FilesFilter(Filter[FilesOptions]):
    """Takes a message of several files apart; one that is a single file is left as it is."""

    Options = FilesOptions

    def unwrap(self, payload: Payload, remark: Callable[[Finding], None]) -> Iterator[Payload]:
        """The files, in their order, with ``entry`` and ``content_type`` in the metadata.  Raises `Reject`: E-MIME."""
        if not payload.content.startswith(_BEGIN):
            yield payload
            return
        try:
            files = files_in(mime.parse(payload.content), most=MOST_FILES)
        except mime.NotMime as error:
            message = f"{payload.name} cannot be taken apart: {error}"
            raise refused("E-MIME", message, "ask the partner to send it again", byte=0) from error
        for number, raw in enumerate(files, 1):
            file = mime.parse(raw)
            name = printable(file.filename)[:250] or f"file {number}"
            kind = printable(file.media_type)[:200]
            if self.options.content_types and kind not in self.options.content_types:
                message = f"the file {name} of {payload.name} is {kind}, which is not read"
                remark(Finding(code="R-ENTRY", severity=Severity.REMARK, message=message))
                continue
            metadata = {**payload.metadata, "entry": name, "content_type": kind}
            yield Payload(content=file.content, name=name, metadata=metadata)

    def wrap(self, content: bytes, filled: Mapping[str, str]) -> bytes:
        """``content`` as it is: what is sent is one file.  Raises `Reject` where it looks like several."""
        if not content.startswith(_BEGIN):
            return content
        hint = "leave the filter as2 out for what is sent"
        message = "this content would be taken for several files in one message, and those are never sent"
        raise Reject(message, hint=hint, findings=[Finding(code="E-FILTER", message=message, hint=hint)])
