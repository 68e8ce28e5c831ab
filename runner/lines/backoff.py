"""When a failed delivery is tried again: exponential back-off with full jitter, within the route's limits."""

from datetime import datetime, timedelta
from typing import Any

from tenacity import RetryCallState, Retrying, wait_random_exponential

from transload.runner.workspace.model import RetryPolicy


def wait_after(policy: RetryPolicy, failures: int, *, at_least: float | None = None) -> timedelta:
    """How long to wait after so many failures: a random part of ``first``, doubled each time, up to ``longest``.

    ``at_least`` is what the other side asked for (Retry-After), in seconds; it is honoured even
    where it is longer.  Full jitter is tenacity's ``wait_random_exponential``.
    """
    wait = wait_random_exponential(multiplier=policy.first.total_seconds(), max=policy.longest.total_seconds())
    state = RetryCallState(Retrying(), None, (), {})
    state.attempt_number = max(1, failures)
    seconds: Any = wait(state)
    return timedelta(seconds=max(seconds, at_least or 0.0))


def next_attempt(
    policy: RetryPolicy, *, failures: int, staged_at: datetime, now: datetime, at_least: float | None = None
) -> datetime | None:
    """When to try again after the failure number ``failures``; None when the route's attempts or time are used up."""
    if failures >= policy.attempts:
        return None
    moment = now + wait_after(policy, failures, at_least=at_least)
    return None if moment - staged_at > policy.give_up_after else moment
