"""Signed requests to a SOAP service of ours: who is taken for the partner, what is told, and what comes again."""

import copy
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from pydantic import ValidationError
from tests.adapters.soap import xmlsec
from tests.adapters.soap.certificates import DS, INCLUSIVE, NOW, S11, S12, WSSE, WSU, Pair, pair
from tests.adapters.soap.test_signatures import ATTACKS, body, evil, signed_by_xmlsec

from transload.adapters.base import Finding, Inbound, Stop
from transload.adapters.base.endpoint import Refused, Request
from transload.adapters.base.responding import Result
from transload.adapters.soap.security import verification
from transload.adapters.soap.security.headers import secure
from transload.adapters.soap.security.settings import Security, Verifying
from transload.adapters.soap.security.verification import Verification
from transload.adapters.soap.service import SoapEndpoint, SoapServiceConnection, SoapServiceOptions
from transload.adapters.soap.service.repeats import Repeats

pytest.importorskip("signxml")
NS = "urn:example:purchasing:1"
WSA = "http://www.w3.org/2005/08/addressing"
ANSWER = f'<SubmitOrderResponse xmlns="{NS}"><Number>{{Number}}</Number></SubmitOrderResponse>'
ACME, NEXT, STRANGER = pair("acme"), pair("acme next", curve=True), pair("acme")
OURS = pair("bolt")
OLD = pair("acme old", days=(-30, -1))
INVALID = (500, "wsse:FailedCheck", "The signature or decryption was invalid")
ABSENT = (500, "wsse:InvalidSecurity", "An error was discovered processing the <wsse:Security> header")
ALGORITHM = (500, "wsse:UnsupportedAlgorithm", "An unsupported signature or encryption algorithm was used")
EXPIRED = (500, "wsse:MessageExpired", "The message has expired")
DENIED = (500, "wsse:FailedAuthentication", "The security token could not be authenticated or authorized")
UNSIGNED_ID = (500, "soap:Client", "The MessageID says which message it is, and the signature does not cover it")
Make = Callable[..., SoapEndpoint]
MINUTES = timedelta(minutes=1)
Change = Callable[["etree._Element"], None]


@pytest.fixture
def make(wsdl: Path) -> Make:
    def endpoint(
        verify: dict[str, Any] | None = None, taken: dict[str, Any] | None = None, **more: Any
    ) -> SoapEndpoint:
        whole = {"path": "/acme", "wsdl": wsdl, "rate": {"requests": 10_000}, **more}
        signature = {"certificates": [NEXT[0], ACME[0]]}
        proof = {"verify": {"signature": signature, **(verify or {})}}
        options = {"operations": {"SubmitOrder": {"response": ANSWER, **(taken or {})}}}
        connection = SoapServiceConnection.model_validate({**whole, **proof})
        made = SoapEndpoint(connection, SoapServiceOptions.model_validate(options))
        made.prepare()
        return made

    return endpoint


def envelope(space: str = S11, header: str = "", number: str = "PO-1") -> "etree._Element":
    return etree.fromstring(
        f'<s:Envelope xmlns:s="{space}" xmlns:a="{WSA}"><s:Header>{header}</s:Header><s:Body><SubmitOrder xmlns="{NS}">'
        f'<Number>{number}</Number><Buyer>B</Buyer><Line number="1"><Item>A</Item><Quantity>1</Quantity></Line>'
        "</SubmitOrder></s:Body></s:Envelope>"
    )


def signed(
    of: Pair = ACME,
    *,
    space: str = S11,
    header: str = "",
    number: str = "PO-1",
    at: timedelta = timedelta(),
    **more: Any,
) -> "etree._Element":
    """A request as our own client signs it."""
    made = envelope(space, header, number)
    settings = {"timestamp": "2m", **more, "sign": {"certificate": of[0], "key": of[1], **more.get("sign", {})}}
    secure(made, Security.model_validate(settings), now=NOW + at)
    return made


def request(made: "etree._Element") -> Request:
    kind = "application/soap+xml" if etree.QName(made).namespace == S12 else "text/xml"
    return Request(
        method="POST", path="/acme", headers={"content-type": kind}, content=etree.tostring(made), client="192.0.2.7"
    )


def accept(endpoint: SoapEndpoint, made: "etree._Element", at: timedelta = timedelta()) -> Inbound:
    return endpoint.accept(request(made), NOW + at)


def refused(
    endpoint: SoapEndpoint, made: "etree._Element", at: timedelta = timedelta()
) -> tuple[tuple[int, str, str], str, str | None]:
    """What the sender is told, what the log says, and the hint."""
    with pytest.raises(Refused) as caught:
        accept(endpoint, made, at)
    told, finding = caught.value.response, caught.value.finding
    root = etree.fromstring(told.content)
    assert finding.code == "W-CALL"
    said = finding.message.partition("was not kept: ")[2]
    return (told.status, root.findtext(".//faultcode") or "", root.findtext(".//faultstring") or ""), said, finding.hint


@pytest.mark.parametrize("space", [S11, S12])
@pytest.mark.parametrize("of", [ACME, NEXT], ids=["RSA", "ECDSA"])
@pytest.mark.parametrize("token", ["certificate", "issuer"])
def test_what_the_partner_signed_is_taken(make: Make, space: str, of: Pair, token: str) -> None:
    made = signed(of, space=space, must_understand=True, sign={"token": token})
    inbound = accept(make(), made)
    assert isinstance(inbound.content, bytes)
    assert etree.fromstring(inbound.content).findtext(f"{{{NS}}}Number") == "PO-1"
    assert len(inbound.metadata["signed_by"]) == 64


def test_what_xmlsec_signed_is_taken_in_its_time(make: Make) -> None:
    order = etree.tostring(body(envelope())[0], encoding="unicode")
    made = signed_by_xmlsec(ACME, content=order)
    assert accept(make(), made)
    assert refused(make(), made, timedelta(hours=1))[0] == EXPIRED


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_no_attack_is_taken(make: Make, attack: Change) -> None:
    made = signed()
    accept(make(), made)
    attack(made)
    told, said, hint = refused(make(), made)
    assert told in (INVALID, ABSENT, ALGORITHM)
    assert said
    assert hint


def moved_below_itself(made: "etree._Element") -> None:
    """The signed body stands within the body of the attacker's."""
    original = body(made)
    made.remove(original)
    evil(made).append(original)


def second_element(made: "etree._Element") -> None:
    body(made).append(copy.deepcopy(body(made)[0]))


def time_goes(made: "etree._Element") -> None:
    (stamp,) = made.findall(f".//{{{WSU}}}Timestamp")
    stamp.getparent().remove(stamp)  # type: ignore[union-attr]


def second_time(made: "etree._Element") -> None:
    (stamp,) = made.findall(f".//{{{WSU}}}Timestamp")
    fresh = copy.deepcopy(stamp)
    del fresh.attrib[f"{{{WSU}}}Id"]
    stamp.addprevious(fresh)


def second_security(made: "etree._Element") -> None:
    (security,) = made.findall(f".//{{{WSSE}}}Security")
    security.addnext(etree.Element(f"{{{WSSE}}}Security"))


def own_certificate(made: "etree._Element") -> None:
    """A stranger signs, and sends the partner's certificate along as the one that it was made with."""
    (token,) = made.findall(f".//{{{WSSE}}}BinarySecurityToken")
    token.text = "".join(ACME[0].splitlines()[1:-1])


def key_of_its_own(made: "etree._Element") -> None:
    (info,) = made.findall(f".//{{{DS}}}KeyInfo")
    etree.SubElement(etree.SubElement(info, f"{{{DS}}}X509Data"), f"{{{DS}}}X509Certificate").text = "".join(
        STRANGER[0].splitlines()[1:-1]
    )


def inclusive(made: "etree._Element") -> None:
    (method,) = made.findall(f".//{{{DS}}}CanonicalizationMethod")
    method.set("Algorithm", INCLUSIVE)


def shared_secret(made: "etree._Element") -> None:
    (method,) = made.findall(f".//{{{DS}}}SignatureMethod")
    method.set("Algorithm", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256")


def whole_document(made: "etree._Element") -> None:
    (one, *_) = made.findall(f".//{{{DS}}}Reference")
    one.set("URI", "")


def from_elsewhere(made: "etree._Element") -> None:
    (one, *_) = made.findall(f".//{{{DS}}}Reference")
    one.set("URI", "http://192.0.2.1/body.xml")


def split_text(made: "etree._Element") -> None:
    """A processing instruction is a part of the canonical form, other than a comment."""
    (number,) = made.findall(f".//{{{NS}}}Number")
    number.append(etree.ProcessingInstruction("x"))


def with_space(made: "etree._Element") -> None:
    body(made).text = " "


def same_id_in_header(made: "etree._Element") -> None:
    found = etree.SubElement(made.find("{*}Header"), "{urn:evil}Wrapper")  # type: ignore[type-var]
    found.set(f"{{{WSU}}}Id", str(body(made).get(f"{{{WSU}}}Id")))


def second_statement(made: "etree._Element") -> None:
    (one,) = made.findall(f".//{{{DS}}}SignedInfo")
    one.addnext(copy.deepcopy(one))


CASES: dict[str, tuple[Change, tuple[int, str, str], str]] = {
    "the body within another": (
        moved_below_itself, INVALID, "the signature of the request does not cover its body"
    ),
    "another element in the body": (
        second_element, INVALID, "the signature of the request is not one of the partner's: Digest mismatch"
    ),
    "no timestamp": (
        time_goes, INVALID, "the signature of the request is not one of the partner's: Unable to resolve reference URI"
    ),
    "a second timestamp": (second_time, INVALID, "the request has 2 parts called timestamp"),
    "a second Security header": (second_security, ABSENT, "it has 2 Security headers for us"),
    "two statements of what is signed": (
        second_statement, INVALID, "the signature of the request states 2 times what it signs"
    ),
    "inclusive canonicalization": (
        inclusive, ALGORITHM, f"the signature of the request transforms what it signs by {INCLUSIVE}"
    ),
    "a shared secret": (
        shared_secret, ALGORITHM,
        "the signature of the request is made with http://www.w3.org/2001/04/xmldsig-more#hmac-sha256, "
        "which is not taken",
    ),
    "the whole document named": (
        whole_document, INVALID, "the signature of the request is not one of the partner's: "
    ),
    "something elsewhere named": (
        from_elsewhere, INVALID, "the signature of the request is not one of the partner's: "
    ),
    "a processing instruction": (split_text, INVALID, "the signature of the request is not one of the partner's: Dig"),
    "a space more": (with_space, INVALID, "the signature of the request is not one of the partner's: Digest mismatch"),
    "the same identity twice": (
        same_id_in_header, INVALID, "the signature of the request is not one of the partner's: Ambiguous reference"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "told", "said"), CASES.values(), ids=CASES)
def test_what_was_changed_is_not_taken(make: Make, change: Change, told: tuple[int, str, str], said: str) -> None:
    made = signed()
    change(made)
    found = refused(make(), made)
    assert found[0] == told
    assert found[1].startswith(said)


STRANGERS: dict[str, tuple[Any, tuple[int, str, str], str]] = {
    "nobody signed": (lambda: envelope(), ABSENT, "the request has no signature"),
    "a stranger signed": (
        lambda: signed(STRANGER), INVALID,
        "the signature of the request is not one of the partner's: no certificate that we know fits it",
    ),
    "a certificate that ended": (
        lambda: signed(OLD), INVALID,
        "the signature of the request is not one of the partner's: no certificate that we know fits it",
    ),
    "the body alone": (
        lambda: signed(sign={"parts": ["body"]}), INVALID,
        "the signature of the request does not cover its timestamp",
    ),
    "the timestamp alone": (
        lambda: signed(sign={"parts": ["timestamp"]}), INVALID,
        "the signature of the request does not cover its body",
    ),
    "no timestamp": (
        lambda: signed(timestamp=None), INVALID, "the request has no timestamp, which must be signed"
    ),
    "SHA-1": (
        lambda: signed_by_xmlsec(ACME, kind="sha1"), ALGORITHM,
        f"the signature of the request is made with {DS}rsa-sha1, which is not taken",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("made", "told", "said"), STRANGERS.values(), ids=STRANGERS)
def test_a_stranger_learns_no_more_than_a_code(make: Make, made: Any, told: tuple[int, str, str], said: str) -> None:
    endpoint = make(sign={"certificate": OURS[0], "key": OURS[1]})
    sent = made()
    assert refused(endpoint, sent)[:2] == (told, said)
    with pytest.raises(Refused) as caught:
        accept(endpoint, sent)
    assert b"Signature" not in caught.value.response.content  # nobody gets ours for what he made up
    assert b"acme" not in caught.value.response.content


def test_the_certificate_that_a_message_brings_counts_for_nothing(make: Make) -> None:
    for change in (own_certificate, key_of_its_own):
        made = signed(STRANGER)
        change(made)
        assert refused(make(), made)[0] == INVALID


def test_rotation_and_what_ended(make: Make) -> None:
    both = {"signature": {"certificates": [OLD[0], ACME[0]]}}
    assert accept(make(both), signed()).metadata["signed_by"] != accept(make(), signed(NEXT)).metadata["signed_by"]
    told, said, hint = refused(make({"signature": {"certificates": OLD[0]}}), signed(OLD))
    assert told == INVALID
    assert said.startswith(
        "the signature of the request is not one of the partner's: no certificate that we know fits it; "
        "one that we know is valid from "
    )
    assert hint == (
        "ask the partner which certificate signs its requests, and name it under verify: signature: certificates"
    )


def test_the_certificate_changes_between_two_attempts(make: Make) -> None:
    """The partner got no answer, and tries again with the next certificate: it is the same message."""
    endpoint = make()
    identity = "<a:MessageID>urn:uuid:1</a:MessageID>"
    parts = {"sign": {"parts": ["body", "timestamp", "addressing"]}}
    first = accept(endpoint, signed(ACME, header=identity, **parts))
    again = accept(endpoint, signed(NEXT, header=identity, at=timedelta(seconds=60), **parts), timedelta(seconds=60))
    assert first.key == again.key
    with pytest.raises(Refused):
        accept(make({"signature": {"certificates": NEXT[0]}}), signed(ACME, header=identity, **parts))


@pytest.mark.parametrize(
    ("at", "now", "said"),
    [
        (0, 0, None),
        (0, 4.9, None),
        (0, 8, "the request ended 360 seconds ago by our clock"),
        (6, 0, "the request is dated 360 seconds ahead of our clock"),
        (-4, 0, None),
    ],
)
def test_when(make: Make, at: float, now: float, said: str | None) -> None:
    made = signed(at=at * MINUTES)
    if said is None:
        assert accept(make(), made, now * MINUTES)
        return
    told, why, hint = refused(make(), made, now * MINUTES)
    assert told == EXPIRED
    assert why[:20] == said[:20]
    assert hint == "compare the clocks; raise tolerance: where messages wait"


def test_a_message_that_says_it_is_valid_for_long_is_old_by_tolerance(make: Make) -> None:
    made = signed(timestamp="1d")
    assert accept(make(), made, 4 * MINUTES)
    told, said, _ = refused(make(), made, 6 * MINUTES)
    assert (told, said.partition(" of ")[0], said[-35:]) == (
        EXPIRED, "the request is", "more than tolerance before our clock"[1:]
    )  # fmt: skip
    assert accept(make(tolerance="10m"), made, 6 * MINUTES)


def test_a_stranger_does_not_make_us_copy_a_large_message(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made = signed(STRANGER)
    (one,) = made.findall(f".//{{{DS}}}Signature")
    for _ in range(4):
        one.addprevious(copy.deepcopy(one))

    copies = []
    real = verification._alone
    monkeypatch.setattr(verification, "_alone", lambda *given: copies.append(given) or real(*given))
    assert refused(make(), made)[0] == INVALID
    assert copies == []
    assert accept(make(), signed())
    assert len(copies) == 1


PARTS = (
    "{*}Body",
    f"{{{WSA}}}MessageID",
    f"{{{WSA}}}Action",
    f"{{{WSU}}}Timestamp",
    f"{{{NS}}}Number",
    f"{{{DS}}}Signature",
)


def hidden(made: "etree._Element", one: "etree._Element") -> None:
    """It goes to where nobody looks, and is still found by what was signed."""
    parent = one.getparent()
    assert parent is not None
    place = etree.SubElement(made[0], "{urn:evil}Wrapper")
    parent.remove(one)
    place.append(one)


def faked(made: "etree._Element", one: "etree._Element") -> None:
    """Another one beside it, with other texts and without identity."""
    fake = copy.deepcopy(one)
    for inner in fake.iter(etree.Element):
        inner.attrib.pop(f"{{{WSU}}}Id", None)
        inner.text = f"{inner.text}x" if inner.text and inner.text.strip() else inner.text
    one.addnext(fake)


def swapped(made: "etree._Element", one: "etree._Element") -> None:
    faked(made, one)
    hidden(made, one)


def gone(made: "etree._Element", one: "etree._Element") -> None:
    parent = one.getparent()
    assert parent is not None
    parent.remove(one)


def copied(made: "etree._Element", one: "etree._Element") -> None:
    made[0].append(copy.deepcopy(one))


def for_another(made: "etree._Element", one: "etree._Element") -> None:
    one.set(f"{{{S11}}}actor", "urn:other")


def commented(made: "etree._Element", one: "etree._Element") -> None:
    one.insert(0, etree.Comment("x"))


STEPS = (hidden, faked, swapped, gone, copied, for_another, commented)


@pytest.fixture
def ready(make: Make) -> tuple[SoapEndpoint, dict[bool, "etree._Element"]]:
    """An endpoint, and requests with addressing headers and without."""
    header = "<a:MessageID>urn:uuid:1</a:MessageID><a:Action>urn:a</a:Action>"
    parts = {"sign": {"parts": ["body", "timestamp", "addressing"]}}
    return make(), {named: signed(header=header if named else "", **parts) for named in (True, False)}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=300)
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.sampled_from(PARTS)), min_size=1, max_size=3), st.booleans())
def test_whatever_is_changed_it_is_the_same_message_or_none(
    ready: Any, steps: list[tuple[Callable[..., None], str]], named: bool
) -> None:
    endpoint, requests = ready
    original = requests[named]

    def taken(made: "etree._Element") -> Inbound:
        endpoint._proofs._signatures._repeats = Repeats(timedelta(hours=1))  # as after a restart
        return accept(endpoint, made)

    before = taken(original)
    changed = etree.fromstring(etree.tostring(original))
    for step, part in steps:
        found = changed.find(f".//{part}")
        if found is not None:
            step(changed, found)
    try:
        after = taken(changed)
    except Refused:
        return
    assert (after.key, after.content) == (before.key, before.content)


def test_what_was_overheard(make: Make) -> None:
    """The same request is a repetition; what the partner signed in another request is not."""
    endpoint = make()
    made = signed()
    assert accept(endpoint, made).key == accept(endpoint, made, MINUTES).key
    header = made.find("{*}Header")
    assert header is not None
    etree.SubElement(header, "{urn:x}Other")
    told, said, _ = refused(endpoint, made, MINUTES)
    assert (told, said) == (INVALID, "its signature came before, in another request")
    (value,) = made.findall(f".//{{{DS}}}SignatureValue")
    value.text = f" {value.text}"  # the value written in another way is the same signature
    assert refused(endpoint, made, MINUTES)[1] == "its signature came before, in another request"
    assert accept(endpoint, signed(number="PO-2"), MINUTES)


@pytest.mark.parametrize("parts", [["body", "timestamp"], ["body"]])
def test_what_is_sent_again_by_somebody_else_is_never_a_new_message(make: Make, parts: list[str]) -> None:
    """Whatever is changed beside what was signed, and even when we have started anew and remember nothing."""
    verify = {"signature": {"certificates": ACME[0], "parts": parts}}
    everything = {"sign": {"parts": ["body", "timestamp", "addressing"]}}
    named = signed(header="<a:MessageID>urn:uuid:1</a:MessageID>", **everything)
    unnamed = signed(**everything)

    def added(made: "etree._Element", text: str = "urn:uuid:2") -> None:
        etree.SubElement(made.find("{*}Header"), f"{{{WSA}}}MessageID").text = text  # type: ignore[type-var]

    def same_again(made: "etree._Element") -> None:
        (one,) = made.findall(f".//{{{WSA}}}MessageID")
        again = copy.deepcopy(one)
        again.attrib.clear()
        one.addnext(again)

    def hidden(made: "etree._Element") -> None:
        (one,) = made.findall(f".//{{{WSA}}}MessageID")
        etree.SubElement(made.find("{*}Header"), "{urn:evil}Wrapper").append(one)  # type: ignore[type-var]

    def hidden_and_replaced(made: "etree._Element") -> None:
        hidden(made)
        added(made)

    for original, change in (
        (named, added),
        (unnamed, added),
        (named, same_again),
        (named, hidden),
        (named, hidden_and_replaced),
    ):
        accept(make(verify), original)
        attacked = copy.deepcopy(original)
        change(attacked)
        assert refused(make(verify), attacked)[0] == UNSIGNED_ID, change
    # with an identity within the body the MessageID says nothing, and may be unsigned
    known = {"taken": {"identity": ["Number"]}}
    attacked = copy.deepcopy(named)
    hidden_and_replaced(attacked)
    assert accept(make(verify, **known), attacked).key == accept(make(verify, **known), named).key


def test_signed_addressing_where_it_must_be(make: Make) -> None:
    endpoint = make({"signature": {"certificates": ACME[0], "parts": ["body", "timestamp", "addressing"]}})
    block = "<a:Action>urn:a</a:Action>"
    assert refused(endpoint, signed())[1] == "the request has no addressing, which must be signed"
    assert refused(endpoint, signed(header=block))[1] == "the signature of the request does not cover its addressing"
    assert accept(endpoint, signed(header=block, sign={"parts": ["body", "timestamp", "addressing"]}))


def test_what_was_signed_for_somebody_else(make: Make) -> None:
    """Who gets the partner's signed message, as another customer of his does, sends it on to us."""
    endpoint = make({"signature": {"certificates": ACME[0], "to": "https://bolt.example/acme"}})
    parts = {"sign": {"parts": ["body", "timestamp", "addressing"]}}
    ours, other = (f"<a:To>https://{name}.example/acme</a:To>" for name in ("bolt", "crate"))
    assert accept(endpoint, signed(header=ours, **parts))
    assert refused(endpoint, signed(header=other, **parts)) == (
        INVALID, "it was signed for 'https://crate.example/acme'",
        "if that is this address, name it under verify: signature: to:",
    )  # fmt: skip
    for sent in (signed(**parts), signed(header=ours), signed(header=ours + ours, **parts)):
        assert refused(endpoint, sent)[1] == "the signature does not cover one header To"


TOKEN = {"username": "acme", "password": "sesame"}


def test_a_token_and_a_signature(make: Make) -> None:
    endpoint = make({"username_token": TOKEN})
    both = signed(username_token=TOKEN, must_understand=True)
    assert accept(endpoint, both)
    assert refused(endpoint, signed())[:2] == (DENIED, "it has 0 user tokens")
    assert refused(endpoint, signed(username_token={**TOKEN, "password": "guess"}))[0] == DENIED
    assert refused(endpoint, signed(STRANGER, username_token=TOKEN))[0] == INVALID
    assert refused(endpoint, signed(STRANGER, username_token={**TOKEN, "password": "guess"}))[0] == INVALID
    strict = make(
        {"username_token": TOKEN, "signature": {"certificates": ACME[0], "parts": ["body", "timestamp", "token"]}}
    )
    assert refused(strict, both)[:2] == (INVALID, "the signature of the request does not cover its token")
    assert accept(strict, signed(username_token=TOKEN, sign={"parts": ["body", "timestamp", "token"]}))
    told = refused(make(), both)[0]  # nobody looks at a token that is not asked for
    assert told == (500, "soap:MustUnderstand", "These headers must be understood, and are not: Security")


def test_a_comment_changes_nothing(make: Make) -> None:
    text = etree.tostring(signed()).replace(b"PO-1", b"PO<!-- -->-1")
    inbound = accept(make(), etree.fromstring(text))
    assert isinstance(inbound.content, bytes)
    assert b"<Number>PO-1</Number>" in inbound.content


@pytest.mark.parametrize("space", [S11, S12])
def test_our_answers_are_signed_and_bound_to_what_they_answer(make: Make, space: str) -> None:
    endpoint = make(sign={"certificate": OURS[0], "key": OURS[1]})
    made = signed(
        header="<a:MessageID>urn:uuid:1</a:MessageID>", space=space, sign={"parts": ["body", "timestamp", "addressing"]}
    )
    inbound = accept(endpoint, made)
    answer = endpoint.respond(inbound, earlier=None)
    root = etree.fromstring(answer.content)
    assert xmlsec.verified(root, OURS[0])
    wanted = Verifying.model_validate({"certificates": OURS[0], "parts": ["body", "timestamp", "addressing"]})
    found = Verification(settings=wanted).check(root, now=NOW)
    assert len(found.named(f"{{{WSA}}}RelatesTo")) == 1
    again = endpoint.respond(inbound, earlier={})
    Verification(settings=wanted).check(etree.fromstring(again.content), now=NOW)


def test_a_fault_for_the_partner_is_signed(make: Make) -> None:
    endpoint = make(sign={"certificate": OURS[0], "key": OURS[1]})
    with pytest.raises(Refused) as caught:
        accept(endpoint, signed(header="<a:MessageID>urn:uuid:1</a:MessageID>"))
    root = etree.fromstring(caught.value.response.content)
    wanted = Verifying.model_validate({"certificates": OURS[0]})
    assert Verification(settings=wanted).check(root, now=NOW)


def test_what_a_mapping_answers_is_signed(make: Make) -> None:
    endpoint = make(taken={"response": None}, sign={"certificate": OURS[0], "key": OURS[1]})
    inbound = accept(endpoint, signed())
    body_ = ANSWER.replace("{Number}", "PO-1").encode()
    why = Finding(code="E-MISSING", message="the number is missing")
    for result in (Result(taken=True, content=body_), Result(taken=False, findings=(why,))):
        root = etree.fromstring(endpoint.respond_with(inbound, result).content)
        wanted = Verifying.model_validate({"certificates": OURS[0]})
        assert Verification(settings=wanted).check(root, now=NOW)


def test_a_time_that_is_not_signed_is_not_written(make: Make) -> None:
    endpoint = make(sign={"certificate": OURS[0], "key": OURS[1], "parts": ["body"]})
    answer = etree.fromstring(endpoint.respond(accept(endpoint, signed()), earlier=None).content)
    assert answer.find(f".//{{{WSU}}}Timestamp") is None


BAD: list[tuple[dict[str, Any], str, str]] = [
    (
        {"verify": {"signature": {"certificates": "nothing"}}},
        "a certificate of the partner's signatures cannot be read",
        "verify: signature: certificates: are texts in PEM form, as ${file:keys/partner.pem} gives them",
    ),
    (
        {"sign": {"certificate": "nothing"}},
        "the certificate to sign with cannot be read",
        "sign: certificate: is its text in PEM form, as ${file:keys/signing.pem} gives it",
    ),
    (
        {"sign": {"certificate": OURS[0], "key": ACME[1]}},
        "the key to sign with does not belong to the certificate",
        "sign: certificate: holds our own first, then those that vouch for it",
    ),
]


@pytest.mark.parametrize(("written", "message", "hint"), BAD)
def test_what_cannot_work_is_said_at_the_start(make: Make, written: dict[str, Any], message: str, hint: str) -> None:
    with pytest.raises(Stop) as caught:
        make(**written)
    assert (caught.value.message, caught.value.hint) == (message, hint)


@pytest.mark.parametrize("written", [{}, {"verify": {"signature": None, "username_token": TOKEN}, "sign": OURS}])
def test_without_the_extra_it_does_not_start(
    make: Make, written: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    if "sign" in written:
        written = {**written, "sign": {"certificate": OURS[0], "key": OURS[1]}}
    monkeypatch.setitem(sys.modules, "signxml", None)
    with pytest.raises(Stop) as caught:
        make(**written)
    assert caught.value.message == "signatures need signxml, which is not installed"
    assert caught.value.hint == "install the extra: pip install 'transload[soap-signatures]'"


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ({"verify": {"signature": {"certificates": "x", "parts": ["timestamp"]}}}, "does not cover the body proves"),
        ({"verify": {"signature": {"certificates": "x"}, "nothing": True}}, "name username_token, signature or both"),
        ({"verify": {"signature": {"certificates": []}}}, "at least 1 item"),
        (
            {"verify": {"signature": {"certificates": "x", "parts": ["body", "token"]}}},
            "a token that must be signed needs username_token:",
        ),
        ({"verify": {"username_token": TOKEN}, "sign": {"certificate": "x", "parts": ["timestamp"]}}, "proves nothing"),
    ],
)
def test_what_is_written_wrong(written: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        SoapServiceConnection.model_validate({"path": "/a", "wsdl": "w", **written})
