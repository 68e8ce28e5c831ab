"""Transload moves business documents between systems that speak different languages."""

from importlib.metadata import version

__version__ = version("transload")
