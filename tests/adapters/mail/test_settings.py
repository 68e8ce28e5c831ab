"""What a user writes about mail, and what is said when it is wrong."""

from typing import Any

import pytest
from pydantic import ValidationError

from transload.adapters.base.settings import template_fields
from transload.adapters.mail import MailConnection, MailSource, MailTarget

GIVEN: dict[str, Any] = {
    "username": "edi@us.example",
    "password": "secret",
    "imap": {"host": "imap.us.example"},
    "smtp": {"host": "smtp.us.example"},
}


def test_tls_is_the_rule() -> None:
    found = MailConnection.model_validate(GIVEN)
    assert found.imap is not None
    assert found.smtp is not None
    assert (found.imap.security, found.imap.port_number) == ("tls", 993)
    assert (found.smtp.security, found.smtp.port_number) == ("starttls", 587)
    assert "secret" not in repr(found)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"imap": None, "smtp": None}, "an account needs imap (to receive), smtp (to send), or both"),
        ({"token": "t"}, "there are both a password and a token; give one of them"),
        ({"password": None}, "a login needs username, and password or token"),
        ({"username": None}, "a login needs username, and password or token"),
        ({"imap": {"host": "x", "security": "none"}}, "if that is accepted, write insecure: true"),
        ({"smtp": {"host": "x", "insecure": True}}, "did you mean security: none?"),
        ({"smtp": {"host": "smtp://x"}}, "without protocol and user"),
        ({"smtp": {"host": "x", "hello": "a b\r\nMAIL"}}, "should match pattern"),
        ({"username": "a\r\nb"}, "should match pattern"),
    ],
)
def test_what_is_wrong_with_an_account_is_said(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        MailConnection.model_validate(GIVEN | changes)
    assert message in str(caught.value)


def test_a_relay_needs_no_login() -> None:
    MailConnection.model_validate({"smtp": {"host": "relay.us.example", "login": False}})


def test_an_unseen_mail_that_stays_unseen_would_come_again() -> None:
    with pytest.raises(ValidationError, match="would come again"):
        MailSource.Options.model_validate({"select": "unseen"})
    MailSource.Options.model_validate({"select": "unseen", "afterwards": {"move": "done"}})
    assert MailSource.Options.model_validate({"senders": "a@b.example"}).senders == ("a@b.example",)


def test_what_is_frozen_when_a_delivery_is_staged() -> None:
    assert set(template_fields(MailTarget.Options)) == {"sender", "to", "cc", "reply_to", "subject", "file", "text"}
