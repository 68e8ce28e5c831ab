"""A segment's rules as one regular expression: it matches only what is surely right.

What does not match is looked at again by `contents`, which knows what is wrong;
so an expression may be stricter than the rules, never more lenient.  All groups are
possessive: matching takes time in proportion to the segment's length, whatever a partner sends.

Conditions are part of the expression: positions that they tie together become a tree with a branch
for a value and one for none, so an expression walks one path and looks nothing up.  Long code
lists would make the expressions large, so their values are captured, to be looked up in a set.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import count

from transload.adapters.base.format import ELEMENT
from transload.adapters.edi.guides.codes import Codes
from transload.adapters.edi.guides.model import Composite, Condition, Element, Form, Part, SegmentRule

_INLINE = 40
"""Longer code lists are not written into an expression."""
_MOST_LEAVES = 64
"""Conditions that would make more branches than this are left to `contents`."""

_DAY = r"(?:(?:0[13578]|1[02])(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)(?:0[1-9]|[12]\d|30)|02(?:0[1-9]|1\d|2[0-8]))"
_HOUR = r"(?:[01]\d|2[0-3])[0-5]\d"
_TIMES = {4: "", 6: r"[0-5]\d", 7: r"[0-5]\d\d", 8: r"[0-5]\d\d\d"}
_NEVER = "(?!)"
_FROM_ONE = re.compile(r"(\[(?:\\.|[^\]\\])++\])\{1,(\d+)\}\+", re.DOTALL)
"""A value of one or more characters of a class."""


@dataclass(frozen=True, kw_only=True)
class SegmentPattern:
    """The expression for one segment.

    It is for the segment's text, tag first, and matched in full.  The values of its capturing groups must be among
    ``codes``, one list for each group; a group that took part in nothing is None.  With ``open`` something of the rules
    is not in it, and `contents` must be asked for every segment.
    """

    expression: re.Pattern[str]
    codes: tuple[Codes, ...]
    open: bool

    def allows(self, values: Sequence[str | None]) -> bool:
        """Whether captured values are codes of their lists."""
        return all(value is None or value in codes for value, codes in zip(values, self.codes, strict=True))


def segment_pattern(rule: SegmentRule, component: str, repetition: str, element: str = ELEMENT) -> SegmentPattern:
    """The expression for a segment whose separators these are; that of elements must be none of a number's signs."""
    writer = _Writer(component=component, repetition=repetition, separator=element)
    mark = writer.separator
    body = writer.sequence(rule.parts, rule.conditions, mark, writer.part)
    rest = f"(?:{mark}[^{mark}]*+)*+" if rule.open else ""
    text = f"{re.escape(rule.tag)}{body}{rest}(?<!{mark})"
    expression = re.compile(text, re.DOTALL | re.ASCII)
    names = sorted(expression.groupindex.items(), key=lambda item: item[1])
    return SegmentPattern(
        expression=expression, codes=tuple(writer.captured[name] for name, _ in names), open=writer.open
    )


class _Writer:
    def __init__(self, *, component: str, repetition: str, separator: str) -> None:
        excluded = "".join(re.escape(mark) for mark in (separator, component, repetition) if mark)
        self.anything = f"[^{excluded}]"
        self.letters = f"[^0-9{excluded}]"
        self.mark = separator
        self.separator = re.escape(separator)
        self.component = re.escape(component)
        self.repetition = re.escape(repetition)
        self.captured: dict[str, Codes] = {}
        self.open = False
        self._numbers = count(1)
        self._repeating = False

    # ---- parts in a row

    def sequence(
        self,
        parts: Sequence[Part],
        conditions: Sequence[Condition],
        separator: str,
        write: Callable[[Part], str],
        *,
        lead: bool = True,
    ) -> str:
        """The parts in a row; from the last that must be there on, the tail may be absent.

        With ``lead`` a separator stands before the first part too.
        """
        blocks = _blocks(len(parts), conditions)
        out, needed = "", False
        for first, last, tied in reversed(blocks):
            if tied and _leaves(parts[first : last + 1], tied, first) > _MOST_LEAVES:
                self.open = True
                inner = self._loose(parts, first, last, separator, write)
                absent = not any(part.mandatory for part in parts[first : last + 1])
            else:
                block = _Block(self, parts, tied, separator, write, last)
                inner = block.tree(first, frozenset())
                absent = block.may_end(first, frozenset())
            needed = needed or not absent
            mark = separator if lead or first else ""
            out = f"{mark}{inner}{out}"
            if not needed and mark:
                out = f"(?:{out})?+"
        return out

    def _loose(self, parts: Sequence[Part], first: int, last: int, separator: str, write: Callable[[Part], str]) -> str:
        """A block without its conditions."""
        out, needed = "", False
        for position in range(last, first - 1, -1):
            needed = needed or parts[position].mandatory
            mark = separator if position > first else ""
            out = f"{mark}{self._one(parts[position], write)}{out}"
            if not needed and mark:
                out = f"(?>{out}|(?!{separator}))"
        return out

    def _one(self, part: Part, write: Callable[[Part], str]) -> str:
        if not part.used:
            return ""
        return write(part) if part.mandatory else _optional(write(part))

    def _fits(self, code: str, form: Form) -> bool:
        """Whether a code can stand in one element."""
        return form.least <= len(code) <= form.most and self.mark not in code

    # ---- one part

    def part(self, part: Part) -> str:
        """A value of an element in a segment, which is not empty, with its repetitions."""
        self._repeating = part.repetitions > 1 and bool(self.repetition)
        one = self.composite(part.element) if isinstance(part.element, Composite) else self.element(part.element)
        if self._repeating:
            again = part.repetitions - 1
            one = f"{one}(?:{self.repetition}{one}){{0,{again}}}+"
        return one

    def composite(self, composite: Composite) -> str:
        """A composite, which is not empty; a message without a separator for components is left to `contents`."""
        if not self.component:
            return _NEVER
        body = self.sequence(composite.parts, composite.conditions, self.component, self.inner, lead=False)
        return f"(?=[^{self.separator}]){body}(?<!{self.component})"

    def inner(self, part: Part) -> str:
        """A component's value, which is not empty."""
        assert isinstance(part.element, Element)  # a composite has no composites
        return self.element(part.element)

    def element(self, element: Element) -> str:
        """A value of an element."""
        if not element.codes:
            return self.form(element.form)
        if len(element.codes) <= _INLINE:
            return _alternatives([code for code in element.codes if self._fits(code, element.form)])
        if self._repeating:  # a group keeps its last value only
            self.open = True
            return self.form(element.form)
        name = f"c{next(self._numbers)}"
        self.captured[name] = element.codes
        return f"(?P<{name}>{self.form(element.form)})"

    def form(self, form: Form) -> str:
        """A value of a form."""
        size = f"{{{form.least},{form.most}}}"
        if form.kind == "a":
            return f"{self.letters}{size}+"
        if form.kind in ("n", "R"):  # the decimal mark is no part of the length
            marks, lead = ("[.,]", "+") if form.kind == "n" else (r"\.", "*")
            within = f"(?![\\d.,])(?<![\\d.,]{{{form.most + 2}}})"
            enough = f"(?=[\\d.,]{{{form.least + 1}}})" if form.least > 1 else ""
            return f"-?+(?>\\d{size}+(?![\\d.,])|{enough}\\d{lead}+{marks}\\d++{within})"
        if form.kind[0] == "N":
            return f"-?+\\d{size}+"
        if form.kind == "DT":
            years = [year for digits, year in ((8, r"\d{4}"), (6, r"\d\d")) if form.least <= digits <= form.most]
            return f"(?>{'|'.join(f'{year}{_DAY}(?!{chr(92)}d)' for year in years) or _NEVER})"
        if form.kind == "TM":
            tails = [tail for digits, tail in _TIMES.items() if form.least <= digits <= form.most]
            return f"{_HOUR}(?>{'|'.join(f'{tail}(?!{chr(92)}d)' for tail in tails) or _NEVER})"
        if form.kind == "B":
            return f"(?s:.){size}+"
        return f"{self.anything}{size}+"


class _Block:
    """Positions that conditions tie together, from one to ``last``: a tree of what may stand in them.

    The separator before its first position is written by who uses it.
    """

    def __init__(
        self,
        writer: _Writer,
        parts: Sequence[Part],
        conditions: Sequence[Condition],
        separator: str,
        write: Callable[[Part], str],
        last: int,
    ) -> None:
        self.writer = writer
        self.parts = parts
        self.conditions = conditions
        self.tied = {position - 1 for condition in conditions for position in condition.positions}
        self.separator = separator
        self.write = write
        self.last = last

    def tree(self, position: int, present: frozenset[int]) -> str:
        """The expression from a position on; ``present`` are the numbers, from 1, of the positions with values."""
        part = self.parts[position]
        if position not in self.tied or not part.used:
            value = self.write(part) if part.mandatory else _optional(self.write(part)) if part.used else ""
            following = self.following(position + 1, present)
            return _NEVER if following is None else value + following
        branches = []
        filled = self.following(position + 1, present | {position + 1})
        if filled is not None:
            branches.append(f"{self.write(part)}{filled}")
        empty = None if part.mandatory else self.following(position + 1, present)
        if empty is not None:
            branches.append(empty)
        return f"(?>{'|'.join(branches)})" if len(branches) > 1 else branches[0] if branches else _NEVER

    def following(self, position: int, present: frozenset[int]) -> str | None:
        """What follows once the positions before are known; None where nothing can be right any more."""
        if position > self.last:
            return "" if self.may_end(position, present) else None
        if not self.may_end(position, present):
            inner = self.tree(position, present)
            return None if inner == _NEVER else f"{self.separator}{inner}"
        return f"(?>{self.separator}{self.tree(position, present)}|(?!{self.separator}))"

    def may_end(self, position: int, present: Collection[int]) -> bool:
        """Whether all positions from this one on may be empty."""
        mandatory = any(part.mandatory for part in self.parts[position : self.last + 1])
        return not mandatory and all(condition.holds(present) for condition in self.conditions)


def _blocks(length: int, conditions: Sequence[Condition]) -> list[tuple[int, int, list[Condition]]]:
    """The positions from 0 cut into ranges that no condition crosses, each with its conditions."""
    ranges: list[tuple[int, int, list[Condition]]] = [(position, position, []) for position in range(length)]
    for condition in conditions:
        low, high = min(condition.positions) - 1, max(condition.positions) - 1
        touched = [each for each in ranges if each[0] <= high and each[1] >= low]
        merged = (touched[0][0], touched[-1][1], [*(held for each in touched for held in each[2]), condition])
        ranges = sorted([*(each for each in ranges if each not in touched), merged], key=lambda each: each[0])
    return ranges


def _leaves(parts: Sequence[Part], conditions: Sequence[Condition], first: int) -> int:
    tied = {position for condition in conditions for position in condition.positions}
    free = sum(not part.mandatory and part.used for number, part in enumerate(parts, first + 1) if number in tied)
    return int(2**free)


def _optional(value: str) -> str:
    """A value that may be absent; where that is a repetition from none on, no group is needed, which takes time."""
    repeated = _FROM_ONE.fullmatch(value)
    return f"{repeated[1]}{{0,{repeated[2]}}}+" if repeated else f"(?:{value})?+"


def _alternatives(codes: Collection[str]) -> str:
    """One of a few codes, written as a tree so that a value is compared character by character."""
    if not codes:
        return _NEVER
    branches: dict[str, list[str]] = {}
    for code in codes:
        if code:
            branches.setdefault(code[0], []).append(code[1:])
    ends = [first for first, rests in branches.items() if rests == [""]]
    texts = [f"{re.escape(first)}{_alternatives(rests)}" for first, rests in branches.items() if rests != [""]]
    if ends:
        texts.append(re.escape(ends[0]) if len(ends) == 1 else f"[{''.join(map(re.escape, ends))}]")
    if "" in codes:
        texts.append("")
    return texts[0] if len(texts) == 1 else f"(?>{'|'.join(texts)})"
