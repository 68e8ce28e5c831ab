"""List items that are chosen by their key: ``references[kind=contract].number``."""

from transload.canonical.places import MappingPlace
from transload.mappings.language import expressions
from transload.mappings.language.constants import constant
from transload.mappings.language.fields import Kind, field_type
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.terms import Field, Scope
from transload.mappings.source.problems import Problems, suggest


def chosen(
    meaning: Meaning, problems: Problems, items: Field, path: expressions.Path, at: MappingPlace
) -> Scope | None:
    """The scope of the one item of a list that a path chooses; None with a finding when there can be none."""
    assert path.key is not None
    name, text = path.key
    if items.type.kind is not Kind.ITEMS or items.type.model is None:
        words = f"{'.'.join(items.path)} is a list of texts" if items.type.kind is Kind.TEXTS else "this is no list"
        problems.add("M-FIELD", at, f"{words}, and an item by key is one of objects")
        return None
    kind = field_type(items.type.model, name)
    if kind is None or kind.kind is not Kind.TEXT:
        known = list(items.type.model.model_fields)
        message = f"{items.type.model.__name__}: no text field {name!r} to choose by"
        problems.add("M-FIELD", at, message, hint=suggest(name, known, f"fields are: {', '.join(known)}"))
        return None
    if kind.choices and constant(text, kind, at, problems) is None:
        return None
    if path.names[path.at :] == (name,):
        problems.add("M-FIELD", at, f"{name} is known to be {text!r}: write the literal")
        return None
    for scope in meaning.scopes:
        if scope.parent is items.scope and scope.path == items.path and scope.key == path.key:
            return scope
    made = Scope(number=len(meaning.scopes), model=items.type.model, parent=items.scope, path=items.path, key=path.key)
    meaning.scopes.append(made)
    return made
