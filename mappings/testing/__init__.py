"""The tests that stand beside a mapping: ``tests:`` in its file, or in ``NAME.test.yaml`` next to it.

A case reads a sample (``wire``) and says what it must give (``canonical``) or how it must
fail (``fails``), perhaps after an ``edit``; or it writes a document (``canonical``) and says what
must stand in the message (``writes``).  Paths start at the folder of the file.
"""

from transload.mappings.testing.cases import KEYS, TestResult, has_sample, no_sample
from transload.mappings.testing.running import run_tests

__all__ = ["KEYS", "TestResult", "has_sample", "no_sample", "run_tests"]
