"""Finding out what of an envelope was signed, and by whom.

A valid signature says nothing by itself: what it covers may stand anywhere in the
envelope while what is used stands elsewhere (signature wrapping).  So a part counts as
signed only when its own canonical form is one that was signed.  Certificates that a
message brings are not looked at: those that are named in the settings count alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from hashlib import sha256
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from transload.adapters.base.xml import safe_parser
from transload.adapters.soap.security.parts import DS, EXCLUSIVE, WSSE, canonical, parts_of
from transload.adapters.soap.security.settings import Verifying, certificates_in
from transload.adapters.soap.security.signatures import signxml_library
from transload.canonical.errors import Stop

_CANONICAL = frozenset({EXCLUSIVE, f"{EXCLUSIVE}WithComments"})
"""What may come before signing; Basic Security Profile 1.1 (R5404, R5423) wants the first."""
_TRANSFORMS = _CANONICAL | {f"{DS}enveloped-signature"}
"""The last takes a signature out of what it signs: npm's soap names it, where there is nothing to take out."""
_SHA2 = ("SHA256", "SHA384", "SHA512")
_METHODS = frozenset(made for one in _SHA2 for made in (f"RSA_{one}", f"ECDSA_{one}", f"{one}_RSA_MGF1"))
_MOST_SIGNATURES = 5
_MOST_REFERENCES = 10


class Lack(Enum):
    """What is wrong with a signature, as coarsely as its sender may know."""

    ABSENT = "there is none"
    ALGORITHM = "it is made in a way that is not taken"
    INVALID = "it does not prove what it must"


class Unsigned(Exception):
    """An envelope is not signed as it should be; the message says why, and ``hint`` what to do."""

    def __init__(self, message: str, hint: str, lack: Lack = Lack.INVALID) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.lack = lack


@dataclass(frozen=True, kw_only=True)
class Signed:
    """A signature that is right, and covers what it must.

    ``certificate`` is the SHA-256 fingerprint of the one that it was made with.  ``statement`` is the SHA-256 of what
    was signed itself (SignedInfo): another one for each message, and, other than the signature's value, nobody can
    write it in another way.  ``covered`` are the canonical forms of the elements that it covers, with their names.
    """

    certificate: str
    statement: bytes
    covered: Mapping[bytes, str] = field(repr=False)

    def covers(self, part: "etree._Element") -> bool:
        """Whether ``part`` was signed."""
        return canonical(part) in self.covered

    def named(self, tag: str) -> list[bytes]:
        """The canonical forms of the elements of this name that it covers, wherever they stand."""
        return [form for form, name in self.covered.items() if name == tag]


@dataclass(frozen=True, kw_only=True)
class Verification:
    """Looks at signatures; ``what`` is signed (an answer, a request) by the setting that ``setting`` names."""

    settings: Verifying
    what: str = "answer"
    setting: str = "security: verify"

    def check_ready(self) -> None:
        """Raise `Stop` when nothing could be verified: that must be known before anything is sent or taken."""
        signxml_library()
        for text in self.settings.certificates:
            self._trusted(text.get_secret_value())

    def check(self, envelope: "etree._Element", *, now: datetime) -> Signed:
        """Raise `Unsigned` unless one signature with one of the partner's certificates covers all parts that it must.

        All signatures of the envelope count, but the parts must be covered by one and the same:
        else a body could be paired with another message's time.
        """
        signatures = _signatures(envelope)
        if not signatures:
            hint = f"ask the partner to sign its {self.what}s, or leave {self.setting} out"
            raise Unsigned(f"the {self.what} has no signature", hint, Lack.ABSENT)
        if len(signatures) > _MOST_SIGNATURES:
            message = f"the {self.what} has {len(signatures)} signatures"
            raise Unsigned(message, f"1 to {_MOST_SIGNATURES} are looked at")
        reasons = []
        for number in range(1, len(signatures) + 1):
            try:
                signed = self._signed_by(envelope, number, now)
                self._check_covered(envelope, signed)
                return signed
            except Unsigned as error:
                reasons.append(error)
            except etree.LxmlError as error:  # taken apart it is larger than the parser allows
                message = f"the signature of the {self.what} cannot be looked at: {error}"
                reasons.append(Unsigned(message, "ask for less at once"))
        raise reasons[0]

    def _check_covered(self, envelope: "etree._Element", signed: Signed) -> None:
        there = parts_of(envelope)
        for name in self.settings.parts:
            if not there[name]:
                message = f"the {self.what} has no {name}, which must be signed"
                raise Unsigned(message, f"ask the partner, or correct {self.setting}: parts")
            if name in ("body", "timestamp", "token") and len(there[name]) > 1:
                message = f"the {self.what} has {len(there[name])} parts called {name}"
                raise Unsigned(message, "somebody may have changed it on its way")
            if not all(signed.covers(part) for part in there[name]):
                raise Unsigned(
                    f"the signature of the {self.what} does not cover its {name}",
                    "somebody may have changed it on its way; or ask the partner to sign it, or correct "
                    f"{self.setting.rpartition(' ')[2]}: parts",
                )

    def _signed_by(self, envelope: "etree._Element", number: int, now: datetime) -> Signed:
        """The signature with this number, if one of the partner's made it."""
        library = signxml_library()
        space = etree.QName(envelope).namespace
        signature = _signatures(envelope)[number - 1]
        self._check_transforms(signature)
        configuration = library.SignatureConfiguration(
            location=f"./{{{space}}}Header/{{{WSSE}}}Security/",
            expect_references=True,
            signature_methods=frozenset(library.SignatureMethod[name] for name in self._methods()),
            digest_algorithms=frozenset(library.DigestAlgorithm[name] for name in self._digests()),
            ignore_ambiguous_key_info=True,
        )
        self._check_algorithms(signature, configuration)
        bare, alone = _bare(signature, str(space)), None
        why, ended = "no certificate that we know fits it", list[str]()
        for text in self.settings.certificates:
            for certificate in self._trusted(text.get_secret_value()):
                begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
                if not begins <= now <= ends:
                    ended.append(f"one that we know is valid from {_day(begins)} to {_day(ends)}")
                    continue
                try:
                    if not _is_of(bare, certificate, configuration):
                        continue
                    alone = _alone(envelope, number) if alone is None else alone
                    results = _verified(alone, certificate, configuration)
                except _foreign(library) as error:
                    why = " ".join(str(error).split())[:300] or type(error).__name__
                    continue
                return _made(signature, certificate, results)
        raise Unsigned(
            f"the signature of the {self.what} is not one of the partner's: {'; '.join([why, *ended[:3]])}",
            f"ask the partner which certificate signs its {self.what}s, and name it under {self.setting}: certificates",
        )

    def _methods(self) -> frozenset[str]:
        return _METHODS | {"RSA_SHA1"} if self.settings.sha1 else _METHODS

    def _digests(self) -> tuple[str, ...]:
        return (*_SHA2, "SHA1") if self.settings.sha1 else _SHA2

    def _check_algorithms(self, signature: "etree._Element", taken: Any) -> None:
        path = f"{{{DS}}}SignedInfo/"
        methods = {one.value for one in taken.signature_methods}
        digests = {one.value for one in taken.digest_algorithms}
        for known, found in (
            (methods, signature.iterfind(f"{path}{{{DS}}}SignatureMethod")),
            (digests, signature.iterfind(f"{path}{{{DS}}}Reference/{{{DS}}}DigestMethod")),
        ):
            for one in found:
                if one.get("Algorithm") not in known:
                    raise Unsigned(
                        f"the signature of the {self.what} is made with {one.get('Algorithm', '')[:200]}, "
                        "which is not taken",
                        "ask the partner for RSA or ECDSA with SHA-256",
                        Lack.ALGORITHM,
                    )

    def _check_transforms(self, signature: "etree._Element") -> None:
        statements = signature.findall(f"{{{DS}}}SignedInfo")
        if len(statements) != 1:
            message = f"the signature of the {self.what} states {len(statements)} times what it signs"
            raise Unsigned(message, "somebody may have changed it on its way")
        references = signature.findall(f"{{{DS}}}SignedInfo/{{{DS}}}Reference")
        if not 0 < len(references) <= _MOST_REFERENCES:
            message = f"the signature of the {self.what} has {len(references)} references"
            raise Unsigned(message, f"1 to {_MOST_REFERENCES} are looked at")
        wholes = signature.findall(f"{{{DS}}}SignedInfo/{{{DS}}}CanonicalizationMethod")
        pieces = signature.findall(f"{{{DS}}}SignedInfo/{{{DS}}}Reference/{{{DS}}}Transforms/{{{DS}}}Transform")
        if len(pieces) > 2 * _MOST_REFERENCES:
            message = f"the signature of the {self.what} transforms what it signs {len(pieces)} times"
            raise Unsigned(message, "ask the partner for one each", Lack.ALGORITHM)
        used = [one.get("Algorithm", "") for one in wholes if one.get("Algorithm") not in _CANONICAL]
        used += [one.get("Algorithm", "") for one in pieces if one.get("Algorithm") not in _TRANSFORMS]
        if used:
            raise Unsigned(
                f"the signature of the {self.what} transforms what it signs by {used[0][:200]}",
                "ask the partner to sign with exclusive canonicalization alone",
                Lack.ALGORITHM,
            )

    def _trusted(self, text: str) -> list[x509.Certificate]:
        try:
            return certificates_in(text)
        except ValueError:
            hint = f"{self.setting}: certificates: are texts in PEM form, as ${{file:keys/partner.pem}} gives them"
            raise Stop("a certificate of the partner's signatures cannot be read", hint=hint) from None


def _signatures(envelope: "etree._Element") -> "list[etree._Element]":
    space = etree.QName(envelope).namespace
    return envelope.findall(f"{{{space}}}Header/{{{WSSE}}}Security/{{{DS}}}Signature")


def _made(signature: "etree._Element", certificate: x509.Certificate, results: Any) -> Signed:
    (statement,) = signature.findall(f"{{{DS}}}SignedInfo")
    covered = [result.signed_xml for result in results if result.signed_xml is not None]
    return Signed(
        certificate=sha256(certificate.public_bytes(Encoding.DER)).hexdigest(),
        statement=sha256(canonical(statement)).digest(),
        covered={canonical(one): str(one.tag) for one in covered},
    )


def _verified(envelope: "etree._Element", certificate: x509.Certificate, configuration: Any) -> Any:
    return (
        signxml_library()
        .XMLVerifier()
        .verify(
            envelope,
            x509_cert=certificate,
            parser=safe_parser(),
            validate_schema=False,
            expect_config=configuration,
        )
    )


def _bare(signature: "etree._Element", space: str) -> "etree._Element":
    """An envelope with nothing in it but this signature."""
    envelope = etree.Element(f"{{{space}}}Envelope")
    security = etree.SubElement(etree.SubElement(envelope, f"{{{space}}}Header"), f"{{{WSSE}}}Security")
    security.append(etree.fromstring(etree.tostring(signature, with_tail=False), safe_parser()))
    return envelope


def _is_of(bare: "etree._Element", certificate: x509.Certificate, configuration: Any) -> bool:
    """Whether the certificate's key made the signature, as far as is known before it is looked for what that covers.

    Else a stranger could make us copy and canonicalize a large message for each of his signatures.
    """
    exceptions = signxml_library().exceptions
    method = bare.find(f".//{{{DS}}}SignedInfo/{{{DS}}}SignatureMethod")
    curved = method is not None and "#ecdsa-" in method.get("Algorithm", "")
    if curved != isinstance(certificate.public_key(), ec.EllipticCurvePublicKey):
        return False
    try:
        _verified(bare, certificate, configuration)
    except (exceptions.InvalidDigest, exceptions.InvalidCertificate):
        return True
    except exceptions.InvalidSignature:
        return False
    except _foreign(signxml_library()):  # mostly that what it covers is not there
        return True
    return True


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


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"


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
