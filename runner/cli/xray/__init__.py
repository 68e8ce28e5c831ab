"""``transload inspect`` as people see it: envelopes and segments as they stand, with each finding at its place."""
