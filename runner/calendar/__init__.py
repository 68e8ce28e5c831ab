"""Which days and hours are worked, and what times of day mean where clocks are turned."""

from transload.runner.calendar.days import WEEKDAYS, Calendar
from transload.runner.calendar.moments import existing, moment_at
from transload.runner.calendar.spans import after_working_time, is_within, working_time

__all__ = ["WEEKDAYS", "Calendar", "after_working_time", "existing", "is_within", "moment_at", "working_time"]
