"""``transload inspect`` as people see it: a file's envelopes and segments as they stand, with each finding at its place."""
