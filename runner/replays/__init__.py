"""Replays in bulk: what is chosen, what would come of it, and doing it step by step."""
