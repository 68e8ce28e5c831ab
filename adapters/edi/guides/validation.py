"""A message against its guide: structure and contents, all faults as findings.

Messages are read by a `Machine`, which says of most that they are right.  Segments whose contents
it doubts are looked at one by one; a message whose structure it doubts is read again by a `Diagnosis`.
"""

from datetime import UTC, date, datetime
from functools import cached_property

from transload.adapters.base.format import ELEMENT, Records
from transload.adapters.edi.guides.contents import Contents
from transload.adapters.edi.guides.diagnosis import Diagnosis
from transload.adapters.edi.guides.machine import Machine
from transload.adapters.edi.guides.model import Rules
from transload.adapters.edi.guides.positions import Positions, Standing
from transload.adapters.edi.guides.reporting import Findings
from transload.canonical.findings import Finding

_MOST_MACHINES = 16
_OF_NUMBERS = frozenset("-.,0123456789")
"""A separator of elements that is one of these could be taken for a part of a number."""


class Validator:
    """Validates messages by one guide.  Tables and expressions are made when they are first needed, and kept."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._machines: dict[tuple[str, str, str], Machine] = {}

    @cached_property
    def positions(self) -> Positions:
        """The table of moves."""
        return Positions(self.rules.structure)

    def machine(self, component: str, repetition: str, element: str = ELEMENT) -> Machine:
        """The machine for a message's separators."""
        found = self._machines.get((component, repetition, element))
        if found is None:
            if len(self._machines) >= _MOST_MACHINES:  # separators come from partners
                self._machines.clear()
            contents = Contents(
                standard=self.rules.standard,
                component=component,
                repetition=repetition,
                directory=self.rules.elements,
                associated=self.rules.associated,
            )
            found = Machine(self.rules, self.positions, contents, element)
            self._machines[component, repetition, element] = found
        return found

    def _for(self, records: Records) -> tuple[Machine, list[str]]:
        """The machine for a message, and the texts of its segments for it: as they stand, which joins nothing anew."""
        texts, element = records.texts
        if element in _OF_NUMBERS:
            texts, element = [ELEMENT.join(segment) for segment in records.segments], ELEMENT
        return self.machine(records.component, records.repetition, element), texts

    def validate(self, records: Records, today: date) -> list[Finding]:
        """All findings about ``records``, in the order of their segments, as they are ``today``."""
        machine, texts = self._for(records)
        doubts = machine.run(records.segments, texts)
        if doubts == []:
            return []
        if doubts is None:
            return self._diagnosis(records, machine, today).run()
        findings = Findings(self.rules, self.positions, records, today)
        for index, position in doubts:
            rule = self.rules.segments[self.positions.entry(position).rule]
            for fault in machine.contents.faults(rule, records.segments[index]):
                findings.inside(index, fault, position)
        return findings.close()

    def standings(self, records: Records) -> list[Standing]:
        """Where each segment of ``records`` stands, as `validate` takes them."""
        machine, texts = self._for(records)
        trail = machine.trail(records.segments, texts)
        if trail is None:
            diagnosis = self._diagnosis(records, machine, datetime.now(tz=UTC).date())
            diagnosis.run()
            trail = diagnosis.trail
        known = {position: self.positions.standing(position) for position in set(trail)}
        return [known[position] for position in trail]

    def _diagnosis(self, records: Records, machine: Machine, today: date) -> Diagnosis:
        findings = Findings(self.rules, self.positions, records, today)
        return Diagnosis(self.rules, self.positions, records, machine.contents, machine.right, findings)
