"""Document models, places, findings and errors; imports nothing of ours."""

if __name__ != "transload.canonical":  # the bare name belongs to other distributions
    raise ImportError(f"import this package as 'transload.canonical', not as {__name__!r}")
