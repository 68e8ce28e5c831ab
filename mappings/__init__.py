"""The mapping language: partner messages to canonical documents and back."""

if __name__ != "transload.mappings":  # the bare name belongs to other distributions
    raise ImportError(f"import this package as 'transload.mappings', not as {__name__!r}")

from transload.mappings.loading import load_mapping
from transload.mappings.mapping import Decoded, Mapping, Trace
from transload.mappings.reports.origins import Lineage
from transload.mappings.source.reading import library_names

__all__ = ["Decoded", "Lineage", "Mapping", "Trace", "library_names", "load_mapping"]
