"""What a user writes about an FTP connection, and what is said when it is wrong."""

from typing import Any

import pytest
from pydantic import ValidationError

from transload.adapters.ftp import FtpConnection

GIVEN = {"host": "ftp.partner.example", "username": "acme", "password": "secret"}


def test_tls_is_the_rule() -> None:
    found = FtpConnection.model_validate(GIVEN)
    assert (found.security, found.port_number, found.tls.verify) == ("explicit", 21, True)
    assert FtpConnection.model_validate(GIVEN | {"security": "implicit"}).port_number == 990
    assert FtpConnection.model_validate(GIVEN | {"port": 2121}).port_number == 2121
    assert "secret" not in repr(found)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"security": "none"},
            "without TLS everybody on the way can read name, password and files; if that is accepted, write"
            " insecure: true",
        ),
        ({"insecure": True}, "insecure: true has no meaning with TLS; did you mean security: none?"),
        ({"host": "ftp://partner.example"}, "write it like mail.example.com, without protocol and user"),
        ({"host": "ftp..partner.example"}, "'ftp..partner.example' is no host name"),
        ({"host": "x" * 70 + ".example"}, "is no host name; write it like mail.example.com"),
        ({"username": "a\nDELE b"}, "should match pattern"),
        ({"encoding": "klingon"}, "'klingon' is no character set that is known here"),
        ({"encoding": "utf-16"}, "'utf-16' does not contain ASCII, which FTP needs"),
        ({"tls": {"verify": False}}, "without an authority and without pins any server would be taken"),
        ({"timeouts": {"answer": "0s"}}, "greater than"),
        ({"port": 0}, "greater than or equal to 1"),
    ],
)
def test_what_is_wrong_is_said(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        FtpConnection.model_validate(GIVEN | changes)
    assert message in str(caught.value)
