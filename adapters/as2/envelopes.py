"""Encrypted messages: EnvelopedData (RFC 5652, section 6) and, for AES in GCM, AuthEnvelopedData (RFC 5083, 5084)."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from asn1crypto import algos, cms, core
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from transload.adapters.as2.ber import octets
from transload.adapters.as2.certificates import Own
from transload.adapters.as2.ciphers import CIPHERS, KEY_BYTES, TAG_BYTES, decrypted, encrypted, proves_itself
from transload.adapters.as2.cms import BROKEN, DIGESTS, CmsFault, Kind, content_type, is_of, of_type

ENVELOPED, AUTHENTICATED = "enveloped_data", "authenticated_enveloped_data"
_SEQUENCE, _FIRST, _CONSTRUCTED = 0x30, 0x80, 0x20  # tags of DER (X.690, section 8.1.2)


class _GcmParameters(core.Sequence):  # type: ignore[misc]  # asn1crypto declares no types
    """GCMParameters (RFC 5084, section 3.2)."""

    _fields = [("nonce", core.OctetString), ("tag_bytes", core.Integer, {"default": 12})]  # noqa: RUF012


def encrypt(content: bytes, certificate: x509.Certificate, cipher: str, *, oaep: bool = False) -> bytes:
    """``content`` encrypted for the owner of ``certificate``, in DER; raises TypeError where that has no RSA key."""
    public = certificate.public_key()
    if not isinstance(public, rsa.RSAPublicKey):
        raise TypeError("the certificate has no RSA key, so nothing can be encrypted to it")
    name = CIPHERS[cipher]
    sealed = encrypted(content, name)
    vector: Any = core.OctetString(sealed.vector)
    kind, behind = ENVELOPED, list[bytes]()
    if proves_itself(name):
        vector = _GcmParameters({"nonce": sealed.vector, "tag_bytes": TAG_BYTES})
        kind, behind = AUTHENTICATED, [core.OctetString(sealed.tag).dump()]
    algorithm = _framed(_SEQUENCE, [cms.EncryptionAlgorithmId(name).dump(), vector.dump()])
    recipients = cms.RecipientInfos([cms.RecipientInfo({"ktri": _recipient(certificate, public, sealed.key, oaep)})])
    inside = [cms.ContentType("data").dump(), *algorithm, *_framed(_FIRST, sealed.pieces)]
    enveloped = [cms.CMSVersion("v0").dump(), recipients.dump(), *_framed(_SEQUENCE, inside), *behind]
    content_info = _framed(_FIRST | _CONSTRUCTED, _framed(_SEQUENCE, enveloped))
    return b"".join(_framed(_SEQUENCE, [cms.ContentType(kind).dump(), *content_info]))


def _recipient(certificate: x509.Certificate, public: rsa.RSAPublicKey, key: bytes, oaep: bool) -> Any:
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
    return cms.KeyTransRecipientInfo(
        {
            "version": "v0",
            "rid": cms.RecipientIdentifier({"issuer_and_serial_number": issuer}),
            "key_encryption_algorithm": cms.KeyEncryptionAlgorithm(scheme),
            "encrypted_key": public.encrypt(key, _oaep("sha256", "sha256") if oaep else padding.PKCS1v15()),
        }
    )


def _framed(tag: int, pieces: Sequence[bytes]) -> list[bytes]:
    """An element of DER around ``pieces``: asn1crypto copies what is inside at each level, and this may be large."""
    size = sum(map(len, pieces))
    long = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return [bytes([tag, size] if size < 0x80 else [tag, 0x80 | len(long), *long]), *pieces]


def decrypt(der: bytes, own: Sequence[Own], ciphers: Sequence[str]) -> bytes:
    """What is encrypted for one of our certificates.

    Raises `CmsFault` of kind DECRYPTION, with one text for all that depends on our key: who sends made-up messages
    learns nothing from it.
    """
    try:
        found = _enveloped(der, own)
    except BROKEN as error:
        hint = "ask the partner to send it again"
        raise CmsFault(Kind.DECRYPTION, "it is no CMS EnvelopedData", hint) from error
    if found.cipher not in [CIPHERS[cipher] for cipher in ciphers]:
        hint = "ask the partner for aes128 or aes256; or allow it under accept: ciphers:, where he cannot"
        raise CmsFault(Kind.SECURITY, f"it is encrypted with {found.cipher}, which is not taken", hint)
    if not found.recipients:
        raise CmsFault(
            Kind.DECRYPTION,
            "it is encrypted for a certificate that is none of ours",
            "send the partner our present certificate; or add the one that he has under own:, while it is valid",
        )
    mine, recipient = found.recipients[0]
    try:
        key = _unwrapped(recipient, mine, KEY_BYTES[found.cipher])
        return decrypted(found.content, found.cipher, key, found.vector, tag=found.tag, beside=found.beside)
    except (*BROKEN, UnsupportedAlgorithm):
        raise CmsFault(
            Kind.DECRYPTION,
            "it does not decrypt to a message",
            "was it changed on the way, or encrypted for another key? ask the partner to send it again",
        ) from None


@dataclass(frozen=True, kw_only=True)
class _Enveloped:
    """What is encrypted, the recipients that we are, the cipher with its vector; ``tag`` and ``beside`` of GCM."""

    recipients: list[tuple[Own, Any]] = field(repr=False)
    cipher: str
    vector: bytes
    content: bytes = field(repr=False)
    tag: bytes = b""
    beside: bytes = field(default=b"", repr=False)


def _enveloped(der: bytes, own: Sequence[Own]) -> _Enveloped:
    """Taken apart.  The structure itself, which holds the content once for each of its levels, ends with this function.

    Raises one of `BROKEN`, also where a cipher comes in the structure of the other kind: its words would be believed
    without the proof that it has.
    """
    kind = content_type(der)
    enveloped = of_type(der, AUTHENTICATED if kind == AUTHENTICATED else ENVELOPED)
    found = [
        (mine, info.chosen)
        for info in list(enveloped["recipient_infos"])[:50]
        if info.name == "ktri"
        for mine in own
        if isinstance(mine.key, rsa.RSAPrivateKey) and is_of(info.chosen["rid"], mine.certificate)
    ]
    inside = enveloped["auth_encrypted_content_info" if kind == AUTHENTICATED else "encrypted_content_info"]
    algorithm = inside["content_encryption_algorithm"]
    name = str(algorithm["algorithm"].native)
    content = octets(inside["encrypted_content"])
    if proves_itself(name) != (kind == AUTHENTICATED):
        raise ValueError("the cipher does not go with the structure")
    if kind != AUTHENTICATED:
        return _Enveloped(recipients=found, cipher=name, vector=algorithm["parameters"].native, content=content)
    parameters = _GcmParameters.load(algorithm["parameters"].dump(), strict=True)
    tag = enveloped["mac"].native
    if inside["content_type"].native != "data" or len(tag) != parameters["tag_bytes"].native:
        raise ValueError("it holds no plain data, or its tag has another length than it says")
    attributes = enveloped["auth_attrs"]
    there = not isinstance(attributes, core.Void) and len(attributes)
    return _Enveloped(
        recipients=found,
        cipher=name,
        vector=parameters["nonce"].native,
        content=content,
        tag=tag,
        beside=attributes.untag().dump(force=True) if there else b"",  # under a set's own tag (RFC 5083, section 2.2)
    )


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
        way = padding.PKCS1v15()
    else:
        raise ValueError("an unknown way to wrap a key")
    try:
        key = mine.key.decrypt(recipient["encrypted_key"].native, way)
    except ValueError:
        key = b""
    return key if len(key) == length else secrets.token_bytes(length)


def _oaep(digest: str, mask: str) -> padding.OAEP:
    return padding.OAEP(padding.MGF1(DIGESTS[mask]()), DIGESTS[digest](), None)
