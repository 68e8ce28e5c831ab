from transload.adapters.edi.charsets import SYNTAX
from transload.adapters.edi.segments import resolve, split_body
from transload.adapters.edi.separators import EDIFACT_DEFAULT, X12_DEFAULT, Separators


def test_una_names_all_six_characters():
    found = Separators.from_una("UNA=*,?^~")
    assert (found.component, found.element, found.decimal, found.release, found.repetition, found.terminator) == tuple(
        "=*,?^~"
    )
    assert found.una == "UNA=*,?^~"


def test_a_blank_in_una_means_that_there_is_no_such_character():
    found = Separators.from_una("UNA:+.  '")
    assert (found.release, found.repetition) == ("", "")
    assert found.una == "UNA:+.  '"


def test_characters_that_cannot_be_told_apart_are_unsound():
    assert EDIFACT_DEFAULT.sound
    assert X12_DEFAULT.sound
    for text in ("UNA++.? '", "UNAx+.? '", "UNA:+.?+'", "UNA:1.? '"):
        assert not Separators.from_una(text).sound, text


def test_release_resolves_from_the_left():
    for text, plain in (
        ("a??'", "a?\x1c"),
        ("a?'b", "a'b"),
        ("a???'b", "a?'b"),
        ("????", "??"),
        ("a?+b+c?:d:e", "a+b\x1dc:d\x1fe"),
        ("?Ab", "Ab"),  # releasing what needs none
        ("end?", "end?"),  # nothing left to release
    ):
        assert resolve(text, EDIFACT_DEFAULT) == plain, text


def test_control_characters_in_a_value_are_not_taken_for_separators():
    assert resolve("a\x1fb:c?+", EDIFACT_DEFAULT) == "a\u241fb\x1fc+"


def split(raw, newline=""):
    found = split_body(raw, EDIFACT_DEFAULT, SYNTAX["UNOC"], newline)
    return [text.split(found.element) for text in found.texts], found.component, found.repetition, found.empty


def test_a_message_without_release_characters_keeps_its_separators():
    assert split(b"BGM+220+A:B'") == ([["BGM", "220", "A:B"]], ":", "", 0)


def test_a_message_with_one_is_split_by_control_characters():
    assert split(b"FTX+a?:b:c'BGM+x:y'") == ([["FTX", "a:b\x1fc"], ["BGM", "x\x1fy"]], "\x1f", "", 0)
    assert split(b"FTX+a???+b??:c'") == ([["FTX", "a?+b?\x1fc"]], "\x1f", "", 0)
    assert split(b"FTX+?\xe4??") == ([["FTX", "\xe4?"]], "\x1f", "", 0)
    assert split(b"FTX+a\x1fb?+c") == ([["FTX", "a\u241fb+c"]], "\x1f", "", 0)


def test_what_may_stand_between_segments_is_no_part_of_them():
    raw = b"\r\nBGM+1'\r\n  DTM+2'' \t'UNS+ S'\n"
    assert split(raw, "\r\n") == ([["BGM", "1"], ["DTM", "2"], ["UNS", " S"]], ":", "", 2)


def test_text_after_the_last_terminator_is_kept():
    assert split(b"BGM+1'DTM+13")[0] == [["BGM", "1"], ["DTM", "13"]]


def test_a_byte_that_the_character_set_does_not_know_is_found_in_the_raw_bytes():
    found = split_body(b"FTX+a?+\xe4'", EDIFACT_DEFAULT, SYNTAX["UNOA"])
    assert (found.texts, found.undecodable) == (["FTX\x1da+\xe4"], 7)
