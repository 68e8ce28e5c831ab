"""What a changed mapping, guide, table or partner file would change: a shadow replay of what arrived.

What is stored is compared with what the workspace as it is now would make of the same bytes.  Nothing is written,
nothing sent, no control number used.
"""

from transload.runner.impact.report import Impact
from transload.runner.impact.shadow import Asked, impact_of

__all__ = ["Asked", "Impact", "impact_of"]
