"""The certificates of a connection, read when it is used."""

from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from transload.adapters.as2.certificates import Own, Theirs, in_use, read_certificate, read_own, valid
from transload.adapters.as2.settings import As2Connection
from transload.adapters.base.regular import read_regular
from transload.canonical.errors import Stop

_MOST = 100_000
"""Bytes that a certificate's file may have."""


@dataclass(frozen=True)
class Keys:
    """Both sides' certificates."""

    own: tuple[Own, ...] = field(repr=False)
    theirs: tuple[Theirs, ...] = field(repr=False)
    expired: bool

    def signing(self, now: datetime) -> Own:
        """Ours to sign with now.  Raises `Stop`."""
        found = in_use(self.own, now, "our")
        assert isinstance(found, Own)
        return found

    def recipient(self, now: datetime) -> x509.Certificate:
        """The partner's to encrypt for now.  Raises `Stop`."""
        return in_use(self.theirs, now, "the partner's").certificate

    def signers(self, now: datetime) -> list[x509.Certificate]:
        """The partner's with which a signature may be made."""
        return [item.certificate for item in self.theirs if self.expired or valid(item.certificate, now)]

    def ended(self, now: datetime) -> str:
        """The names of the partner's that are not valid now; "" where all are, or none need be."""
        gone = [item.name for item in self.theirs if not self.expired and not valid(item.certificate, now)]
        return ", ".join(gone)


def keys_of(connection: As2Connection) -> Keys:
    """Read them.  Raises `Stop` with what is wrong with which of them."""
    own = tuple(
        read_own(
            item.certificate.get_secret_value(),
            item.key.get_secret_value(),
            item.password.get_secret_value() if item.password else None,
            f"own[{number}]",
            item.since,
        )
        for number, item in enumerate(connection.own, 1)
    )
    theirs = []
    for item in connection.partner:
        try:
            text = read_regular(item.certificate, _MOST)
        except OSError as error:
            message = f"the partner's certificate {item.certificate} cannot be read: {error.strerror}"
            raise Stop(message, hint="correct partner: of the connection") from None
        found = read_certificate(text, item.certificate.name)
        if connection.encrypt != "none" and not isinstance(found.public_key(), rsa.RSAPublicKey):
            message = f"nothing can be encrypted for the partner's certificate {item.certificate.name}: it is not RSA"
            raise Stop(message, hint="ask him for an RSA certificate, or write encrypt: none")
        theirs.append(Theirs(name=item.certificate.name, certificate=found, since=item.since))
    return Keys(own, tuple(theirs), connection.accept.expired)
