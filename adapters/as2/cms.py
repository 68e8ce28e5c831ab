"""CMS as AS2 needs it: sign and verify, compress and take apart (RFC 5652, 8551, 3274); `envelopes` encrypts.

`cryptography` does the arithmetic and makes signatures; it neither verifies CMS signatures nor knows compressed data,
so asn1crypto takes the structures apart.  Nothing that a message brings is trusted: certificates inside of it are not
looked at, the signer and the algorithms must be among those that the caller names.
"""

import secrets
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from asn1crypto import cms, core
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from transload.adapters.as2.ber import check_structure, octets
from transload.adapters.as2.certificates import Own

DIGESTS: dict[str, type[hashes.SHA1 | hashes.SHA256 | hashes.SHA384 | hashes.SHA512]] = {
    "sha1": hashes.SHA1,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
BROKEN = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError)
"""What asn1crypto raises for bytes that are no such structure."""


class Kind(StrEnum):
    """What is wrong with a message: the words of RFC 4130, section 7.5, for a disposition."""

    DECRYPTION = "decryption-failed"
    AUTHENTICATION = "authentication-failed"
    INTEGRITY = "integrity-check-failed"
    DECOMPRESSION = "decompression-failed"
    SECURITY = "insufficient-message-security"
    UNEXPECTED = "unexpected-processing-error"


class CmsFault(Exception):
    """The bytes are not what they should be: ``kind`` for the partner, the text and ``hint`` for ourselves."""

    def __init__(self, kind: Kind, message: str, hint: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.hint = hint


@dataclass(frozen=True, kw_only=True)
class Signature:
    """A signature that is right: the certificate of the caller's that it was made with, and its digest's name."""

    certificate: x509.Certificate
    digest: str


def content_type(der: bytes) -> str:
    """The kind of a CMS structure, such as ``enveloped_data``; "" where it is none."""
    try:
        check_structure(der)
        return str(cms.ContentInfo.load(der)["content_type"].native)
    except BROKEN:
        return ""


def sign(content: bytes, own: Own, digest: str, *, pss: bool = False) -> bytes:
    """A detached signature (SignedData in DER) over exactly these bytes, with our certificate in it."""
    scheme = rsa_padding.PSS(rsa_padding.MGF1(DIGESTS[digest]()), DIGESTS[digest].digest_size) if pss else None
    builder = pkcs7.PKCS7SignatureBuilder().set_data(content)
    builder = builder.add_signer(own.certificate, own.key, _modern(digest), rsa_padding=scheme)
    return builder.sign(Encoding.DER, [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary])


def _modern(digest: str) -> Any:
    if digest == "sha1":
        raise ValueError("nothing is signed with SHA-1")
    return DIGESTS[digest]()


def verify(der: bytes, content: bytes, certificates: Sequence[x509.Certificate], digests: Sequence[str]) -> Signature:
    """Check a detached signature over ``content``; at least one signer must be among ``certificates``.

    Raises `CmsFault`: AUTHENTICATION where none of them has signed, INTEGRITY where one has signed something else,
    SECURITY for a digest that is not among ``digests``.
    """
    try:
        signed = of_type(der, "signed_data")
        if signed["encap_content_info"]["content_type"].native != "data":
            raise ValueError("it signs no plain data")
        signers = list(signed["signer_infos"])
    except BROKEN as error:
        raise CmsFault(
            Kind.AUTHENTICATION, "the signature is no CMS SignedData", "ask the partner to send it again"
        ) from error
    last = CmsFault(
        Kind.AUTHENTICATION,
        "the signature was made with a certificate that is not among the partner's",
        "has the partner a new certificate? then add it under partner:, beside the old one",
    )
    for signer in signers[:10]:
        try:
            certificate = _signer(signer, certificates)
            if certificate is not None:
                return Signature(certificate=certificate, digest=_check(signer, content, certificate, digests))
        except CmsFault as error:
            last = error
        except (*BROKEN, UnsupportedAlgorithm) as error:
            last = CmsFault(
                Kind.AUTHENTICATION, f"the signature cannot be read: {type(error).__name__}", "tell the partner"
            )
    raise last


def _signer(signer: Any, certificates: Sequence[x509.Certificate]) -> x509.Certificate | None:
    return next((certificate for certificate in certificates if is_of(signer["sid"], certificate)), None)


def is_of(identifier: Any, certificate: x509.Certificate) -> bool:
    """Whether a signer or recipient identifier means ``certificate``."""
    chosen = identifier.chosen
    if identifier.name == "issuer_and_serial_number":
        same = chosen["serial_number"].native == certificate.serial_number
        return bool(same and chosen["issuer"].dump() == certificate.issuer.public_bytes())
    try:
        key = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except x509.ExtensionNotFound:
        key = x509.SubjectKeyIdentifier.from_public_key(certificate.public_key()).digest
    return bool(chosen.native == key)


def _check(signer: Any, content: bytes, certificate: x509.Certificate, digests: Sequence[str]) -> str:
    digest = str(signer["digest_algorithm"]["algorithm"].native)
    if digest not in digests or digest not in DIGESTS:
        raise CmsFault(
            Kind.SECURITY,
            f"the signature is made with {digest}, which is not taken",
            "ask the partner for sha256; or allow it under accept: digests:, where he cannot",
        )
    attributes = signer["signed_attrs"]
    forms = [content]
    if isinstance(attributes, core.Void) or not len(attributes):
        if content[:1] == b"\x31":  # else the attributes of another message could pass for a message
            raise CmsFault(
                Kind.AUTHENTICATION, "the signature is over attributes, not over a message", "tell the partner"
            )
    else:
        found = {attribute["type"].native: attribute["values"] for attribute in attributes}
        if len(found) != len(attributes) or len(found["content_type"]) != 1 or len(found["message_digest"]) != 1:
            raise ValueError("an attribute is not there once")
        if found["content_type"][0].native != "data":
            raise ValueError("the signed content type is another one")
        if not secrets.compare_digest(found["message_digest"][0].native, digest_of(content, digest)):
            raise CmsFault(
                Kind.INTEGRITY,
                "the content is not the one that was signed",
                "was it changed on the way? ask the partner to send it again",
            )
        given = attributes.dump()
        # as they came, which should be DER, and in DER; a set is signed under its own tag, not the one that it has here
        forms = [b"\x31" + given[1:], attributes.untag().dump(force=True)]
    proves = _proof(signer, certificate, digest)
    for form in forms:
        try:
            proves(signer["signature"].native, form)
        except InvalidSignature:
            continue
        return digest
    hint = "was it changed on the way? ask the partner to send it again, and which certificate he signs with"
    raise CmsFault(Kind.INTEGRITY, "the signature does not fit what was signed", hint)


def _proof(signer: Any, certificate: x509.Certificate, digest: str) -> Callable[[bytes, bytes], None]:
    """How a signature of this algorithm is checked with the certificate's key."""
    key, hashed = certificate.public_key(), DIGESTS[digest]()
    scheme = signer["signature_algorithm"]
    name = scheme.signature_algo
    named = None if scheme["algorithm"].native in ("rsassa_pkcs1v15", "rsassa_pss") else scheme.hash_algo
    if named not in (None, digest):
        raise ValueError("it names two digests")
    if isinstance(key, rsa.RSAPublicKey) and name == "rsassa_pkcs1v15":
        return lambda signature, data: key.verify(signature, data, rsa_padding.PKCS1v15(), hashed)
    if isinstance(key, rsa.RSAPublicKey) and name == "rsassa_pss":
        given = scheme["parameters"]
        mask = given["mask_gen_algorithm"]["parameters"]["algorithm"].native
        if given["hash_algorithm"]["algorithm"].native != digest or mask not in DIGESTS:
            raise ValueError("its parameters name other digests")
        pss = rsa_padding.PSS(rsa_padding.MGF1(DIGESTS[mask]()), int(given["salt_length"].native))
        return lambda signature, data: key.verify(signature, data, pss, hashed)
    if isinstance(key, ec.EllipticCurvePublicKey) and name == "ecdsa":
        return lambda signature, data: key.verify(signature, data, ec.ECDSA(hashed))
    raise ValueError(f"{name} does not go with the certificate's key")


def digest_of(content: bytes, digest: str) -> bytes:
    """The digest of ``content``."""
    made = hashes.Hash(DIGESTS[digest]())
    made.update(content)
    return made.finalize()


def compress(content: bytes) -> bytes:
    """CompressedData in DER."""
    compressed = cms.CompressedData(
        {
            "version": "v0",
            "compression_algorithm": {"algorithm": "zlib"},
            "encap_content_info": {"content_type": "data", "content": zlib.compress(content, 6)},
        }
    )
    return bytes(cms.ContentInfo({"content_type": "compressed_data", "content": compressed}).dump())


def decompress(der: bytes, most: int) -> bytes:
    """What is in CompressedData; raises `CmsFault` of kind DECOMPRESSION, also for more than ``most`` bytes."""
    try:
        compressed = of_type(der, "compressed_data")
        if compressed["compression_algorithm"]["algorithm"].native != "zlib":
            raise ValueError("another algorithm")
        packed = octets(compressed["encap_content_info"]["content"])
        unpacking = zlib.decompressobj()
        content = unpacking.decompress(packed, most + 1)
        whole = unpacking.eof and not unpacking.unused_data
    except (*BROKEN, zlib.error) as error:
        raise CmsFault(Kind.DECOMPRESSION, "it cannot be decompressed", "ask the partner to send it again") from error
    if len(content) > most:
        hint = f"raise largest: of the connection if more than {most} bytes are meant"
        raise CmsFault(Kind.DECOMPRESSION, f"decompressed it has more than {most} bytes", hint)
    if not whole:
        raise CmsFault(Kind.DECOMPRESSION, "what is compressed is cut off", "ask the partner to send it again")
    return content


def of_type(der: bytes, kind: str) -> Any:
    """The content of a CMS structure of this kind.  Raises one of `BROKEN`."""
    check_structure(der)
    found = cms.ContentInfo.load(der, strict=True)
    if found["content_type"].native != kind:
        raise ValueError("another content type")
    return found["content"]
