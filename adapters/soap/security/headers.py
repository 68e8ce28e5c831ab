"""The WS-Security header of a request, made anew for each attempt: token, timestamp, signature."""

import os
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

from lxml import etree
from zeep.wsse import utils as wsse
from zeep.wsse.username import UsernameToken as ZeepToken

from transload.adapters.base.soap import envelope_space
from transload.adapters.soap.security.parts import WSSE, WSU
from transload.adapters.soap.security.settings import Security, UsernameToken
from transload.adapters.soap.security.signatures import sign

_BASE64 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"

_TOKEN: Any = ZeepToken  # zeep declares no types here
_SECURITY_HEADER: Any = wsse.get_security_header


def secure(envelope: "etree._Element", security: Security, *, now: datetime) -> None:
    """Put what ``security`` wants into the header of ``envelope``.  Raises `Stop` when a signature is not possible."""
    if security.timestamp is None and security.username_token is None and security.sign is None:
        return
    header = _SECURITY_HEADER(envelope)
    if security.must_understand:
        space = envelope_space(envelope)
        header.set(f"{{{space}}}mustUnderstand", "1")
    if security.timestamp is not None:
        timestamp = etree.SubElement(header, f"{{{WSU}}}Timestamp", nsmap={"wsu": WSU})
        for name, moment in (("Created", now), ("Expires", now + security.timestamp)):
            etree.SubElement(timestamp, f"{{{WSU}}}{name}").text = _written(moment)
    if security.username_token is not None:
        _add_token(envelope, header, security.username_token, now)
    if security.sign is not None:
        sign(envelope, header, security.sign)


def _add_token(envelope: "etree._Element", header: "etree._Element", token: UsernameToken, now: datetime) -> None:
    password = token.password.get_secret_value()
    # zeep replaces microseconds and writes UTC as it is given
    _TOKEN(token.username, password, use_digest=token.digest, created=now, zulu_timestamp=True).apply(envelope, {})
    if token.nonce and not token.digest:
        made = header.find(f"{{{WSSE}}}UsernameToken")
        assert made is not None
        nonce = etree.SubElement(made, f"{{{WSSE}}}Nonce", EncodingType=_BASE64)
        nonce.text = b64encode(os.urandom(16)).decode()
        etree.SubElement(made, f"{{{WSU}}}Created", nsmap={"wsu": WSU}).text = _written(now)


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
