"""What is agreed with a partner about OpenPGP, and the keys of both sides."""

from pathlib import Path
from typing import Self

from pydantic import ConfigDict, Field, JsonValue, model_validator

from transload.adapters.base import Secret
from transload.adapters.base.bounds import Bounds

_EXAMPLE: dict[str, JsonValue] = {
    "private_key": "${file:keys/us.asc}",
    "passphrase": "${env:PGP_PASSPHRASE}",
    "partner_keys": ["keys/acme.asc"],
}


class PgpOptions(Bounds):
    """Encryption and signatures; both hold in both directions.

    What arrives must be as agreed: a payload in clear is refused where encryption is agreed, and one without a
    signature where signatures are.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    encrypted: bool = Field(
        default=True, description="Agreed: payloads are encrypted, for us with our key, for the partner with theirs"
    )
    signed: bool = Field(default=True, description="Agreed: payloads are signed, by the partner's key, and by ours")
    private_key: Secret | None = Field(
        default=None,
        description="Our private key, armored: decrypts what arrives, signs what leaves",
    )
    former_keys: list[Secret] = Field(
        default=[], description="Our private keys from before, for which a partner may still encrypt"
    )
    passphrase: Secret | None = Field(default=None, description="Passphrase of our private keys")
    partner_keys: list[Path] = Field(
        default=[],
        description="Files with the partner's public keys, two while one takes the place of the other: a signature of"
        " any is right, and what leaves is encrypted for all that have not expired",
    )
    armor: bool = Field(default=False, description="Written as text (ASCII armor); read as either")

    @model_validator(mode="after")
    def _agreed(self) -> Self:
        if not (self.encrypted or self.signed):
            raise ValueError("one of encrypted and signed must be true; else leave the filter out")
        if self.private_key is None and not self.partner_keys:
            raise ValueError("private_key, partner_keys, or both are needed")
        return self
