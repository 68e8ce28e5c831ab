"""Exit codes, the same for every command."""

CLEAN = 0
"""Done; there may be warnings and remarks."""
ERRORS = 1
"""Something is wrong with what was read, or could not be done."""
USAGE = 2
"""The command line itself is wrong."""
RETRYING = 3
"""``run`` only: nothing is wrong for good, but something failed and will be tried again."""
DIFFERENT = 4
"""``impact`` only: something would come out differently."""
INTERRUPTED = 130
"""Ctrl-C; 128 + SIGINT, as shells report it."""
