"""Signing and verifying: against xmlsec, and against envelopes whose signed parts were moved about."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from lxml import etree
from pydantic import ValidationError
from tests.adapters.soap import xmlsec
from tests.adapters.soap.certificates import DS, EXCLUSIVE, INCLUSIVE, NOW, S11, S12, WSSE, WSU, Pair, pair

from transload.adapters.base import Stop
from transload.adapters.soap.security.headers import secure
from transload.adapters.soap.security.settings import Security, Verifying
from transload.adapters.soap.security.verification import Unsigned, Verification

pytest.importorskip("signxml")


@pytest.fixture(scope="module")
def ours() -> Pair:
    return pair("us")


@pytest.fixture(scope="module")
def theirs() -> Pair:
    return pair("partner")


def envelope(space: str = S11, text: str = "12") -> "etree._Element":
    return etree.fromstring(
        f'<s:Envelope xmlns:s="{space}" xmlns:x="urn:unused"><s:Header/>'
        f'<s:Body><o:Answer xmlns:o="urn:o"><o:Number>{text}</o:Number></o:Answer></s:Body></s:Envelope>'
    )


def signed(of: Pair, *, space: str = S11, timestamp: bool = True, **settings: Any) -> "etree._Element":
    made = envelope(space)
    wanted = {"sign": {"certificate": of[0], "key": of[1], **settings}, **({"timestamp": "5m"} if timestamp else {})}
    secure(made, Security.model_validate(wanted), now=NOW)
    return etree.fromstring(etree.tostring(made))


def check(made: "etree._Element", *texts: str, **settings: Any) -> None:
    wanted = Verifying.model_validate({"certificates": list(texts), **settings})
    Verification(settings=wanted).check(made, now=NOW)


@pytest.mark.parametrize("space", [S11, S12])
@pytest.mark.parametrize("token", ["certificate", "issuer"])
@pytest.mark.parametrize("hash_", ["sha256", "sha512"])
def test_xmlsec_takes_what_we_sign(ours: Pair, space: str, token: str, hash_: str) -> None:
    made = signed(ours, space=space, token=token, hash=hash_)
    assert xmlsec.verified(made, ours[0])
    references = made.findall(f".//{{{DS}}}Reference")
    ids = {one.get(f"{{{WSU}}}Id"): etree.QName(one).localname for one in made.iter() if one.get(f"{{{WSU}}}Id")}
    assert [ids[(one.get("URI") or "")[1:]] for one in references] == ["Body", "Timestamp"]
    number = made.find(".//{urn:o}Number")
    assert number is not None
    number.text = "13"
    assert not xmlsec.verified(made, ours[0])


THEIRS = '<o:Answer xmlns:o="urn:o"><o:Number>12</o:Number></o:Answer>'


def signed_by_xmlsec(
    of: Pair, *, space: str = S11, kind: str = "sha256", canonical: str = EXCLUSIVE, content: str = THEIRS
) -> Any:
    """An envelope whose body and timestamp xmlsec has signed."""
    method = f"{DS}rsa-sha1" if kind == "sha1" else "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
    digest = f"{DS}sha1" if kind == "sha1" else "http://www.w3.org/2001/04/xmlenc#sha256"
    references = "".join(
        f'<Reference URI="#{name}"><Transforms><Transform Algorithm="{canonical}"/></Transforms>'
        f'<DigestMethod Algorithm="{digest}"/><DigestValue/></Reference>'
        for name in ("b", "t")
    )
    made = etree.fromstring(
        f'<s:Envelope xmlns:s="{space}" xmlns:u="{WSU}" xmlns:x="urn:unused"><s:Header><w:Security xmlns:w="{WSSE}">'
        '<u:Timestamp u:Id="t"><u:Created>'
        f"{NOW:%Y-%m-%dT%H:%M:%SZ}</u:Created></u:Timestamp>"
        f'<Signature xmlns="{DS}"><SignedInfo><CanonicalizationMethod Algorithm="{canonical}"/>'
        f'<SignatureMethod Algorithm="{method}"/>{references}</SignedInfo><SignatureValue/><KeyInfo/></Signature>'
        f'</w:Security></s:Header><s:Body u:Id="b">{content}</s:Body></s:Envelope>'
    )
    return xmlsec.signed(made, *of)


@pytest.mark.parametrize("space", [S11, S12])
@pytest.mark.parametrize("canonical", [EXCLUSIVE, f"{EXCLUSIVE}WithComments"])
def test_we_take_what_xmlsec_signs(theirs: Pair, space: str, canonical: str) -> None:
    made = signed_by_xmlsec(theirs, space=space, canonical=canonical)
    check(made, theirs[0])
    number = made.find(".//{urn:o}Number")
    assert number is not None
    number.text = "13"
    with pytest.raises(Unsigned, match="not one of the partner's: Digest mismatch"):
        check(made, theirs[0])


def test_another_canonicalization_is_named(theirs: Pair) -> None:
    """Inclusive canonical form depends on what stands around, so the profiles do not use it, and we could not tell."""
    with pytest.raises(
        Unsigned, match=r"transforms what it signs by http://www\.w3\.org/TR/2001/REC-xml-c14n-20010315"
    ):
        check(signed_by_xmlsec(theirs, canonical=INCLUSIVE), theirs[0])


def test_sha1_is_taken_where_it_is_allowed(theirs: Pair) -> None:
    made = signed_by_xmlsec(theirs, kind="sha1")
    with pytest.raises(
        Unsigned, match=r"is made with http://www\.w3\.org/2000/09/xmldsig#rsa-sha1, which is not taken"
    ):
        check(made, theirs[0])
    check(made, theirs[0], sha1=True)


def test_elliptic_curves_and_rotation(theirs: Pair) -> None:
    curved = pair("curved", curve=True)
    made = signed(curved)
    check(made, theirs[0], curved[0])
    check(made, theirs[0] + curved[0])
    with pytest.raises(Unsigned, match="not one of the partner's"):
        check(made, theirs[0])


def test_a_certificate_that_ended_is_not_taken() -> None:
    old = pair("old", days=(-30, -1))
    with pytest.raises(Unsigned, match=r"valid from .* to "):
        check(signed(old), old[0])


def body(made: "etree._Element") -> "etree._Element":
    found = made.find("{*}Body")
    assert found is not None
    return found


def evil(made: "etree._Element") -> "etree._Element":
    """A body of the attacker's."""
    other = etree.SubElement(made, f"{{{etree.QName(made).namespace}}}Body")
    other.append(etree.fromstring('<o:Answer xmlns:o="urn:o"><o:Number>666</o:Number></o:Answer>'))
    return other


def moved_into_header(made: "etree._Element") -> None:
    """The usual wrapping: the signed body goes into a header block, another one takes its place."""
    original = body(made)
    wrapper = etree.SubElement(made.find("{*}Header"), "{urn:evil}Wrapper")  # type: ignore[type-var]
    made.remove(original)
    wrapper.append(original)
    evil(made)


def moved_with_same_id(made: "etree._Element") -> None:
    identity = body(made).get(f"{{{WSU}}}Id")
    moved_into_header(made)
    body(made).set(f"{{{WSU}}}Id", str(identity))


def second_body_first(made: "etree._Element") -> None:
    original = body(made)
    made.remove(original)
    evil(made)
    made.append(original)


def second_body_last(made: "etree._Element") -> None:
    evil(made)


def other_time(made: "etree._Element") -> None:
    """The signed timestamp is hidden, and a fresh one stands where it is looked for."""
    security = made.find(f"{{*}}Header/{{{WSSE}}}Security")
    assert security is not None
    stamp = security.find(f"{{{WSU}}}Timestamp")
    assert stamp is not None
    fresh = copy.deepcopy(stamp)
    del fresh.attrib[f"{{{WSU}}}Id"]
    fresh[0].text = "2099-01-01T00:00:00Z"
    wrapper = etree.SubElement(made.find("{*}Header"), "{urn:evil}Wrapper")  # type: ignore[type-var]
    security.replace(stamp, fresh)
    wrapper.append(stamp)


def other_id_attribute(made: "etree._Element") -> None:
    """The body keeps wsu:Id, and a copy that is found by another attribute holds what was signed."""
    original = body(made)
    hidden = copy.deepcopy(original)
    identity = hidden.attrib.pop(f"{{{WSU}}}Id")
    hidden.set("ID", str(identity))
    etree.SubElement(made.find("{*}Header"), "{urn:evil}Wrapper").append(hidden)  # type: ignore[type-var]
    original[0][0].text = "666"


def no_signature(made: "etree._Element") -> None:
    for one in made.findall(f".//{{{DS}}}Signature"):
        one.getparent().remove(one)  # type: ignore[union-attr]


def signature_elsewhere(made: "etree._Element") -> None:
    (one,) = made.findall(f".//{{{DS}}}Signature")
    made.find("{*}Header").append(one)  # type: ignore[union-attr]


def xpath_transform(made: "etree._Element") -> None:
    (transform, *_) = made.findall(f".//{{{DS}}}Transform")
    transform.set("Algorithm", "http://www.w3.org/TR/1999/REC-xpath-19991116")


def many_transforms(made: "etree._Element") -> None:
    (transforms, *_) = made.findall(f".//{{{DS}}}Transforms")
    transforms.extend([copy.deepcopy(transforms[0]) for _ in range(30)])


def many_signatures(made: "etree._Element") -> None:
    (one,) = made.findall(f".//{{{DS}}}Signature")
    for _ in range(5):
        one.addprevious(copy.deepcopy(one))


def no_references(made: "etree._Element") -> None:
    for one in made.findall(f".//{{{DS}}}Reference"):
        one.getparent().remove(one)  # type: ignore[union-attr]


def spoiled(name: str) -> Callable[["etree._Element"], None]:
    def change(made: "etree._Element") -> None:
        (one, *_) = made.findall(f".//{{{DS}}}{name}")
        one.text = "not base64 é"

    return change


def without(name: str) -> Callable[["etree._Element"], None]:
    def change(made: "etree._Element") -> None:
        (one, *_) = made.findall(f".//{{{DS}}}{name}")
        one.getparent().remove(one)  # type: ignore[union-attr]

    return change


ATTACKS: dict[str, Callable[["etree._Element"], None]] = {
    "the body moved into a header block": moved_into_header,
    "the same, with the same identity": moved_with_same_id,
    "another body before it": second_body_first,
    "another body behind it": second_body_last,
    "another timestamp": other_time,
    "another identity attribute": other_id_attribute,
    "no signature": no_signature,
    "the signature elsewhere": signature_elsewhere,
    "an XPath transform": xpath_transform,
    "the same transform again and again": many_transforms,
    "more signatures than are looked at": many_signatures,
    "no references": no_references,
    "a digest that is none": spoiled("DigestValue"),
    "a value that is none": spoiled("SignatureValue"),
    "no value": without("SignatureValue"),
    "no method": without("SignatureMethod"),
    "no digest method": without("DigestMethod"),
    "nothing signed": without("SignedInfo"),
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_a_part_counts_as_signed_only_where_it_is_used(
    theirs: Pair, attack: Callable[["etree._Element"], None]
) -> None:
    made = signed(theirs)
    check(made, theirs[0])
    attack(made)
    with pytest.raises(Unsigned) as caught:
        check(etree.fromstring(etree.tostring(made)), theirs[0])
    assert caught.value.message
    assert caught.value.hint


def test_both_parts_must_be_of_one_signature(theirs: Pair) -> None:
    """The body of one answer with the time of another: each is signed, but not together."""
    made, other = signed(theirs, parts=["body"]), signed(theirs, parts=["timestamp"])
    security = made.find(f"{{*}}Header/{{{WSSE}}}Security")
    assert security is not None
    security.remove(security.find(f"{{{WSU}}}Timestamp"))  # type: ignore[arg-type]
    other_security = other.find(f"{{*}}Header/{{{WSSE}}}Security")
    assert other_security is not None
    security.extend([one for one in other_security if one.tag in (f"{{{WSU}}}Timestamp", f"{{{DS}}}Signature")])
    with pytest.raises(Unsigned, match="does not cover its timestamp"):
        check(made, theirs[0])
    check(made, theirs[0], parts=["body"])


def test_the_partners_second_signature_counts(ours: Pair, theirs: Pair) -> None:
    """A gateway's signature stands before the one that we know."""
    made = signed(ours)
    security = Security.model_validate({"sign": {"certificate": theirs[0], "key": theirs[1]}})
    secure(made, security, now=NOW)
    check(made, theirs[0])
    check(made, ours[0])


def test_what_is_missing_is_named(theirs: Pair) -> None:
    with pytest.raises(Unsigned, match="has no timestamp, which must be signed"):
        check(signed(theirs, timestamp=False), theirs[0])
    check(signed(theirs, timestamp=False), theirs[0], parts=["body"])


def test_a_comment_in_a_signed_text_changes_nothing(theirs: Pair) -> None:
    """No signature covers comments, so whoever reads the body must not see them: the client strips them first."""
    made = signed(theirs)
    text = etree.tostring(made).replace(b">12<", b">1<!-- -->2<")
    check(etree.fromstring(text), theirs[0])


GOLDEN = [
    ({"certificate": "nothing", "key": ""}, "the certificate to sign with cannot be read"),
    ({"key": "nothing"}, "the key to sign with cannot be read"),
    ({"key": pair("other")[1]}, "the key to sign with does not belong to the certificate"),
]


@pytest.mark.parametrize(("settings", "message"), GOLDEN)
def test_what_is_wrong_with_our_own(ours: Pair, settings: dict[str, str], message: str) -> None:
    with pytest.raises(Stop) as caught:
        signed((ours[0], ours[1]), **settings)
    assert caught.value.message == message
    assert caught.value.hint is not None
    assert "PRIVATE" not in str(caught.value.findings)


def test_the_key_may_stand_beside_the_certificate_and_have_a_password(ours: Pair) -> None:
    key = serialization.load_pem_private_key(ours[1].encode(), None)
    lock = serialization.BestAvailableEncryption(b"secret")
    sealed = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock).decode()
    check(signed((ours[0] + sealed, ""), key=None, password="secret"), ours[0])
    check(signed((sealed + ours[0], ""), key=None, password="secret"), ours[0])


def test_a_signature_without_the_body_is_no_setting(theirs: Pair) -> None:
    with pytest.raises(ValidationError, match="does not cover the body proves nothing"):
        Verifying.model_validate({"certificates": theirs[0], "parts": ["timestamp"]})
