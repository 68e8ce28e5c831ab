"""Partner formats and transports: one folder per adapter, found by entry points."""

if __name__ != "transload.adapters":  # the bare name belongs to other distributions
    raise ImportError(f"import this package as 'transload.adapters', not as {__name__!r}")
