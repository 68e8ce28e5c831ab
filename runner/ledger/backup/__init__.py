"""Backups of a ledger: made while it is used (`making`), checked (`manifest`), restored into an empty place.

`restoring` does that, and `settling` holds what a restored ledger must not do by itself.
"""
