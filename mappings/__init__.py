"""The mapping language: partner messages to canonical documents and back."""

if __name__ != "transload.mappings":  # the bare name belongs to other distributions
    raise ImportError(f"import this package as 'transload.mappings', not as {__name__!r}")
