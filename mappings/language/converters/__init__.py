"""Converters: what stands after the pipes of an entry."""
