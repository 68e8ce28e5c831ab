"""Signing envelopes of ours.  signxml is an extra, and imported when it is needed."""

import logging
import uuid
from base64 import b64encode
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lxml import etree

from transload.adapters.soap.security.parts import DS, EXCLUSIVE, WSSE, WSU, parts_of
from transload.adapters.soap.security.settings import Signing, certificates_in
from transload.canonical.errors import Stop

_X509 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3"
_BASE64 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
_ID = f"{{{WSU}}}Id"
_INSTALL = "install the extra: pip install 'transload[soap-signatures]'"


def sign(envelope: "etree._Element", header: "etree._Element", settings: Signing) -> None:
    """Sign parts of ``envelope`` and put the signature into ``header``.  Raises `Stop` when it cannot be done."""
    library = signxml_library()
    certificate, key = _own(settings)
    there = parts_of(envelope)
    references = [_identified(part) for name in settings.parts for part in there[name]]
    family = "ecdsa" if isinstance(key, ec.EllipticCurvePrivateKey) else "rsa"
    signer = library.XMLSigner(
        method=library.methods.detached,
        signature_algorithm=f"{family}-{settings.hash}",
        digest_algorithm=settings.hash,
        c14n_algorithm=EXCLUSIVE,
    )
    signer.id_attributes = ("Id",)
    signature = signer.sign(
        envelope,
        key=key,
        reference_uri=[f"#{reference}" for reference in references],
        key_info=_key_info(header, certificate, settings),
    )
    header.append(signature)


def check_able(settings: Signing) -> None:
    """Raise `Stop` when nothing could be signed."""
    signxml_library()
    _own(settings)


def _own(settings: Signing) -> tuple[x509.Certificate, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey]:
    text = settings.certificate.get_secret_value()
    try:
        certificate = certificates_in(text)[0]
    except ValueError:
        hint = "sign: certificate: is its text in PEM form, as ${file:keys/signing.pem} gives it"
        raise Stop("the certificate to sign with cannot be read", hint=hint) from None
    source = settings.key.get_secret_value() if settings.key else text
    password = settings.password.get_secret_value().encode() if settings.password else None
    begin = source.find("-----BEGIN", 0)
    while begin >= 0 and "PRIVATE KEY-----" not in source[begin : source.find("\n", begin)]:
        begin = source.find("-----BEGIN", begin + 1)
    try:
        key = serialization.load_pem_private_key(source[max(begin, 0) :].encode(), password)
    except (ValueError, TypeError):  # their words may show parts of it
        hint = "sign: key: is its text in PEM form; an encrypted one needs password:, any other none"
        raise Stop("the key to sign with cannot be read", hint=hint) from None
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise Stop("the key to sign with is neither RSA nor ECDSA", hint="ask the partner which kinds it takes")
    spki = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if key.public_key().public_bytes(*spki) != certificate.public_key().public_bytes(*spki):
        hint = "sign: certificate: holds our own first, then those that vouch for it"
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
    reference = etree.SubElement(info, f"{{{WSSE}}}SecurityTokenReference", nsmap={"wsse": WSSE})
    if settings.token == "issuer":  # noqa: S105  # a way of naming it
        serial = etree.SubElement(etree.SubElement(reference, f"{{{DS}}}X509Data"), f"{{{DS}}}X509IssuerSerial")
        etree.SubElement(serial, f"{{{DS}}}X509IssuerName").text = certificate.issuer.rfc4514_string()
        etree.SubElement(serial, f"{{{DS}}}X509SerialNumber").text = str(certificate.serial_number)
        return info
    token = etree.Element(f"{{{WSSE}}}BinarySecurityToken", ValueType=_X509, EncodingType=_BASE64)
    token.text = b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()
    header.insert(0, token)
    etree.SubElement(reference, f"{{{WSSE}}}Reference", URI=f"#{_identified(token)}", ValueType=_X509)
    return info


def signxml_library() -> Any:
    """The library, which is an extra.  Raises `Stop` where it is not installed."""
    try:
        import signxml
    except ImportError:
        raise Stop("signatures need signxml, which is not installed", hint=_INSTALL) from None
    # what it logs at the level DEBUG holds the text that is signed, passwords too
    logging.getLogger("signxml").setLevel(logging.INFO)
    return signxml
