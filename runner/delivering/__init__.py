"""Delivering: what is due in a lane is handed to its target, and what came of it is kept."""
