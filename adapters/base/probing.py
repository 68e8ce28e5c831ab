"""What probes tell with: findings whose codes begin with ``P-``."""

from transload.canonical.findings import Finding, Severity


def remark(code: str, message: str, hint: str | None = None) -> Finding:
    """A finding that tells what is there; ``hint`` says what to write into the partner's file about it."""
    return Finding(code=code, message=message, hint=hint, severity=Severity.REMARK)


def warning(code: str, message: str, hint: str) -> Finding:
    """A finding about what will fail soon, or may."""
    return Finding(code=code, message=message, hint=hint, severity=Severity.WARNING)


def trouble(code: str, message: str, hint: str | None = None) -> Finding:
    """A finding about what fails now."""
    return Finding(code=code, message=message, hint=hint)
