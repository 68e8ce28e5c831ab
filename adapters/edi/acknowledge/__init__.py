"""Acknowledgements of syntax: CONTRL for EDIFACT interchanges, TA1 for X12 interchanges, 997 and 999 for their groups.

Ours are made of what reading found wrong with envelope and structure, and of nothing
else: whether a document makes business sense is no matter of theirs.  What partners answer is
read and brought together with what was sent in `incoming`.
"""

from transload.adapters.edi.acknowledge.contrl import make_contrl
from transload.adapters.edi.acknowledge.functional import make_997, make_999
from transload.adapters.edi.acknowledge.interchange import make_ta1
from transload.adapters.edi.acknowledge.rejection import condemned, neighbours
from transload.adapters.edi.acknowledge.report import Report
from transload.adapters.edi.acknowledge.subject import ACKNOWLEDGEMENTS, Subject, SubjectGroup, SubjectMessage

__all__ = [
    "ACKNOWLEDGEMENTS",
    "Report",
    "Subject",
    "SubjectGroup",
    "SubjectMessage",
    "condemned",
    "make_997",
    "make_999",
    "make_contrl",
    "make_ta1",
    "neighbours",
]
