"""A segment's rules as one regular expression: it matches only what is surely right.

What does not match is looked at again by `contents`, which knows what is wrong;
so an expression may be stricter than the rules, never more lenient.  All groups are
possessive: matching takes time in proportion to the segment's length, whatever a partner sends.
"""

import re

from transload.adapters.edi.guides.model import Composite, Element, Form, Part, SegmentRule

ELEMENT = "\x1d"
"""What joins the elements of a segment for matching."""

_DAY = r"(?:(?:0[13578]|1[02])(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)(?:0[1-9]|[12]\d|30)|02(?:0[1-9]|1\d|2[0-8]))"
_TIME = r"(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d(?:\d\d?)?+)?+"


def segment_pattern(rule: SegmentRule, component: str, repetition: str) -> re.Pattern[str]:
    """The expression for the segment's elements joined by `ELEMENT`, tag first, with the message's own separators."""
    excluded = "".join(re.escape(mark) for mark in (ELEMENT, component, repetition) if mark)
    writer = _Writer(anything=f"[^{excluded}]", component=re.escape(component), repetition=re.escape(repetition))
    body = writer.sequence([writer.part(part) for part in rule.parts], rule.parts, ELEMENT, lead=True)
    rest = f"(?:{ELEMENT}[^{ELEMENT}]*+)*+" if rule.open else ""
    return re.compile(f"{re.escape(rule.tag)}{body}{rest}(?<!{ELEMENT})", re.DOTALL | re.ASCII)


class _Writer:
    def __init__(self, *, anything: str, component: str, repetition: str) -> None:
        self.anything = anything
        self.component = component
        self.repetition = repetition

    def sequence(self, texts: list[str], parts: tuple[Part, ...], separator: str, *, lead: bool) -> str:
        """The parts in a row; from the last mandatory one on, the tail may be absent."""
        out = ""
        needed = False
        for place in range(len(parts) - 1, -1, -1):
            needed = needed or parts[place].mandatory
            mark = separator if lead or place else ""
            out = f"{mark}{texts[place]}{out}"
            if not needed and (lead or place):
                out = f"(?:{out})?+"
        return out

    def part(self, part: Part) -> str:
        one = self.composite(part.element) if isinstance(part.element, Composite) else self.element(part.element)
        if part.repetitions > 1 and self.repetition:
            one = f"{one}(?:{self.repetition}{one}){{0,{part.repetitions - 1}}}+"
        if not part.mandatory:
            return f"(?:{one})?+"
        return f"(?!{ELEMENT}|\\Z){one}" if isinstance(part.element, Composite) else one

    def composite(self, composite: Composite) -> str:
        texts = [
            self.element(part.element) if part.mandatory else f"(?:{self.element(part.element)})?+"
            for part in composite.parts
            if isinstance(part.element, Element)
        ]
        return f"{self.sequence(texts, composite.parts, self.component, lead=False)}(?<!{self.component})"

    def element(self, element: Element) -> str:
        if element.codes:
            return f"(?>{'|'.join(re.escape(code) for code in sorted(element.codes, key=len, reverse=True))})"
        return self.form(element.form)

    def form(self, form: Form) -> str:
        size = f"{{{form.least},{form.most}}}"
        if form.kind == "a":
            return f"(?:(?!\\d){self.anything}){size}+"
        if form.kind == "n":
            return f"-?+(?>\\d{size}+(?![.,])|(?=(?:\\d[.,]?+){size}+(?![\\d.,]))\\d++[.,]\\d++)"
        if form.kind == "R":
            return f"-?+(?=(?:\\.?+\\d){size}+(?![\\d.]))\\d*+(?:\\.\\d++)?+"
        if form.kind[0] == "N":
            return f"-?+\\d{size}+"
        if form.kind == "DT":
            return r"\d{4}" + _DAY if form.most == 8 else r"\d\d" + _DAY
        if form.kind == "TM":
            return _TIME
        return f"{self.anything}{size}+"
