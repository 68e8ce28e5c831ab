"""UN/CEFACT's directory files (D.90 to today): messages, segments, elements and code lists as guides."""

from transload.adapters.edi.guides.importing.uncefact.release import Imported, read_releases

__all__ = ["Imported", "read_releases"]
