"""What is said when an adapter breaks the contract, and the few judgements that all suites make."""

import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol
from urllib.parse import quote

from pydantic import BaseModel

from transload.canonical.errors import Reject, Retry, Stop, TransloadError, Unknown
from transload.canonical.findings import Finding, errors_of

OURS = (Retry, Reject, Stop, Unknown)


class Breach(AssertionError):
    """The adapter does not keep to the contract: what is wrong, and what to do."""

    def __init__(self, wrong: str, *, do: str) -> None:
        super().__init__(f"{wrong}\n  to do: {do}")


def hold(truth: object, wrong: str, *, do: str) -> None:
    """Raise `Breach` unless ``truth``."""
    if not truth:
        raise Breach(wrong, do=do)


def shown(content: bytes, most: int = 60) -> str:
    """``content`` for a message: its beginning and its size."""
    return repr(content) if len(content) <= most else f"{content[:most]!r}... ({len(content)} bytes)"


class Secretive(Protocol):
    """A harness of any kind: its ``secrets`` must never be seen."""

    secrets: Sequence[str]


def judge(error: TransloadError, harness: Secretive, *, during: str, allowed: Sequence[type[Exception]] = OURS) -> None:
    """That ``error`` is one of those ``allowed``, that it says what to do, and that it shows no secret."""
    names = " or ".join(kind.__name__ for kind in allowed)
    hold(
        isinstance(error, tuple(allowed)),
        f"{during} raised {type(error).__name__} ({error}), and {names} is due",
        do="choose the error by what shall happen next: see 'Errors by consequence' in docs/plug-ins.md",
    )
    hold(
        error.message.strip() and "\n" not in error.message,
        f"{during} raised {type(error).__name__} with the message {error.message!r}",
        do="say what happened in one sentence, without a line break",
    )
    mute = [finding.message for finding in _all_findings(error) if not finding.hint]
    hold(
        error.hint or not mute,
        f"{during} raised {type(error).__name__} without a hint: {mute[0] if mute else ''}",
        do="give each error a hint: what shall the person who reads it do?",
    )
    see_no_secret("".join(traceback.format_exception(error)), harness, f"the error of {during}")
    see_no_secret(" ".join(str(finding.as_dict()) for finding in error.findings), harness, f"a finding of {during}")


def _all_findings(error: TransloadError) -> list[Finding]:
    return errors_of(error.findings) or list(error.findings)


def as_text(one: object, *settings: BaseModel) -> Iterator[str]:
    """``one`` and its settings in each way in which they may come to be printed."""
    yield repr(one)
    for some in settings:
        yield from (repr(some), str(some), some.model_dump_json())


def see_no_secret(text: str, harness: Secretive, where: str) -> None:
    """That no secret of the harness stands in ``text``, as it is or as it stands in an address."""
    forms = {form for secret in harness.secrets for form in (secret, quote(secret, safe=""))}
    masked = text
    for form in sorted(forms, key=len, reverse=True):
        masked = masked.replace(form, "***")
    for form in forms:
        hold(
            form not in text,
            f"{where} shows a secret: ...{masked.partition('***')[0][-60:]}***",
            do="hold secrets as Secret, read them only where they are sent, and raise 'from None' where a library's"
            " own error quotes them",
        )


@contextmanager
def only_ours(during: str) -> Iterator[None]:
    """Let our errors through, and turn any other exception into a `Breach`."""
    try:
        yield
    except (TransloadError, AssertionError):
        raise
    except Exception as error:
        raise Breach(
            f"{during} raised {type(error).__module__}.{type(error).__qualname__}: {error}",
            do="translate the exceptions of your library in one place to Retry, Reject, Stop or Unknown",
        ) from error


def failure(work: Callable[[], Any], harness: Secretive, *, during: str) -> TransloadError | None:
    """The error that ``work`` raises, already judged; None when it raises none."""
    try:
        with only_ours(during):
            work()
    except TransloadError as error:
        judge(error, harness, during=during)
        return error
    return None
