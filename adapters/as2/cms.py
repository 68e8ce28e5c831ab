"""CMS as AS2 needs it: sign and verify, encrypt and decrypt, compress and take apart (RFC 5652, 8551, 3274).

`cryptography` does the arithmetic and makes signatures; it neither verifies CMS signatures nor knows compressed data,
so asn1crypto takes the structures apart.  Nothing that a message brings is trusted: certificates inside of it are not
looked at, the signer and the algorithms must be among those that the caller names.
"""

import secrets
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from asn1crypto import algos, cms, core
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.ciphers import Cipher, CipherAlgorithm, algorithms, modes
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from transload.adapters.as2.ber import check_structure, octets
from transload.adapters.as2.certificates import Own

DIGESTS: dict[str, type[hashes.SHA1 | hashes.SHA256 | hashes.SHA384 | hashes.SHA512]] = {
    "sha1": hashes.SHA1,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
KEY_BYTES = {"aes128_cbc": 16, "aes192_cbc": 24, "aes256_cbc": 32, "tripledes_3key": 24}
"""The ciphers by asn1crypto's names, with the length of their keys."""
CIPHERS = {"aes128": "aes128_cbc", "aes192": "aes192_cbc", "aes256": "aes256_cbc", "3des": "tripledes_3key"}
"""The ciphers by the names that a partner file has for them."""

_PIECE = 1 << 20
_SEQUENCE, _FIRST, _CONSTRUCTED = 0x30, 0x80, 0x20  # tags of DER (X.690, section 8.1.2)
_BROKEN = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError)
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
    except _BROKEN:
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
        signed = _of_type(der, "signed_data")
        if signed["encap_content_info"]["content_type"].native != "data":
            raise ValueError("it signs no plain data")
        signers = list(signed["signer_infos"])
    except _BROKEN as error:
        raise _fault(
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
        except (*_BROKEN, UnsupportedAlgorithm) as error:
            last = _fault(
                Kind.AUTHENTICATION, f"the signature cannot be read: {type(error).__name__}", "tell the partner"
            )
    raise last


def _signer(signer: Any, certificates: Sequence[x509.Certificate]) -> x509.Certificate | None:
    return next((certificate for certificate in certificates if _is(signer["sid"], certificate)), None)


def _is(identifier: Any, certificate: x509.Certificate) -> bool:
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
        raise _fault(
            Kind.SECURITY,
            f"the signature is made with {digest}, which is not taken",
            "ask the partner for sha256; or allow it under accept: digests:, where he cannot",
        )
    attributes = signer["signed_attrs"]
    forms = [content]
    if isinstance(attributes, core.Void) or not len(attributes):
        if content[:1] == b"\x31":  # else the attributes of another message could pass for a message
            raise _fault(
                Kind.AUTHENTICATION, "the signature is over attributes, not over a message", "tell the partner"
            )
    else:
        found = {attribute["type"].native: attribute["values"] for attribute in attributes}
        if len(found) != len(attributes) or len(found["content_type"]) != 1 or len(found["message_digest"]) != 1:
            raise ValueError("an attribute is not there once")
        if found["content_type"][0].native != "data":
            raise ValueError("the signed content type is another one")
        if not secrets.compare_digest(found["message_digest"][0].native, digest_of(content, digest)):
            raise _fault(
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
    raise _fault(Kind.INTEGRITY, "the signature does not fit what was signed", hint)


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


def encrypt(content: bytes, certificate: x509.Certificate, cipher: str, *, oaep: bool = False) -> bytes:
    """EnvelopedData in DER for the owner of ``certificate``; raises TypeError where that has no RSA key."""
    public = certificate.public_key()
    if not isinstance(public, rsa.RSAPublicKey):
        raise TypeError("the certificate has no RSA key, so nothing can be encrypted to it")
    name = CIPHERS[cipher]
    key = secrets.token_bytes(KEY_BYTES[name])
    vector = secrets.token_bytes(8 if name == "tripledes_3key" else 16)
    padder = padding.PKCS7(len(vector) * 8).padder()
    encryptor = Cipher(_algorithm(name, key), modes.CBC(vector)).encryptor()
    encrypted = [encryptor.update(padder.update(piece)) for piece in _pieces(content)]
    encrypted += [encryptor.update(padder.finalize()), encryptor.finalize()]
    issuer = cms.IssuerAndSerialNumber(
        {"issuer": cms.Name.load(certificate.issuer.public_bytes()), "serial_number": certificate.serial_number}
    )
    scheme: dict[str, Any] = {"algorithm": "rsaes_pkcs1v15"}
    if oaep:
        mask = {"algorithm": "mgf1", "parameters": {"algorithm": "sha256"}}
        scheme = {
            "algorithm": "rsaes_oaep",
            "parameters": algos.RSAESOAEPParams(
                {"hash_algorithm": {"algorithm": "sha256"}, "mask_gen_algorithm": mask}
            ),
        }
    recipient = cms.KeyTransRecipientInfo(
        {
            "version": "v0",
            "rid": cms.RecipientIdentifier({"issuer_and_serial_number": issuer}),
            "key_encryption_algorithm": cms.KeyEncryptionAlgorithm(scheme),
            "encrypted_key": public.encrypt(key, _oaep("sha256", "sha256") if oaep else rsa_padding.PKCS1v15()),
        }
    )
    algorithm = cms.EncryptionAlgorithm({"algorithm": name, "parameters": core.OctetString(vector)})
    recipients = cms.RecipientInfos([cms.RecipientInfo({"ktri": recipient})])
    inside = [cms.ContentType("data").dump(), algorithm.dump(), *_framed(_FIRST, encrypted)]
    enveloped = [cms.CMSVersion("v0").dump(), recipients.dump(), *_framed(_SEQUENCE, inside)]
    content_info = _framed(_FIRST | _CONSTRUCTED, _framed(_SEQUENCE, enveloped))
    return b"".join(_framed(_SEQUENCE, [cms.ContentType("enveloped_data").dump(), *content_info]))


def _pieces(content: bytes) -> Iterator[bytes]:
    """``content`` bit by bit, so that no step holds a copy of all of it."""
    return (content[at : at + _PIECE] for at in range(0, len(content), _PIECE))


def _framed(tag: int, pieces: Sequence[bytes]) -> list[bytes]:
    """An element of DER around ``pieces``: asn1crypto copies what is inside at each level, and this may be large."""
    size = sum(map(len, pieces))
    long = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return [bytes([tag, size] if size < 0x80 else [tag, 0x80 | len(long), *long]), *pieces]


def decrypt(der: bytes, own: Sequence[Own], ciphers: Sequence[str]) -> bytes:
    """What is in EnvelopedData for one of our certificates.

    Raises `CmsFault` of kind DECRYPTION, with one text for all that depends on our key: who sends made-up messages
    learns nothing from it.
    """
    garbled = CmsFault(
        Kind.DECRYPTION,
        "it does not decrypt to a message",
        "was it changed on the way, or encrypted for another key? ask the partner to send it again",
    )
    try:
        found, name, vector, content = _enveloped(der, own)
    except _BROKEN as error:
        raise _fault(Kind.DECRYPTION, "it is no CMS EnvelopedData", "ask the partner to send it again") from error
    if name not in [CIPHERS[cipher] for cipher in ciphers]:
        hint = "ask the partner for aes128 or aes256; or allow it under accept: ciphers:, where he cannot"
        raise _fault(Kind.SECURITY, f"it is encrypted with {name}, which is not taken", hint)
    if not found:
        raise _fault(
            Kind.DECRYPTION,
            "it is encrypted for a certificate that is none of ours",
            "send the partner our present certificate; or add the one that he has under own:, while it is valid",
        )
    mine, recipient = found[0]
    try:
        key = _unwrapped(recipient, mine, KEY_BYTES[name])
        decryptor = Cipher(_algorithm(name, key), modes.CBC(vector)).decryptor()
        unpadder = padding.PKCS7(len(vector) * 8).unpadder()
        plain = [unpadder.update(decryptor.update(piece)) for piece in _pieces(content)]
        return b"".join([*plain, unpadder.update(decryptor.finalize()), unpadder.finalize()])
    except (*_BROKEN, UnsupportedAlgorithm):
        raise garbled from None


def _enveloped(der: bytes, own: Sequence[Own]) -> tuple[list[tuple[Own, Any]], str, bytes, bytes]:
    """Of EnvelopedData the recipients that we are, the cipher, its vector, and what is encrypted.

    The structure itself, which holds the content once for each of its levels, ends with this function.
    """
    enveloped = _of_type(der, "enveloped_data")
    found = [
        (mine, info.chosen)
        for info in list(enveloped["recipient_infos"])[:50]
        if info.name == "ktri"
        for mine in own
        if isinstance(mine.key, rsa.RSAPrivateKey) and _is(info.chosen["rid"], mine.certificate)
    ]
    inside = enveloped["encrypted_content_info"]
    algorithm = inside["content_encryption_algorithm"]
    content = octets(inside["encrypted_content"])
    return found, str(algorithm["algorithm"].native), algorithm["parameters"].native, content


def _unwrapped(recipient: Any, mine: Own, length: int) -> bytes:
    """The content's key; another one at random where it does not unwrap, so that both look alike (RFC 3218)."""
    assert isinstance(mine.key, rsa.RSAPrivateKey)
    scheme = recipient["key_encryption_algorithm"]
    name = scheme["algorithm"].native
    if name == "rsaes_oaep":
        given = scheme["parameters"]
        if not isinstance(given, algos.RSAESOAEPParams):  # some leave them out where they are the usual ones
            given = algos.RSAESOAEPParams({})
        mask = given["mask_gen_algorithm"]["parameters"]["algorithm"].native
        way: Any = _oaep(given["hash_algorithm"]["algorithm"].native, mask)
    elif name in ("rsaes_pkcs1v15", "rsa"):
        way = rsa_padding.PKCS1v15()
    else:
        raise ValueError("an unknown way to wrap a key")
    try:
        key = mine.key.decrypt(recipient["encrypted_key"].native, way)
    except ValueError:
        key = b""
    return key if len(key) == length else secrets.token_bytes(length)


def _oaep(digest: str, mask: str) -> rsa_padding.OAEP:
    return rsa_padding.OAEP(rsa_padding.MGF1(DIGESTS[mask]()), DIGESTS[digest](), None)


def _algorithm(name: str, key: bytes) -> CipherAlgorithm:
    if name != "tripledes_3key":
        return algorithms.AES(key)
    try:
        from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
    except ImportError:  # before 43 it stood with the others
        from cryptography.hazmat.primitives.ciphers.algorithms import TripleDES
    return TripleDES(key)


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
        compressed = _of_type(der, "compressed_data")
        if compressed["compression_algorithm"]["algorithm"].native != "zlib":
            raise ValueError("another algorithm")
        packed = octets(compressed["encap_content_info"]["content"])
        unpacking = zlib.decompressobj()
        content = unpacking.decompress(packed, most + 1)
        whole = unpacking.eof and not unpacking.unused_data
    except (*_BROKEN, zlib.error) as error:
        raise _fault(Kind.DECOMPRESSION, "it cannot be decompressed", "ask the partner to send it again") from error
    if len(content) > most:
        hint = f"raise largest: of the connection if more than {most} bytes are meant"
        raise _fault(Kind.DECOMPRESSION, f"decompressed it has more than {most} bytes", hint)
    if not whole:
        raise _fault(Kind.DECOMPRESSION, "what is compressed is cut off", "ask the partner to send it again")
    return content


def _of_type(der: bytes, kind: str) -> Any:
    check_structure(der)
    found = cms.ContentInfo.load(der, strict=True)
    if found["content_type"].native != kind:
        raise ValueError("another content type")
    return found["content"]


def _fault(kind: Kind, message: str, hint: str) -> CmsFault:
    return CmsFault(kind, message, hint)
