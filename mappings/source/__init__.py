"""Mapping files as they are written: read with the place of every key and value, and merged along ``extends``."""
