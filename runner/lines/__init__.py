"""Routes made ready to work, and what all work on them shares: gates of connections, filters, schedules, counts."""
