"""The filter: decrypts and verifies what arrives, encrypts and signs what leaves."""

from collections.abc import Callable, Iterator, Mapping

from transload.adapters.base import Finding
from transload.adapters.base.bounds import Meter, refused
from transload.adapters.base.filter import Filter, Payload, one
from transload.adapters.pgp.keys import Keys, bring, wrong_key
from transload.adapters.pgp.program import PASSPHRASE, Program, arguments_for
from transload.adapters.pgp.settings import PgpOptions
from transload.adapters.pgp.verdict import check, locked

_TRIES = 2
"""How often gpg is run: its helper that keeps keys is a process of its own, and may have ended."""
_SUFFIXES = (".pgp", ".gpg", ".asc")


class PgpFilter(Filter[PgpOptions]):
    """OpenPGP by GnuPG."""

    Options = PgpOptions
    content_type = "application/octet-stream"

    def __init__(self, options: PgpOptions) -> None:
        super().__init__(options)
        self._program = Program(options.passphrase.get_secret_value() if options.passphrase else None)
        self._brought: Keys | None = None

    def unwrap(self, payload: Payload, remark: Callable[[Finding], None]) -> Iterator[Payload]:
        """The one payload inside, with the signer's fingerprint as ``signed_by`` in the metadata.

        Raises `Reject`: E-PGP, E-PGP-CLEAR, E-PGP-RECIPIENT, E-PGP-UNSIGNED, E-PGP-SIGNATURE, E-PGP-EXPIRED, E-BOMB;
        `Stop`: E-PGP-KEY.
        """
        self._need("encrypted", "private_key", "what arrives is decrypted")
        self._need("signed", "partner_keys", "its signature is verified")
        keys = self._keys
        meter = Meter(self.options, len(payload.content), payload.name)
        ran = self._program.run("--decrypt", stdin=payload.content, count=meter.add)
        metadata = check(ran, self.options, keys, payload.name, remark, self._program.opens)
        stem = payload.name[:-4] if payload.name.lower().endswith(_SUFFIXES) else payload.name
        yield one(payload, ran.output, name=stem or payload.name, **metadata)

    def wrap(self, content: bytes, filled: Mapping[str, str]) -> bytes:
        """The content signed by our key and encrypted for the partner's.

        Raises `Stop`: E-PGP-KEY, E-PGP-EXPIRED; `Reject` (E-PGP) where the program fails.
        """
        self._need("signed", "private_key", "what leaves is signed")
        self._need("encrypted", "partner_keys", "what leaves is encrypted")
        arguments = ["--armor"] if self.options.armor else []
        if self.options.signed:
            arguments += ["--local-user", self._signer(), "--sign"]
        if self.options.encrypted:
            arguments += [*arguments_for(self._recipients()), "--encrypt"]
        for _ in range(_TRIES):
            ran = self._program.run(*arguments, stdin=content)
            if ran.code == 0 and ran.output:
                return ran.output
            if ran.errors & PASSPHRASE:
                raise locked(self._keys.ours[0].name)
            if ran.of("INV_RECP"):
                break
        told = ", ".join(" ".join(line) for line in ran.of("FAILURE", "INV_RECP", "ERROR")) or "nothing"
        done = "encrypt" if ran.of("SIG_CREATED") or not self.options.signed else "sign"
        raise refused("E-PGP", f"gpg did not {done}; it told: {told}", "look at the keys with gpg, then replay it")

    def close(self) -> None:
        """Remove the program's home with the keys in it."""
        self._program.close()
        self._brought = None

    @property
    def _keys(self) -> Keys:
        if self._brought is None:
            self._brought = bring(self.options, self._program)
        return self._brought

    def _need(self, agreed: str, setting: str, why: str) -> None:
        """Raise `Stop` where the setting that an agreement takes is not there."""
        if getattr(self.options, agreed) and not getattr(self.options, setting):
            message = f"the filter pgp needs {setting!r}, as {why}"
            raise wrong_key("E-PGP-KEY", message, f"write {setting}:, or {agreed}: false where that is agreed")

    def _signer(self) -> str:
        key = self._keys.ours[0]
        if "s" in key.uses:
            return key.fingerprint
        hint = "extend it and give the partner the new public key, or make another one"
        raise wrong_key("E-PGP-EXPIRED", f"our private key {key.name} {key.over or 'cannot sign'}", hint)

    def _recipients(self) -> list[str]:
        """The partner's keys that are good now."""
        good = [key.fingerprint for key in self._keys.theirs if "e" in key.uses]
        if good:
            return good
        told = "; ".join(f"{key.name} {key.over}" for key in self._keys.theirs)
        hint = "ask the partner for a key that is good, and name its file in partner_keys"
        raise wrong_key("E-PGP-EXPIRED", f"no key of the partner can be encrypted for: {told}", hint)
