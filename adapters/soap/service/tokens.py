"""The UsernameToken of a request: whether it proves that the partner sent it (UsernameToken Profile 1.1)."""

import hmac
from base64 import b64decode, b64encode
from datetime import datetime, timedelta
from hashlib import sha1

from lxml import etree

from transload.adapters.soap.security.clocks import moment
from transload.adapters.soap.security.parts import WSSE, WSU
from transload.adapters.soap.service.answering import Trouble, unproved
from transload.adapters.soap.service.repeats import Repeats
from transload.adapters.soap.service.settings import Token


class Unproved(Exception):
    """A request does not prove who sent it: the message says why and ``hint`` what to do, for our log alone.

    ``told`` is what its sender is told.
    """

    def __init__(self, message: str, *, hint: str | None = None, told: Trouble | None = None) -> None:
        super().__init__(message)
        self.hint = hint
        self.told = told or unproved()


class Tokens:
    """Checks tokens, and remembers the nonces of good ones for as long as they could be sent again.

    The same nonce in the same request is a repetition, whose sender may not have heard our answer; in another
    request it was overheard.
    """

    def __init__(self, token: Token, tolerance: timedelta) -> None:
        self._token = token
        self._tolerance = tolerance
        self._nonces = Repeats(2 * tolerance)

    def check(self, security: "list[etree._Element]", request: bytes, now: datetime) -> None:
        """Raise `Unproved` unless exactly one token stands in the ``security`` headers, and it is good."""
        tokens = [one for header in security for one in header.iterchildren(f"{{{WSSE}}}UsernameToken")]
        if len(tokens) != 1:
            raise Unproved(f"it has {len(tokens)} user tokens")
        told = {name: _only(tokens[0], name) for name in (f"{{{WSSE}}}Username", f"{{{WSSE}}}Password")}
        name, password = told.values()
        nonce, created = _only(tokens[0], f"{{{WSSE}}}Nonce"), _only(tokens[0], f"{{{WSU}}}Created")
        if name is None or not _same((name.text or "").strip(), self._token.username):
            raise Unproved("the user name is another one")
        if password is None:
            raise Unproved("there is no password")
        self._check_password(password, _text(nonce), _text(created))
        if created is not None:
            self._check_age(_text(created), now)
        if nonce is not None and not self._nonces.takes(_text(nonce).encode(), request, now):
            raise Unproved("its nonce came before, in another request")

    def _check_password(self, password: "etree._Element", nonce: str, created: str) -> None:
        sent = password.text or ""
        known = [one.get_secret_value() for one in self._token.password]
        if (password.get("Type") or "").endswith("#PasswordDigest"):
            if not nonce or not created:
                raise Unproved("a digest needs nonce and time")
            known = [_digest(nonce, created, one) for one in known]
        elif self._token.digest:
            raise Unproved("the password came as text, and digests are taken alone")
        if True not in [_same(sent, one) for one in known]:  # all are compared: the time tells nothing
            raise Unproved("the password is wrong")

    def _check_age(self, created: str, now: datetime) -> None:
        when = moment(created)
        if when is None:
            raise Unproved("the time of the token cannot be read")
        if abs(now - when) > self._tolerance:
            raise Unproved(f"the token is of {when:%Y-%m-%d %H:%M:%S} UTC, more than tolerance from our clock")


def _only(token: "etree._Element", name: str) -> "etree._Element | None":
    found = token.findall(name)
    if len(found) > 1:
        raise Unproved(f"the token has {etree.QName(name).localname} {len(found)} times")
    return found[0] if found else None


def _text(element: "etree._Element | None") -> str:
    return "" if element is None else (element.text or "").strip()


def _digest(nonce: str, created: str, password: str) -> str:
    """Base64 of SHA-1 of nonce, created and password, as section 3.1 of the profile wants it."""
    try:
        raw = b64decode(nonce, validate=True)
    except ValueError:
        raise Unproved("the nonce is no base64") from None
    return b64encode(sha1(raw + created.encode() + password.encode(), usedforsecurity=False).digest()).decode()


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))
