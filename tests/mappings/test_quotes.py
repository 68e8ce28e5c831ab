"""Templates and their holes."""

import ast

import pytest

from transload.mappings.compiler.quotes import bind, constant, expression, function, joined, statements, variable


def run(body, **names):
    return bind([function("f", (), body)], names, "t")["f"]()


def test_holes_take_expressions_names_and_statements():
    inner = statements("V = V + N", V="v1", N=constant(2))
    body = statements("V = 1\nif C:\n    INNER\nreturn V", V="v1", C=variable("yes"), INNER=inner)
    assert run(body, yes=True) == 3
    assert run(body, yes=False) == 1


def test_an_empty_block_is_a_pass():
    assert run(statements("if C:\n    INNER\nreturn 1", C=constant(value=True), INNER=[])) == 1


def test_a_template_is_not_changed_by_its_use():
    first = expression("A + 1", A=constant(1))
    second = expression("A + 1", A=constant(5))
    assert (ast.unparse(first), ast.unparse(second)) == ("1 + 1", "5 + 1")


def test_a_statement_hole_in_an_expression_is_refused():
    with pytest.raises(TypeError):
        expression("A + 1", A=[])


@pytest.mark.parametrize("text", ["{", "}}", "{x}", "'", '"', "\\", "\x1d", ""])
def test_texts_melt_together(text):
    tree = joined([constant("a"), constant(text), variable("x"), joined([constant("b"), constant(text)])])
    assert run(statements("return V", V=tree), x="-") == f"a{text}-b{text}"
