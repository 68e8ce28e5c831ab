"""Parts of a mapping in words: conditions, converters, the long form of an entry without its wrapping."""

from transload.mappings.language.terms import Comparison, Junction, Negation, Slot, Test


def condition_text(test: Test) -> str:
    """The condition of ``only_if:`` as it would be written."""
    return _test(test, outer=True)


def _test(test: Test, *, outer: bool = False) -> str:
    if isinstance(test, Comparison):
        name = test.field.text()
        if not test.sign:
            return name
        other = test.other.text() if test.other is not None else repr(test.value)
        return f"{name} {test.sign} {other if isinstance(test.value, str) or test.other else test.value}"
    if isinstance(test, Negation):
        return f"not {_test(test.part)}"
    if isinstance(test, Junction):
        text = f" {'and' if test.every else 'or'} ".join(_test(part) for part in test.parts)
        return text if outer else f"({text})"
    raise TypeError(f"{test!r} is no condition")


def rule_of(slot: Slot) -> str:
    """The right side of an entry, also of one in the long form."""
    rule = slot.rule
    if rule.startswith("{") and rule.endswith("}"):
        inner = rule[1:-1]
        start = inner.find("value: ")
        if start >= 0:
            inner = inner[start + len("value: ") :]
            for other in (", note: ", ", required: ", ", max: "):
                inner = inner.partition(other)[0]
            return inner
    return rule


def pipes_of(slot: Slot) -> str:
    """The converters of an entry as they are written: ``scale(100) | pad(8)``."""
    return " | ".join(part.strip() for part in rule_of(slot).split("|")[1:])
