import pytest

from transload.adapters.base import Identity
from transload.adapters.edi.qualifiers import counterpart


@pytest.mark.parametrize(
    ("given", "standard", "expected"),
    [
        (Identity(id="123456789", qualifier="1"), "x12", Identity(id="123456789", qualifier="01")),
        (Identity(id="123456789", qualifier="01"), "edifact", Identity(id="123456789", qualifier="1")),
        (Identity(id="9520001000003", qualifier="14"), "x12", Identity(id="9520001000003")),
        (Identity(id="1234567890123", qualifier="14"), "edifact", Identity(id="1234567890123")),
        (Identity(id="ACME", qualifier="ZZ"), "edifact", Identity(id="ACME")),
        (Identity(id="ACME"), "x12", Identity(id="ACME")),
        (Identity(id="ACME", qualifier="1"), "json", Identity(id="ACME")),
    ],
)
def test_a_qualifier_goes_over_only_where_it_means_the_same(given: Identity, standard: str, expected: Identity) -> None:
    assert counterpart(given, standard) == expected
