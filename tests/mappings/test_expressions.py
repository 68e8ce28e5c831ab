"""The grammar of right sides."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transload.mappings.language.expressions import ExpressionError, parse

SHAPES = {
    "number": "Path(names=('number',))",
    " order.buyer.gln ": "Path(names=('order', 'buyer', 'gln'))",
    "1.5": "Number(value=Decimal('1.5'))",
    "a + b * c": "Operation(sign='+', left=Path(names=('a',)), right=Operation(sign='*', left=Path(names=('b',)), "
    "right=Path(names=('c',))))",
    "(a - b) / 2": "Operation(sign='/', left=Operation(sign='-', left=Path(names=('a',)), right=Path(names=('b',))), "
    "right=Number(value=Decimal('2')))",
    "a - b - c": "Operation(sign='-', left=Operation(sign='-', left=Path(names=('a',)), right=Path(names=('b',))), "
    "right=Path(names=('c',)))",
    "count(lines)": "Count(path=Path(names=('lines',)))",
    "sum(lines.quantity)": "Sum(inner=Path(names=('lines', 'quantity')))",
    "write('a | b')": "Quoted(text='a | b')",
}


@pytest.mark.parametrize("text", SHAPES)
def test_shapes(text):
    assert repr(parse(text).base) == SHAPES[text]


@pytest.mark.parametrize(
    ("text", "word", "direction"),
    [
        ("case", "case", "both"),
        (".", ".", "both"),
        ("read(x)", "", "read"),
        ("write(x)", "", "write"),
        ("case.number", "", "both"),
    ],
)
def test_words_and_directions(text, word, direction):
    value = parse(text)
    assert (value.word, value.direction) == (word, direction)


def test_pipes_and_their_arguments():
    value = parse("x | code(uom else EA) | date( dd.MM.yyyy ) | join(\" ; \") | pad(')') | upper")
    assert [(pipe.name, pipe.argument) for pipe in value.pipes] == [
        ("code", "uom else EA"), ("date", "dd.MM.yyyy"), ("join", " ; "), ("pad", ")"), ("upper", None),
    ]  # fmt: skip


GOLDEN = {
    "": "the expression ends too early in '='",
    "a +": "the expression ends too early in '=a +'",
    "a b": "'b' is not understood in '=a b'",
    "a | ": "a converter's name is missing after | in '=a |'",
    "a | date(x": "the argument of date has no end in '=a | date(x'",
    "(a": "')' is missing at the end in '=(a'",
    "a.": "a field's name is missing after the point in '=a.'",
    "a $ b": "'$ b' is not understood in '=a $ b'",
    "count(1)": "count takes a list, such as count(lines) in '=count(1)'",
    "total(a)": "there is no function 'total'",
    "'a": '"\'a" is not understood in "=\'a"',
    "1 + read(a)": "read(...) stands alone, before the pipes in '=1 + read(a)'",
}


@pytest.mark.parametrize("text", GOLDEN)
def test_what_is_no_expression(text):
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert str(caught.value) == GOLDEN[text]


@given(st.text(alphabet="ab.|()+-*/' 12,[]=countsmread", max_size=40) | st.just("(" * 5000))
def test_no_text_breaks_the_parser(text):
    try:
        parse(text)
    except ExpressionError as error:
        assert str(error)  # noqa: PT017
