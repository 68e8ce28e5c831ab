"""What gpg's status lines say of a message that arrived, as a refusal with a name."""

from collections.abc import Callable
from datetime import UTC, datetime

from transload.adapters.base import Finding, Reject, Severity, Stop
from transload.adapters.base.bounds import refused
from transload.adapters.pgp.keys import Keys, wrong_key
from transload.adapters.pgp.program import Ran
from transload.adapters.pgp.settings import PgpOptions

_AGAIN = "it was damaged on the way, or is no OpenPGP message; ask the partner to send it again"


def check(
    ran: Ran,
    options: PgpOptions,
    keys: Keys,
    name: str,
    remark: Callable[[Finding], None],
    opens: Callable[[str], bool],
) -> dict[str, str]:
    """The metadata of a message that is as agreed: ``signed_by`` with the signer's fingerprint.

    ``opens`` says whether our passphrase is that of our key with a fingerprint.

    Raises `Reject`: E-PGP, E-PGP-CLEAR, E-PGP-RECIPIENT, E-PGP-UNSIGNED, E-PGP-SIGNATURE, E-PGP-EXPIRED; `Stop`
    (E-PGP-KEY) for a passphrase that is wrong.
    """
    encrypted = bool(ran.of("BEGIN_DECRYPTION", "ENC_TO"))
    if encrypted:
        _opened(ran, keys, name, opens)
    elif not ran.of("PLAINTEXT", "NEWSIG"):
        raise refused("E-PGP", f"{name} is no OpenPGP message", _AGAIN, byte=0)
    elif options.encrypted:
        hint = "ask the partner to encrypt it, or write encrypted: false where that is agreed"
        raise refused("E-PGP-CLEAR", f"{name} is not encrypted", hint, byte=0)
    if len(ran.of("PLAINTEXT")) != 1:  # more than one text, of which a signature may cover only the first
        raise refused("E-PGP", f"{name} does not hold exactly one text", _AGAIN, byte=0)
    if not options.signed:
        if ran.code not in (0, 2):
            raise refused("E-PGP", f"{name} cannot be opened", _AGAIN, byte=0)
        return {}
    return {"signed_by": _signer(ran, keys, name, remark)}


def _opened(ran: Ran, keys: Keys, name: str, opens: Callable[[str], bool]) -> None:
    if ran.of("DECRYPTION_OKAY") and not ran.of("DECRYPTION_FAILED", "BADMDC"):
        return
    if not ran.of("DECRYPTION_KEY", "DECRYPTION_INFO"):  # no session key was found
        recipients = [line[0] for line in ran.of("ENC_TO")]
        mine = [key for key in keys.ours if key.ids & set(recipients)]
        for key in mine:  # gpg tells the same of a wrong passphrase and of a message that was changed on the way
            if not opens(key.fingerprint):
                raise locked(key.name)
        if mine:
            raise refused("E-PGP", f"{name} cannot be decrypted", _AGAIN, byte=0)
        given = ", ".join(recipients) or "keys that it does not name"
        names = ", ".join(key.name for key in keys.ours)
        hint = f"give the partner the public key of ours; a key from before belongs under former_keys; ours: {names}"
        raise refused("E-PGP-RECIPIENT", f"{name} is encrypted for {given}, and not for our keys", hint, byte=0)
    raise refused("E-PGP", f"{name} cannot be decrypted", _AGAIN, byte=0)


def locked(name: str) -> Stop:
    """Our key needs another passphrase."""
    message = f"the passphrase of our private key {name} is wrong or missing"
    return wrong_key("E-PGP-KEY", message, "look at what 'passphrase' stands for")


def _signer(ran: Ran, keys: Keys, name: str, remark: Callable[[Finding], None]) -> str:
    """The fingerprint of the partner's key that has signed it."""
    known = {key.fingerprint: key for key in keys.theirs}
    for line in ran.of("VALIDSIG"):
        key = known.get(line[-1])
        if key is None:
            continue
        if ran.of("REVKEYSIG"):
            raise _over(f"{key.name} is revoked", name)
        if ran.of("EXPKEYSIG", "EXPSIG"):
            made = datetime.fromtimestamp(int(line[2]), UTC) if line[2].isdigit() else None
            if key.expires is None or made is None or made > key.expires or ran.of("EXPSIG"):
                raise _over(f"{key.name} {key.over or 'has expired'}", name)
            message = f"{name} was signed while the key {key.name} was good, which {key.over} since"
            hint = "ask the partner for the key that takes its place"
            remark(Finding(code="W-PGP-EXPIRED", severity=Severity.WARNING, message=message, hint=hint))
        return key.fingerprint
    given = {line[0] for line in ran.of("ERRSIG", "BADSIG", "EXPKEYSIG", "REVKEYSIG", "GOODSIG")}
    if not given and not ran.of("VALIDSIG"):
        hint = "ask the partner to sign it, or write signed: false where that is agreed"
        raise refused("E-PGP-UNSIGNED", f"{name} has no signature", hint, byte=0)
    by = ", ".join(sorted(given))
    if keys.signed_by(given):
        message = f"the signature of {name} by {by} is wrong"
        raise refused("E-PGP-SIGNATURE", message, "it was changed on the way; ask for it again", byte=0)
    names = ", ".join(key.name for key in keys.theirs)
    hint = f"ask the partner whether it has a new key; known are: {names}"
    raise refused("E-PGP-SIGNATURE", f"{name} is signed by {by}, which is no key of the partner", hint, byte=0)


def _over(what: str, name: str) -> Reject:
    hint = "ask the partner for the key that takes its place, and add its file to partner_keys"
    return refused("E-PGP-EXPIRED", f"the signature of {name} does not hold: {what}", hint, byte=0)
