"""Receiving mails: each attachment becomes an inbound, and the mail is cleared away when all of them are committed."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import partial

from transload.adapters.base import Finding, Inbound, Memory, Place, Probe, Reject, Severity, Source
from transload.adapters.base.probing import of_tls
from transload.adapters.mail.mailbox import Glance, Mailbox, open_mailbox
from transload.adapters.mail.parts import HEAD, Opened, Part, headers_of, opened
from transload.adapters.mail.settings import MailConnection, MoveTo, Receive
from transload.adapters.mail.watermark import Watermark
from transload.canonical.errors import TransloadError

_log = logging.getLogger(__name__)
_AGAIN = "this mail is read again only as a new one: copy it into the folder"


class MailSource(Source[MailConnection, Receive]):
    """Takes attachments out of the mails of a folder.

    The key of an inbound is made of the mail's Message-ID and Date, the part's place in it and its content; so it
    survives that mails are moved, copied or restored, and that a folder is built anew (UIDVALIDITY).
    """

    Options = Receive
    _box: Mailbox | None = None

    def receive(self, memory: Memory) -> Iterator[Inbound]:
        """Yield the attachments of the mails that are wanted, in the order of their arrival.

        What is wrong with single mails is raised at the end, as one `Reject`, once for each mail; the mails stay.
        """
        options = self.options
        box = self._opened()
        validity, _ = box.select(options.folder, read_only=options.afterwards == "keep")
        mark = Watermark(memory, options.folder, validity, by_mark=options.select == "new")
        candidates = mark.begin(box.uids(above=mark.start, unseen=options.select == "unseen"))
        trouble = _Trouble()
        others: list[int] = []
        taken = 0
        for glance in box.glances(candidates):
            if taken == options.at_most:
                _log.info("more mails in %s wait for the next pass", options.folder)
                break
            problem = self._problem(glance)
            if problem is not None:
                trouble.with_mail(glance.uid, [problem])
            elif not _matches(headers_of(glance.headers).subject, options.subject):
                others.append(glance.uid)
            elif (raw := box.content(glance.uid)) is not None:  # else somebody took it away meanwhile
                mail = opened(raw, forwarded=options.forwarded)
                news = False
                for inbound in self._inbounds(mail, glance.uid, trouble, partial(self._finish, box, mark, glance.uid)):
                    if memory.seen(inbound.key):
                        trouble.unless(inbound.settle)
                    else:
                        news = True
                        yield inbound
                taken += news  # one that is known, and cannot be cleared away, must not stand in the others' way
        mark.finish(*others, *trouble.mails)  # these are told of by now; when a pass is cut short, the next one tells
        if trouble.findings:
            raise Reject(f"{len(trouble.findings)} mails in {options.folder} are left alone", findings=trouble.findings)

    def probe(self) -> Probe:
        """Log in, and look whether the folder is there and what the server can do."""
        try:
            box = self._opened()
            _, count = box.select(self.options.folder, read_only=True)
        except TransloadError as error:
            return Probe(ok=False, summary=error.message, findings=error.findings)
        summary = f"{box.peer}, folder {self.options.folder}, {count} mails"
        return Probe(
            ok=True,
            summary=summary,
            findings=tuple(of_tls(box.tls, self.connection.imap.tls.pins if self.connection.imap else ())),
        )

    def close(self) -> None:
        """Log out."""
        if self._box is not None:
            self._box.close()
            self._box = None

    def _opened(self) -> Mailbox:
        if self._box is None:
            self._box = open_mailbox(self.connection, largest=self.options.largest)
        return self._box

    def _problem(self, glance: Glance) -> Finding | None:
        """Why a mail is left alone and told of, before it is fetched; None where nothing speaks against it."""
        options = self.options
        senders = headers_of(glance.headers).senders
        who = ", ".join(senders) or "nobody"
        place = Place(file=_where(options.folder, f"UID {glance.uid}"))
        if options.senders != ("*",) and not (senders and all(_matches(one, options.senders) for one in senders)):
            message = f"a mail from {who} is left alone: the sender is not one of those that are read"
            hint = f"add the address to senders, if it is the partner's; {_AGAIN}"
            warned = Severity.WARNING
            return Finding(code="W-SENDER", severity=warned, message=message, hint=hint, value=who, place=place)
        if len(glance.headers) >= HEAD:
            message = f"a mail from {who[:100]} has headers of more than {HEAD} bytes and is left alone"
            return Finding(code="E-SIZE", message=message, hint="have somebody look at the mail", place=place)
        if glance.size > options.largest:
            message = f"a mail from {who} has {glance.size} bytes and is left alone"
            hint = f"agree on smaller mails, or raise largest ({options.largest}); {_AGAIN}"
            return Finding(code="E-SIZE", message=message, hint=hint, value=str(glance.size), place=place)
        return None

    def _inbounds(self, mail: Opened, uid: int, trouble: "_Trouble", finish: Callable[[], None]) -> list[Inbound]:
        """What is taken from a mail.  ``finish`` is called when all of it is settled, if nothing in the mail is wrong.

        A mail with a fault stays where it is, for people to see; what is good in it is taken all the same.
        """
        parts = self._chosen(mail)
        found = mail.problems or (() if parts else (_nothing(mail),))
        if found:
            where = Place(file=_where(self.options.folder, mail.headers.message_id or f"UID {uid}"))
            finish = partial(trouble.with_mail, uid, [replace(one, place=where) for one in found])
        if not parts:
            finish()
        closing = _Closing(parts, finish)
        return [self._inbound(mail, part, uid, partial(closing.done, part)) for part in parts]

    def _chosen(self, mail: Opened) -> list[Part]:
        options = self.options
        found = [
            part
            for part in mail.parts
            if not part.is_text
            and _matches(part.name, options.attachments)
            and _matches(part.content_type, options.types)
        ]
        text = next((part for part in mail.parts if part.is_text), None)
        if text is not None and (options.body == "always" or (options.body == "alone" and not found)):
            found.insert(0, text)
        return found

    def _inbound(self, mail: Opened, part: Part, uid: int, settle: Callable[[], None]) -> Inbound:
        headers = mail.headers
        facts = {
            "name": part.name,
            "size": str(len(part.content)),
            "sha256": part.digest,
            "content_type": part.content_type,
            "charset": part.charset,
            "part": part.path,
            "sender": ", ".join(headers.senders),
            "subject": headers.subject,
            "message_id": headers.message_id,
            "date": headers.date,
            "uid": str(uid),
        }
        label = part.name or f"part {part.path}"
        return Inbound(
            key=f"mail|{mail.identity}|{part.path}|{part.digest}",
            content=part.content,
            origin=_where(self.options.folder, f"{headers.message_id or f'UID {uid}'}/{label}"),
            metadata={name: value for name, value in facts.items() if value},
            settle=settle,
        )

    def _finish(self, box: Mailbox, mark: Watermark, uid: int) -> None:
        """Do what the route says about a mail of which all is committed; doing it twice does no harm."""
        afterwards = self.options.afterwards
        if isinstance(afterwards, MoveTo):
            box.move(uid, afterwards.move)
        elif afterwards == "delete":
            box.delete(uid)
        elif afterwards == "seen":
            box.mark_seen(uid)
        mark.finish(uid)


class _Trouble:
    """What is wrong with single mails of a pass, and which ones stay for it."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.mails: list[int] = []

    def with_mail(self, uid: int, findings: list[Finding]) -> None:
        """The mail stays as it is."""
        if uid not in self.mails:
            self.findings += findings
            self.mails.append(uid)

    def unless(self, settle: Callable[[], None]) -> None:
        """Settle what is committed already; where that is refused, it is tried again in the next pass."""
        try:
            settle()
        except Reject as error:
            self.findings += error.findings


class _Closing:
    """Counts the parts of a mail that are committed, and finishes it after the last one."""

    def __init__(self, parts: list[Part], finish: Callable[[], None]) -> None:
        self._open = {part.path for part in parts}
        self._finish = finish

    def done(self, part: Part) -> None:
        """``part`` is committed; called again, after a refusal, it tries again to finish."""
        self._open.discard(part.path)
        if not self._open:
            self._finish()


def _matches(text: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(text.lower(), pattern.lower()) for pattern in patterns)


def _nothing(mail: Opened) -> Finding:
    message = f"a mail from {', '.join(mail.headers.senders) or 'nobody'} has nothing in it that is taken"
    names = ", ".join(part.name or part.content_type for part in mail.parts)[:300]
    hint = f"it holds: {names}; compare attachments, types and body; {_AGAIN}" if names else "ask the sender"
    return Finding(code="W-NOTHING", severity=Severity.WARNING, message=message, hint=hint, value=names or None)


def _where(folder: str, what: str) -> str:
    return f"{folder}/{what}"
