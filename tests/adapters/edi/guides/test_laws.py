"""Laws of validation, on mutated messages."""

import gc
import random
import time
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transload.adapters.base.format import ELEMENT, Records
from transload.adapters.edi.guides import Guide, find_guide
from transload.adapters.edi.guides.contents import Contents
from transload.adapters.edi.guides.diagnosis import Diagnosis
from transload.adapters.edi.guides.patterns import segment_pattern
from transload.adapters.edi.guides.reporting import Findings
from transload.canonical.findings import Finding
from transload.canonical.places import Place

TEXTS = st.text(alphabet="ABZaz019.,-+:*'? ^\x1d\x1e\x1fäß\u0661", max_size=40)
VALUES = st.one_of(TEXTS, st.sampled_from(["", "0", "-1", "1.5", ",5", "20260105", "20260230", "2359", "EN", "S"]))


def guide_of(standard: str, message: str, version: str) -> Guide:
    guide = find_guide(standard, message, version)
    assert guide is not None
    return guide


GUIDES = {
    "orders": guide_of("edifact", "ORDERS", "D:96A:UN"),
    "850": guide_of("x12", "850", "004010"),
    "997": guide_of("x12", "997", "004010"),
    "contrl": guide_of("edifact", "CONTRL", "D:3:UN"),
}


REPORTS = {
    "997": "AK1*PO*1\nAK2*850*0001\nAK3*PO1*9**8\nAK4*2:1*330*6*x\nAK5*E*5\nAK2*850*0002\nAK5*A\nAK9*P*2*2*1\n",
    "contrl": "UCI+1+A:14+B:14+4\nUCM+1+ORDERS:D:96A:UN+4\nUCS+3\nUCD+12+1:2\nUCM+2+ORDERS:D:96A:UN+7\n",
}
"""Messages without faults."""


@st.composite
def bodies(draw: st.DrawFn, guide: Guide) -> list[list[str]]:
    tags = st.one_of(st.sampled_from(guide.tags), st.sampled_from(["XXX", "", "UNT", "A"]))
    return draw(
        st.lists(st.builds(lambda tag, values: [tag, *values], tags, st.lists(VALUES, max_size=9)), max_size=25)
    )


@pytest.mark.parametrize("name", GUIDES)
def test_validation_never_raises_and_changes_nothing(name: str, read: Callable[..., Records]) -> None:
    guide = GUIDES[name]

    @given(bodies(guide), st.sampled_from([":", "\x1f", ""]), st.sampled_from(["", "^", "\x1e"]))
    def law(segments: list[list[str]], component: str, repetition: str) -> None:
        records = read("")
        records.segments, records.component, records.repetition = segments, component, repetition
        before = [list(segment) for segment in segments]
        findings = guide.validate(records)
        assert records.segments == before
        for finding in findings:
            assert finding.place is not None
            assert finding.ack or not finding.is_error
            assert finding.line()

    law()


def diagnosed(guide: Guide, records: Records) -> list[Finding]:
    """What the thorough way finds, whatever the fast way says."""
    validator = guide.validator
    machine = validator.machine(records.component, records.repetition)
    findings = Findings(guide.rules, validator.positions, records, date(2026, 1, 5))
    return Diagnosis(
        guide.rules, validator.positions, records, machine.contents, lambda _key, _text: False, findings
    ).run()


@pytest.mark.parametrize("name", GUIDES)
def test_the_fast_way_and_the_thorough_way_find_the_same(
    name: str, read: Callable[..., Records], order_text: str, purchase_text: str
) -> None:
    """Whole messages, as they are and with segments removed, doubled, moved and changed."""
    guide, mark = GUIDES[name], "+" if GUIDES[name].standard == "edifact" else "*"
    good = {"orders": order_text, "850": purchase_text, **REPORTS}[name]
    assert guide.validate(read(good, mark)) == []
    values = st.sampled_from(["", "1", "21", "S", "EN", "12.5", "20260105", "EUR", "BY", "X" * 50, "a:b:c:d:e:f"])

    @given(st.data())
    def law(data: st.DataObject) -> None:
        rows = good.strip().splitlines()
        for _ in range(data.draw(st.integers(0, 4))):
            at = data.draw(st.integers(0, len(rows) - 1))
            match data.draw(st.sampled_from(["remove", "double", "move", "change", "many"])):
                case "remove" if len(rows) > 1:
                    del rows[at]
                case "double":
                    rows.insert(at, rows[at])
                case "move":
                    rows.insert(data.draw(st.integers(0, len(rows) - 1)), rows.pop(at))
                case "many":
                    rows[at:at] = [rows[at]] * data.draw(st.integers(2, 30))
                case "change":
                    parts = rows[at].split(mark)
                    parts[data.draw(st.integers(0, len(parts) - 1))] = data.draw(values)
                    rows[at] = mark.join(parts)
        records = read("\n".join(rows), mark)
        found = guide.validate(records)
        assert [str(each) for each in found] == [str(each) for each in diagnosed(guide, records)]

    law()


def test_limits_that_states_do_not_count_are_counted_all_the_same(
    read: Callable[..., Records], order_text: str
) -> None:
    """SG33 of ORDERS may come 9999 times, more than a state counts: in one line, not in the whole message."""
    head, tail = order_text.split("QTY+21:100:PCE")[0], "UNS+S\nMOA+86:1320\nCNT+2:2\n"
    line = "LIN+1++4000862141404:EN\n"
    guide = GUIDES["orders"]
    assert guide.validate(read(head + ("LOC+7\n" * 9998 + line) * 2 + tail)) == []
    findings = guide.validate(read(head + "LOC+7\n" * 10001 + tail))
    assert [finding.message for finding in findings] == ["the group SG33 stands more than 9999 times"] * 2


def test_what_partners_send_fills_no_memory(
    read: Callable[..., Records], order_text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transload.adapters.edi.guides.machine._MOST_STATES", 50)
    guide = Guide(GUIDES["orders"].rules)
    machine = guide.validator.machine(":", "")
    for count in range(1, 200):
        assert guide.validate(read(order_text.replace("FTX+AAI", "FTX+AAI+++x\n" * (count % 99) + "FTX+AAI"))) == []
        assert guide.validate(read(f"BGM+1\nXX{count}+1\n"))
        assert len(machine._states) <= 51
        assert all(len(state) < 60 for state in machine._states.values())


def test_time_grows_with_the_length_of_what_is_sent_and_no_faster() -> None:
    """Values made to lead a backtracking expression astray: twice the length takes about twice the time."""
    for name, guide in GUIDES.items():
        for tag in guide.tags:
            rule = guide.rules.segments[tag]
            pattern = segment_pattern(rule, ":", "^").expression
            for unit in ("1.", "1", "A:", ":", "1:", "^", "1^", f"1{ELEMENT}", ELEMENT, f"A:1{ELEMENT}", "-1,"):
                taken = []
                for times in (2_000, 40_000):
                    text = f"{tag}{ELEMENT}" + unit * times + "\x00"
                    started = time.process_time()
                    pattern.fullmatch(text)
                    taken.append(time.process_time() - started)
                assert taken[1] < 0.05 + 60 * taken[0], (name, tag, unit, taken)


def least_time(call: Callable[[], object]) -> float:
    """The least processor time of three calls, without the collection of what other tests left behind."""
    taken = []
    gc.collect()
    gc.disable()
    try:
        for _ in range(3):
            started = time.process_time()
            assert call()
            taken.append(time.process_time() - started)
    finally:
        gc.enable()
    return min(taken)


def test_a_flood_of_wrong_segments_takes_time_in_proportion(read: Callable[..., Records]) -> None:
    guide = GUIDES["orders"]
    for row in ("QQ%d+1", "UNS+S", "BGM+1", "CTA+IC", "LIN+1", "RFF+ON:1", "SCC+1", "GIN+%d"):
        taken = []
        for times in (100, 1000):
            records = read("\n".join(row.replace("%d", str(number)) for number in range(times)))
            taken.append(least_time(lambda records=records: guide.validate(records)))
        assert taken[1] < 0.1 + 30 * taken[0], (row, taken)


@pytest.mark.parametrize("name", GUIDES)
def test_the_pattern_of_a_segment_is_never_more_lenient_than_the_rules(name: str) -> None:
    """What the fast way lets pass, the thorough way finds no error in; and what has no faults passes the fast way,
    but for dates of 29 February."""
    guide = GUIDES[name]

    @given(st.data())
    def law(data: st.DataObject) -> None:
        tag = data.draw(st.sampled_from(guide.tags))
        rule = guide.rules.segments[tag]
        plain = VALUES.filter(lambda value: ELEMENT not in value)
        segment = [tag, *data.draw(st.lists(plain, max_size=len(rule.parts) + 2))]
        contents = Contents(standard=guide.standard, component=":", repetition="")
        faults = contents.faults(rule, segment)
        pattern = segment_pattern(rule, ":", "")
        match = pattern.expression.fullmatch(ELEMENT.join(segment))
        matched = match is not None and pattern.allows(match.groups())
        assert matched <= (not faults)
        lenient = ("+", "E")  # numbers as 5. and 1E5 are right, but too rare for the fast way
        if not faults and not any(mark in value for value in segment[1:] for mark in (*lenient, "0229", ".")):
            assert matched

    law()


class AsItStands(Records):
    """A body whose texts have a separator of their own."""

    def __init__(self, body: Records, mark: str) -> None:
        self.segments, self.component, self.repetition = body.segments, body.component, body.repetition
        self._body = body
        self._mark = mark

    @property
    def texts(self) -> tuple[list[str], str]:
        return [self._mark.join(segment) for segment in self.segments], self._mark

    def place(
        self, segment: int, element: int | None = None, repetition: int | None = None, component: int | None = None
    ) -> Place:
        return self._body.place(segment, element, repetition, component)


@pytest.mark.parametrize("name", GUIDES)
def test_the_separator_of_elements_makes_no_difference(name: str, read: Callable[..., Records]) -> None:
    """A segment's text says the same as its elements joined by a control character, whatever stands between them."""
    guide = GUIDES[name]

    @given(st.data())
    def law(data: st.DataObject) -> None:
        mark = data.draw(st.sampled_from("+*|!^-.,1]\\&"))
        values = VALUES.filter(lambda value: mark not in value and ELEMENT not in value)
        rows = data.draw(st.lists(st.tuples(st.sampled_from(guide.tags), st.lists(values, max_size=9)), max_size=9))
        joined = read("")
        joined.segments = [[tag, *given] for tag, given in rows if mark not in tag]
        own = AsItStands(joined, mark)
        assert guide.validate(own) == guide.validate(joined)
        assert guide.standings(own) == guide.standings(joined)
        machine, texts = guide.validator._for(own)
        usual = guide.validator.machine(joined.component, joined.repetition)
        for segment, text in zip(joined.segments, texts, strict=True):
            assert bool(machine.match(segment[0])(text)) == bool(usual.right(segment[0], segment))

    law()


@pytest.mark.parametrize(("text", "fault"), [("AMT.TT.1.55", "AMT 03"), ("PO1-1--5-EA", "PO1 04")])
def test_a_separator_that_numbers_hold_separates_all_the_same(
    text: str, fault: str, read: Callable[..., Records]
) -> None:
    """The amount is 1 and not 1.55; there is no quantity, and not one of -5."""
    mark = text[3]
    joined = read(text, mark)
    found = GUIDES["850"].validate(AsItStands(joined, mark))
    assert found == GUIDES["850"].validate(joined)
    assert any(fault in finding.message for finding in found)


def test_one_removed_or_doubled_segment_is_one_or_no_structural_fault(
    orders: Guide, read: Callable[..., Records], order_text: str
) -> None:
    rows = order_text.strip().splitlines()
    for index in range(len(rows)):
        removed = orders.validate(read("\n".join(rows[:index] + rows[index + 1 :])))
        doubled = orders.validate(read("\n".join(rows[: index + 1] + rows[index:])))
        assert len(removed) <= 1, rows[index]
        assert len(doubled) <= 1, rows[index]


def test_shuffled_messages_give_no_more_findings_than_segments_and_mandatory_ones(
    orders: Guide, read: Callable[..., Records], order_text: str
) -> None:
    rows = order_text.strip().splitlines()
    chance = random.Random(7)
    for _ in range(300):
        chance.shuffle(rows)
        assert len(orders.validate(read("\n".join(rows)))) <= len(rows) + 3
