"""Routes, schedule, ledger, delivery and the command line."""

if __name__ != "transload.runner":  # the bare name belongs to other distributions
    raise ImportError(f"import this package as 'transload.runner', not as {__name__!r}")
