"""A message with its layers: compressed, signed, encrypted; put on, taken off, and what its receipt is to say of it.

The digest for the receipt (MIC) is over what RFC 4130, section 7.3.1, and RFC 5402, section 4, name: what was signed,
byte for byte; else, where it is encrypted or compressed, the innermost part with its headers; else the content alone.
"""

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256

from cryptography.hazmat.primitives.serialization import Encoding

from transload.adapters.as2 import cms, envelopes, mime
from transload.adapters.as2.cms import CmsFault, Kind
from transload.adapters.as2.keys import Keys
from transload.adapters.as2.settings import As2Connection

_PKCS7 = ("application/pkcs7-mime", "application/x-pkcs7-mime")
_SIGNATURES = ("application/pkcs7-signature", "application/x-pkcs7-signature")
_MIC = re.compile(r"([A-Za-z0-9+/=\s]+),\s*([A-Za-z0-9-]+)\s*")
MICALGS = {"sha256": "sha-256", "sha384": "sha-384", "sha512": "sha-512", "sha1": "sha1"}
"""The names of digests in micalg (RFC 8551, section 3.5.3.2)."""


def digest_named(name: str) -> str | None:
    """The digest that a partner calls ``name``: sha-256, SHA256, rsa-sha256; None for one that we do not know."""
    plain = name.strip().strip('"').lower().replace("-", "").replace("_", "").removeprefix("rsa")
    return plain if plain in cms.DIGESTS else None


@dataclass(frozen=True, kw_only=True)
class Mic:
    """A digest for a receipt: its bytes, and the name of the digest."""

    value: bytes
    digest: str

    @classmethod
    def of(cls, content: bytes, digest: str) -> "Mic":
        """That of ``content``."""
        return cls(value=cms.digest_of(content, digest), digest=digest)

    @classmethod
    def read(cls, text: str) -> "Mic | None":
        """One as a receipt has it, ``BASE64, sha-256``; None where it is none."""
        found = _MIC.fullmatch(text.strip())
        digest = digest_named(found[2]) if found else None
        if found is None or digest is None:
            return None
        try:
            return cls(value=base64.b64decode("".join(found[1].split()), validate=True), digest=digest)
        except ValueError:
            return None

    def __str__(self) -> str:
        return f"{base64.b64encode(self.value).decode()}, {MICALGS[self.digest]}"


@dataclass(frozen=True, kw_only=True)
class Sealed:
    """A message ready to be sent: its ``Content-`` headers, its body, and what the receipt's digest must be over."""

    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    measured: bytes = field(repr=False)

    def mic(self, digest: str) -> Mic:
        """The digest that its receipt must have."""
        return Mic.of(self.measured, digest)


def seal(
    content: bytes, content_type: str, filename: str, connection: As2Connection, keys: Keys, now: datetime
) -> Sealed:
    """Put on the layers that the connection wants.  Raises `Stop` where a certificate is not valid now."""
    part = Sealed(headers=_headers(content_type, filename), body=content, measured=content)
    if connection.compress == "before" or (connection.compress == "after" and connection.sign == "none"):
        part = replace(_compressed(part), measured=_rendered(part))
    if connection.sign != "none":
        part = _signed(part, connection, keys, now)
    if connection.compress == "after" and connection.sign != "none":
        part = replace(_compressed(part), measured=part.measured)
    if connection.encrypt != "none":
        plain = _rendered(part)
        der = envelopes.encrypt(plain, keys.recipient(now), connection.encrypt, oaep=connection.oaep)
        kind = "authEnveloped-data" if connection.encrypt.endswith("-gcm") else "enveloped-data"
        measured = part.measured if connection.sign != "none" or connection.compress != "none" else plain
        part = Sealed(headers=_pkcs7(kind, "smime.p7m"), body=der, measured=measured)
    return part


def measured(content: bytes, content_type: str, filename: str, connection: As2Connection) -> bytes:
    """What the receipt of such a message must be over; nothing is signed or encrypted for it."""
    part = Sealed(headers=_headers(content_type, filename), body=content, measured=content)
    if connection.sign != "none":
        return _rendered(_compressed(part) if connection.compress == "before" else part)
    return content if connection.encrypt == "none" and connection.compress == "none" else _rendered(part)


def _headers(content_type: str, filename: str) -> dict[str, str]:
    headers = {"Content-Type": content_type, "Content-Transfer-Encoding": "binary"}
    if filename:
        headers["Content-Disposition"] = f"attachment; {mime.named(filename)}"
    return headers


def _pkcs7(kind: str, name: str) -> dict[str, str]:
    return {
        "Content-Type": f"application/pkcs7-mime; smime-type={kind}; name={name}",
        "Content-Transfer-Encoding": "binary",
        "Content-Disposition": f"attachment; filename={name}",
    }


def _rendered(part: Sealed) -> bytes:
    return mime.render(part.headers, part.body)


def _compressed(part: Sealed) -> Sealed:
    return Sealed(
        headers=_pkcs7("compressed-data", "smime.p7z"), body=cms.compress(_rendered(part)), measured=part.measured
    )


def _signed(part: Sealed, connection: As2Connection, keys: Keys, now: datetime) -> Sealed:
    plain = _rendered(part)
    content_type, body = sign_part(plain, connection, keys, now)
    return Sealed(headers={"Content-Type": content_type}, body=body, measured=plain)


def sign_part(
    plain: bytes, connection: As2Connection, keys: Keys, now: datetime, digest: str | None = None
) -> tuple[str, bytes]:
    """Content type and body of a multipart/signed around the part ``plain``.  Raises `Stop`."""
    digest = digest or (connection.sign if connection.sign != "none" else "sha256")
    signature = mime.render(
        {
            "Content-Type": "application/pkcs7-signature; name=smime.p7s",
            "Content-Transfer-Encoding": "base64",
            "Content-Disposition": "attachment; filename=smime.p7s",
        },
        mime.encoded(cms.sign(plain, keys.signing(now), digest, pss=connection.pss)),
    )
    boundary = mime.new_boundary()
    content_type = (
        f'multipart/signed; protocol="application/pkcs7-signature"; micalg={MICALGS[digest]}; boundary="{boundary}"'
    )
    return content_type, mime.multipart([plain, signature], boundary)


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A message without its layers: the innermost ``part``, and what the receipt's digest is over.

    ``signer`` is the SHA-256 fingerprint of the certificate that signed it, "" where nobody did; ``digest`` that of
    the signature.
    """

    part: mime.Part
    measured: bytes = field(repr=False)
    encrypted: bool = False
    compressed: bool = False
    signer: str = ""
    digest: str = ""

    def mic(self, digest: str) -> Mic:
        """The digest for its receipt."""
        return Mic.of(self.measured, digest)


def unseal(part: mime.Part, connection: As2Connection, keys: Keys, now: datetime) -> Opened:
    """Take off all layers, checking each.  Raises `CmsFault`.

    What is inside of an encrypted one and no well-formed part counts as not decrypted: else the difference would tell
    who sends made-up messages whether their padding was right.
    """
    opened = Opened(part=part, measured=b"")
    for _ in range(4):
        try:
            further = _layer(opened, connection, keys, now)
        except mime.NotMime as error:
            kind = Kind.DECRYPTION if opened.encrypted else Kind.UNEXPECTED
            hint = "was it changed on the way? ask the partner to send it again"
            raise CmsFault(kind, f"it cannot be taken apart: {error}", hint) from error
        if further is None:
            break
        opened = further
    else:
        raise CmsFault(Kind.UNEXPECTED, "it has more layers than a message of AS2 has", "tell the partner")
    if opened.signer:
        return opened
    plain = not opened.encrypted and not opened.compressed
    return replace(opened, measured=_content(opened) if plain else opened.measured)


def _content(opened: Opened) -> bytes:
    try:
        return opened.part.content
    except mime.NotMime as error:
        raise CmsFault(Kind.UNEXPECTED, str(error), "ask the partner to send it again") from error


def _layer(opened: Opened, connection: As2Connection, keys: Keys, now: datetime) -> Opened | None:
    """The message with its outermost layer taken off; None where it has none."""
    part = opened.part
    if part.media_type == "multipart/signed":
        return _checked(opened, connection, keys, now)
    if part.media_type not in _PKCS7:
        return None
    der = part.content
    kind = cms.content_type(der)
    sealed = kind in (envelopes.ENVELOPED, envelopes.AUTHENTICATED)
    if sealed and not (opened.encrypted or opened.compressed or opened.signer):
        inside = envelopes.decrypt(der, keys.own, connection.accept.ciphers)
        decrypted = replace(opened, encrypted=True)
        try:
            return replace(decrypted, part=_typed(inside), measured=mime.canonical_headers(inside))
        except mime.NotMime as error:
            raise CmsFault(
                Kind.DECRYPTION,
                f"it does not decrypt to a message: {error}",
                "was it changed on the way, or encrypted for another key? ask the partner to send it again",
            ) from None
    if kind == "compressed_data" and not opened.compressed:
        inside = cms.decompress(der, connection.largest)
        measured = opened.measured if opened.signer else mime.canonical_headers(inside)
        return replace(opened, part=_typed(inside), measured=measured, compressed=True)
    what = kind.replace("_", " ") or "no CMS structure"
    fault = Kind.DECRYPTION if not kind else Kind.UNEXPECTED
    raise CmsFault(fault, f"a layer of it is {what}, which is not taken here", "tell the partner")


def _typed(inside: bytes) -> mime.Part:
    """The part within a layer, which names its content type, as no garbage does."""
    part = mime.parse(inside)
    if "content-type" not in part.headers:
        raise mime.NotMime("it names no content type")
    return part


def _checked(opened: Opened, connection: As2Connection, keys: Keys, now: datetime) -> Opened:
    """What is signed, the signature being right."""
    if opened.signer:
        raise CmsFault(Kind.UNEXPECTED, "it is signed twice", "tell the partner")
    parts = mime.split(opened.part, most=2)
    if len(parts) != 2:
        raise mime.NotMime("a signed message has two parts")
    signature = mime.parse(parts[1])
    if signature.media_type not in _SIGNATURES:
        raise CmsFault(Kind.AUTHENTICATION, f"its signature is {signature.media_type[:80]}", "tell the partner")
    known = keys.signers(now)
    last: CmsFault | None = None
    for form in _forms(parts[0]):
        try:
            found = cms.verify(signature.content, form, known, connection.accept.digests)
        except CmsFault as fault:
            last = last or fault
            continue
        signer = sha256(found.certificate.public_bytes(Encoding.DER)).hexdigest()
        inside = mime.parse(form)
        return replace(opened, part=inside, measured=form, signer=signer, digest=found.digest)
    assert last is not None
    ended = keys.ended(now)
    if last.kind is Kind.AUTHENTICATION and ended:
        hint = f"not valid now, and not looked at: {ended}; {last.hint}"
        raise CmsFault(last.kind, last.message, hint)
    raise last


def _forms(raw: bytes) -> Iterator[bytes]:
    """The bytes that may have been signed: as they came, and with lines ended by CRLF, if a relay changed that."""
    yield raw
    canonical = mime.canonical(raw)
    if canonical != raw:
        yield canonical
