"""Importing guides: what others publish of messages, read and written as guide files of the user's own.

Every importer turns its source into a `writing.Release`, whose texts are in the words of guide
files; `writing.write_release` makes the files.  Imported guides belong to the user: they are never
written into this package.
"""
