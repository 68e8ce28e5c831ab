"""Doors: partners call us, and are told what came of it."""
