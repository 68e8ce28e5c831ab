"""The as2 adapter keeps to the contract: a target over a wire to a partner's server, and an endpoint that he calls."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from tests.adapters.as2.identities import Identity, identity
from tests.adapters.as2.partner import THEM, US, Partner, between
from tests.contract.hurry import Hurried

from transload.adapters.as2 import ADAPTER, As2Endpoint, As2Options, As2Sender, As2Target, names
from transload.adapters.as2.keys import keys_of
from transload.adapters.as2.messages import seal
from transload.adapters.base import Outbound
from transload.adapters.base.endpoint import Request
from transload.adapters.contract import (
    EndpointContract,
    EndpointHarness,
    NotPossible,
    TargetContract,
    TargetHarness,
    Wire,
)
from transload.runner.demo.partners.servers import http_server

PASSWORD = "Kaffee-und-Kuchen"
BOLT, ACME, STRANGER = identity("bolt"), identity("acme"), identity("stranger")


def locked(one: Identity) -> str:
    """Its key in PEM form, under `PASSWORD`."""
    secret = BestAvailableEncryption(PASSWORD.encode())
    return one.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, secret).decode()


def own(one: Identity) -> dict[str, str]:
    return {"certificate": one.pem, "key": KEYS[one.pem], "password": PASSWORD}


KEYS = {one.pem: locked(one) for one in (BOLT, STRANGER)}
SECRETS = (
    PASSWORD,
    *(line for key in (*KEYS.values(), BOLT.key_pem) for line in key.splitlines() if not line.startswith("-----")),
)
"""The password, and each line of the keys."""


class Sent(Hurried, TargetHarness):
    """A partner who takes each Message-ID once, and answers with signed receipts."""

    adapter = ADAPTER
    secrets = SECRETS
    copies = 6  # the partner takes the layers off in this process
    waits = 8  # for the largest one

    def __init__(self, stack: ExitStack, folder: Path, settings: Mapping[str, object]) -> None:
        self.settings = settings
        self.folder = folder
        self.partner = Partner(between(folder, (THEM, ACME), (US, BOLT)))
        parts = urlsplit(stack.enter_context(http_server(self.partner.app)))
        assert parts.hostname is not None
        assert parts.port is not None
        self.wire = stack.enter_context(Wire(parts.hostname, parts.port))

    def target(self) -> As2Sender:
        return self._target(BOLT)

    def stranger(self) -> As2Sender:
        """One who signs with a certificate that the partner does not know, and demands no proof of his answer."""
        return self._target(STRANGER)

    def _target(self, one: Identity) -> As2Sender:
        assert self.wire is not None
        more: dict[str, Any] = {
            "url": f"http://{self.wire.host}:{self.wire.port}/as2",
            "own": own(one),
            "timeouts": {"connect": "2s", "read": f"{self.waits}s", "total": f"{self.waits}s"},
            "max_body": 1_000_000,
            **self.settings,
        }
        options = As2Target.model_validate({"content_type": "application/edifact"})
        return As2Sender(between(self.folder, (US, one), (THEM, ACME), **more), options)

    def outbound(self, number: int, *, content: bytes | None = None, name: str | None = None) -> Outbound:
        given = self.content(number) if content is None else content
        file = f"order-{number}.edi" if name is None else name
        return Outbound(key=f"delivery-{number}", content=given, metadata={"file": file, "subject": "an order"})

    def arrived(self) -> Sequence[bytes]:
        return list(self.partner.taken)

    def state(self) -> Mapping[str, bytes]:
        return {str(number): content for number, content in enumerate(self.partner.taken)}


class Called(EndpointHarness):
    """A partner who seals what he sends with his keys."""

    adapter = ADAPTER
    secrets = SECRETS

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.connection = between(folder, (THEM, ACME), (US, BOLT))
        self.keys = keys_of(self.connection)
        self.contents: dict[bytes, bytes] = {}

    def endpoint(self) -> As2Endpoint:
        return As2Endpoint(between(self.folder, (US, BOLT), (THEM, ACME), largest=10_000), As2Options())

    def request(self, number: int, *, content: bytes | None = None, moment: datetime | None = None) -> Request:
        given = b"UNA:+.? 'UNB+UNOC:3+%d'" % number if content is None else content
        sealed = seal(given, "application/edifact", f"{number}.edi", self.connection, self.keys, self.now)
        self.contents[sealed.body] = given
        headers = {
            "AS2-Version": "1.2",
            "AS2-From": names.written(THEM),
            "AS2-To": names.written(US),
            "Message-ID": f"<{number}@acme.example>",
            "Date": format_datetime(self.now.astimezone(UTC), usegmt=True),
            "Subject": "an order",
            "Disposition-Notification-To": "edi@acme.example",
            "Disposition-Notification-Options": "signed-receipt-protocol=optional, pkcs7-signature; "
            "signed-receipt-micalg=optional, sha-256",
            **sealed.headers,
        }
        headers = {name.lower(): value for name, value in headers.items()}
        return Request(method="POST", path="/as2", headers=headers, content=sealed.body, client="192.0.2.1")

    def kept(self, request: Request) -> bytes:
        return self.contents[request.content]

    def forged(self, request: Request) -> Mapping[str, Request]:
        raise NotPossible(
            "what the partner has not signed is not refused: AS2 has an error receipt for it, and it is quarantined"
        )


class TestTarget(TargetContract):
    @pytest.fixture(
        params=[{}, {"remembers": False, "compress": "before", "encrypt": "aes256"}], ids=["usual", "forgetful"]
    )
    def harness(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Sent]:
        with ExitStack() as stack:
            yield Sent(stack, tmp_path, request.param)


class TestEndpoint(EndpointContract):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> Called:
        return Called(tmp_path)
