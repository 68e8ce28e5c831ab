"""The laws of a two-way mapping, checked on generated documents and on mutations of its samples."""

from transload.mappings.laws.checking import check_laws
from transload.mappings.laws.outcome import FAST, QUICK, THOROUGH, Counterexample, Effort, Outcome

__all__ = ["FAST", "QUICK", "THOROUGH", "Counterexample", "Effort", "Outcome", "check_laws"]
