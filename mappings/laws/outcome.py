"""What checking the laws gives: findings, counterexamples, and what was found out on the way."""

from dataclasses import dataclass, field
from typing import Any

from transload.canonical.findings import Finding
from transload.mappings.laws.differences import Difference


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How much is tried: generated documents, values of each sample that are changed, and steps of shrinking."""

    documents: int
    mutations: int
    steps: int
    seed: int | None = None


QUICK = Effort(documents=40, mutations=60, steps=150)
"""For each time a file is saved."""
FAST = Effort(documents=150, mutations=250, steps=400)
"""What ``check`` does."""
THOROUGH = Effort(documents=1000, mutations=2000, steps=1500)
"""Before a mapping goes into use."""


@dataclass(frozen=True, kw_only=True)
class Counterexample:
    """A document or message that breaks a law, as small as it could be made.

    ``law`` is its number and name (``L1 carry``), ``document`` the canonical JSON, ``wire`` what is written or was
    read, ``differences`` what is not as it should be.
    """

    law: str
    finding: Finding
    document: Any = None
    wire: str = ""
    differences: tuple[Difference, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The shape in JSON."""
        known = {
            "law": self.law,
            "finding": self.finding.as_dict(),
            "document": self.document,
            "wire": self.wire or None,
            "differences": [difference.as_dict() for difference in self.differences] or None,
        }
        return {name: value for name, value in known.items() if value is not None}


@dataclass(kw_only=True)
class Outcome:
    """All that was found out about one mapping.

    ``quotients`` are the named equivalences that were met, each with an example; ``lost`` the canonical fields
    without a place; ``narrowed`` what fields carry less than their type allows; ``documents`` how many were tried.
    ``left`` is how many segments, elements or values of a large sample were not looked at one by one, since they are
    like the others.
    """

    findings: list[Finding] = field(default_factory=list)
    counterexamples: list[Counterexample] = field(default_factory=list)
    quotients: dict[str, str] = field(default_factory=dict)
    lost: tuple[str, ...] = ()
    narrowed: dict[str, str] = field(default_factory=dict)
    documents: int = 0
    refused: int = 0
    mutations: int = 0
    left: dict[str, int] = field(default_factory=dict)

    def add(self, counterexample: Counterexample) -> None:
        """Keep a counterexample and its finding, once for each entry of the file and law."""
        if counterexample.finding not in self.findings:
            self.findings.append(counterexample.finding)
            self.counterexamples.append(counterexample)

    def as_dict(self) -> dict[str, Any]:
        """What ``--explain`` tells, in JSON."""
        return {
            "documents": self.documents,
            "refused": self.refused,
            "mutations": self.mutations,
            "quotients": self.quotients,
            "lost": list(self.lost),
            "narrowed": self.narrowed,
            "left": self.left,
            "counterexamples": [one.as_dict() for one in self.counterexamples],
        }
