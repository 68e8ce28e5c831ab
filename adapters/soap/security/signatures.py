"""Signing requests, and finding out what of an answer was signed.

A valid signature says nothing by itself: what it covers may stand anywhere in the
envelope while what is used stands elsewhere (signature wrapping).  So a part counts as
signed only when its own canonical form is one that was signed.

signxml is an extra, and imported when it is needed.
"""

import logging
import uuid
from base64 import b64encode
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lxml import etree

from transload.adapters.base.xml import safe_parser
from transload.adapters.soap.security.settings import Signing, Verifying, certificates_in
from transload.canonical.errors import Stop

DS = "http://www.w3.org/2000/09/xmldsig#"
_WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
_ADDRESSING = "http://www.w3.org/2005/08/addressing"
_X509 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3"
_BASE64 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
_EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
_ID = f"{{{_WSU}}}Id"
_CANONICAL = frozenset({_EXCLUSIVE, f"{_EXCLUSIVE}WithComments"})
"""What may come before signing; Basic Security Profile 1.1 (R5404, R5423) wants the first."""
_MOST_SIGNATURES = 5
_MOST_REFERENCES = 10
_INSTALL = "install the extra: pip install 'transload[soap-signatures]'"


class Unsigned(Exception):
    """An answer is not signed as it should be; the message says why, and what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def parts_of(envelope: "etree._Element") -> "dict[str, list[etree._Element]]":
    """The parts of an envelope that can be signed, at the places where they are used, by their names."""
    space = etree.QName(envelope).namespace
    header = envelope.find(f"{{{space}}}Header")
    blocks = list(header.iterchildren(tag=etree.Element)) if header is not None else []
    inner = [child for block in blocks if block.tag == f"{{{_WSSE}}}Security" for child in block.iterchildren()]
    return {
        "body": envelope.findall(f"{{{space}}}Body"),
        "timestamp": [one for one in inner if one.tag == f"{{{_WSU}}}Timestamp"],
        "token": [one for one in inner if one.tag == f"{{{_WSSE}}}UsernameToken"],
        "addressing": [one for one in blocks if isinstance(one.tag, str) and one.tag.startswith(f"{{{_ADDRESSING}}}")],
    }


def sign(envelope: "etree._Element", header: "etree._Element", settings: Signing) -> None:
    """Sign parts of ``envelope`` and put the signature into ``header``.  Raises `Stop` when it cannot be done."""
    library = _library()
    certificate, key = _own(settings)
    there = parts_of(envelope)
    references = [_identified(part) for name in settings.parts for part in there[name]]
    family = "ecdsa" if isinstance(key, ec.EllipticCurvePrivateKey) else "rsa"
    signer = library.XMLSigner(
        method=library.methods.detached,
        signature_algorithm=f"{family}-{settings.hash}",
        digest_algorithm=settings.hash,
        c14n_algorithm=_EXCLUSIVE,
    )
    signer.id_attributes = ("Id",)
    signature = signer.sign(
        envelope,
        key=key,
        reference_uri=[f"#{reference}" for reference in references],
        key_info=_key_info(header, certificate, settings),
    )
    header.append(signature)


def _own(settings: Signing) -> tuple[x509.Certificate, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey]:
    text = settings.certificate.get_secret_value()
    try:
        certificate = certificates_in(text)[0]
    except ValueError:
        hint = "security: sign: certificate: is its text in PEM form, as ${file:keys/signing.pem} gives it"
        raise Stop("the certificate to sign with cannot be read", hint=hint) from None
    source = settings.key.get_secret_value() if settings.key else text
    password = settings.password.get_secret_value().encode() if settings.password else None
    begin = source.find("-----BEGIN", 0)
    while begin >= 0 and "PRIVATE KEY-----" not in source[begin : source.find("\n", begin)]:
        begin = source.find("-----BEGIN", begin + 1)
    try:
        key = serialization.load_pem_private_key(source[max(begin, 0) :].encode(), password)
    except (ValueError, TypeError):  # their words may show parts of it
        hint = "security: sign: key: is its text in PEM form; an encrypted one needs password:, any other none"
        raise Stop("the key to sign with cannot be read", hint=hint) from None
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise Stop("the key to sign with is neither RSA nor ECDSA", hint="ask the partner which kinds it takes")
    spki = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if key.public_key().public_bytes(*spki) != certificate.public_key().public_bytes(*spki):
        hint = "security: sign: certificate: holds our own first, then those that vouch for it"
        raise Stop("the key to sign with does not belong to the certificate", hint=hint)
    return certificate, key


def _identified(part: "etree._Element") -> str:
    found = part.get(_ID)
    if found is None:
        found = f"id-{uuid.uuid4()}"
        part.set(_ID, found)
    return found


def _key_info(header: "etree._Element", certificate: x509.Certificate, settings: Signing) -> "etree._Element":
    info = etree.Element(f"{{{DS}}}KeyInfo", nsmap={"ds": DS})
    reference = etree.SubElement(info, f"{{{_WSSE}}}SecurityTokenReference", nsmap={"wsse": _WSSE})
    if settings.token == "issuer":  # noqa: S105  # a way of naming it
        serial = etree.SubElement(etree.SubElement(reference, f"{{{DS}}}X509Data"), f"{{{DS}}}X509IssuerSerial")
        etree.SubElement(serial, f"{{{DS}}}X509IssuerName").text = certificate.issuer.rfc4514_string()
        etree.SubElement(serial, f"{{{DS}}}X509SerialNumber").text = str(certificate.serial_number)
        return info
    token = etree.Element(f"{{{_WSSE}}}BinarySecurityToken", ValueType=_X509, EncodingType=_BASE64)
    token.text = b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()
    header.insert(0, token)
    etree.SubElement(reference, f"{{{_WSSE}}}Reference", URI=f"#{_identified(token)}", ValueType=_X509)
    return info


def check_ready(settings: Verifying) -> None:
    """Raise `Stop` when answers could not be verified: that must be known before anything is sent."""
    _library()
    for text in settings.certificates:
        _trusted(text.get_secret_value())


def check_signed(envelope: "etree._Element", settings: Verifying, *, now: datetime) -> None:
    """Raise `Unsigned` unless one signature with one of the partner's certificates covers all parts that it must.

    All signatures of the envelope count, but the parts must be covered by one and the same:
    else a body could be paired with another message's time.
    """
    signatures = _signatures(envelope)
    if not signatures:
        raise Unsigned(
            "the answer has no signature", "ask the partner to sign its answers, or leave security: verify out"
        )
    if len(signatures) > _MOST_SIGNATURES:
        raise Unsigned(f"the answer has {len(signatures)} signatures", f"1 to {_MOST_SIGNATURES} are looked at")
    reasons = []
    for number in range(1, len(signatures) + 1):
        try:
            signed = _signed_by(envelope, number, settings, now)
            _check_covered(envelope, signed, settings)
            return
        except Unsigned as error:
            reasons.append(error)
        except etree.LxmlError as error:  # taken apart it is larger than the parser allows
            reasons.append(
                Unsigned(f"the signature of the answer cannot be looked at: {error}", "ask for less at once")
            )
    raise reasons[0]


def _signatures(envelope: "etree._Element") -> "list[etree._Element]":
    space = etree.QName(envelope).namespace
    return envelope.findall(f"{{{space}}}Header/{{{_WSSE}}}Security/{{{DS}}}Signature")


def _check_covered(envelope: "etree._Element", signed: set[bytes], settings: Verifying) -> None:
    there = parts_of(envelope)
    for name in settings.parts:
        if not there[name]:
            raise Unsigned(
                f"the answer has no {name}, which must be signed", "ask the partner, or correct security: verify: parts"
            )
        if name in ("body", "timestamp") and len(there[name]) > 1:
            raise Unsigned(
                f"the answer has {len(there[name])} parts called {name}", "somebody may have changed it on its way"
            )
        if not all(_canonical(part) in signed for part in there[name]):
            raise Unsigned(
                f"the signature of the answer does not cover its {name}",
                "somebody may have changed it on its way; or ask the partner to sign it, or correct verify: parts",
            )


def _signed_by(envelope: "etree._Element", number: int, settings: Verifying, now: datetime) -> set[bytes]:
    """The canonical forms of all that the signature with this number covers."""
    library = _library()
    space = etree.QName(envelope).namespace
    signature = _signatures(envelope)[number - 1]
    _check_transforms(signature)
    quiet = library.SignatureConfiguration()
    kinds = quiet.signature_methods
    digests = quiet.digest_algorithms
    if settings.sha1:
        kinds |= {library.SignatureMethod.RSA_SHA1}
        digests |= {library.DigestAlgorithm.SHA1}
    alone = _alone(envelope, number)
    configuration = library.SignatureConfiguration(
        location=f"./{{{space}}}Header/{{{_WSSE}}}Security/",
        expect_references=True,
        signature_methods=frozenset(kind for kind in kinds if not kind.name.startswith("HMAC")),
        digest_algorithms=digests,
        ignore_ambiguous_key_info=True,
    )
    why = "no certificate is named"
    for text in settings.certificates:
        for certificate in _trusted(text.get_secret_value()):
            if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
                why = f"the certificate that we know is valid from {_day(certificate.not_valid_before_utc)} to "
                why += _day(certificate.not_valid_after_utc)
                continue
            try:
                results = library.XMLVerifier().verify(
                    alone,
                    x509_cert=certificate,
                    parser=safe_parser(),
                    validate_schema=False,
                    expect_config=configuration,
                )
            except _foreign(library) as error:
                why = " ".join(str(error).split())[:300] or type(error).__name__
                continue
            return {_canonical(result.signed_xml) for result in results if result.signed_xml is not None}
    raise Unsigned(
        f"the signature of the answer is not one of the partner's: {why}",
        "ask the partner which certificate signs its answers, and name it under security: verify: certificates",
    )


def _alone(envelope: "etree._Element", number: int) -> "etree._Element":
    """A copy of ``envelope`` in which the signature with this number comes first, so that the library finds it."""
    copied = etree.fromstring(etree.tostring(envelope), safe_parser())
    wanted = _signatures(copied)[number - 1]
    security = wanted.getparent()
    header = security.getparent() if security is not None else None
    if number > 1 and security is not None and header is not None:
        security.insert(0, wanted)
        header.insert(0, security)
    return copied


def _check_transforms(signature: "etree._Element") -> None:
    references = signature.findall(f"{{{DS}}}SignedInfo/{{{DS}}}Reference")
    if not 0 < len(references) <= _MOST_REFERENCES:
        raise Unsigned(
            f"the signature of the answer has {len(references)} references", f"1 to {_MOST_REFERENCES} are looked at"
        )
    used = [
        *signature.iterfind(f"{{{DS}}}SignedInfo/{{{DS}}}CanonicalizationMethod"),
        *signature.iterfind(f"{{{DS}}}SignedInfo/{{{DS}}}Reference/{{{DS}}}Transforms/{{{DS}}}Transform"),
    ]
    if len(used) > 1 + 2 * _MOST_REFERENCES:
        raise Unsigned(
            f"the signature of the answer transforms what it signs {len(used)} times", "ask the partner for one each"
        )
    for one in used:
        if one.get("Algorithm") not in _CANONICAL:
            raise Unsigned(
                f"the signature of the answer transforms what it signs by {one.get('Algorithm', '')[:200]}",
                "ask the partner to sign with exclusive canonicalization alone",
            )


def _trusted(text: str) -> list[x509.Certificate]:
    try:
        return certificates_in(text)
    except ValueError:
        hint = "security: verify: certificates: are texts in PEM form, as ${file:keys/partner.pem} gives them"
        raise Stop("a certificate of the partner's signatures cannot be read", hint=hint) from None


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"


def _canonical(element: "etree._Element") -> bytes:
    """Exclusive canonical form, without comments: the same for the same content, wherever it stands."""
    alone = etree.fromstring(etree.tostring(element, with_tail=False), safe_parser())
    return etree.tostring(alone, method="c14n", exclusive=True, with_comments=False)


def _library() -> Any:
    try:
        import signxml
    except ImportError:
        raise Stop("signatures need signxml, which is not installed", hint=_INSTALL) from None
    # what it logs at the level DEBUG holds the text that is signed, passwords too
    logging.getLogger("signxml").setLevel(logging.INFO)
    return signxml


def _foreign(library: Any) -> tuple[type[BaseException], ...]:
    """What verifying may raise: signxml's own, and what it lets through when a signature is no signature."""
    own: type[BaseException] = library.exceptions.SignXMLException
    return (
        own,
        etree.LxmlError,
        ValueError,
        TypeError,
        AttributeError,
        LookupError,
        NotImplementedError,
        AssertionError,
    )
