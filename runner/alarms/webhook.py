"""Alarms by webhook, signed as Standard Webhooks are (standardwebhooks.com): HMAC-SHA256 over id, time and body."""

import json
from collections.abc import Callable
from datetime import datetime

from transload.adapters.base.http import exchange, open_session, refusal
from transload.adapters.http.signatures import standard_signature
from transload.canonical.errors import Stop
from transload.runner.ledger.alarms import Alarm
from transload.runner.workspace.alarms import WebhookAlarm

TYPE = "transload.incidents"
"""The ``type`` of the message."""


def send(settings: WebhookAlarm, alarm: Alarm, name: str, clock: Callable[[], datetime]) -> None:
    """Post ``alarm``; ``name`` is its ``webhook-id``, the same at each attempt.  Raises the consequences of HTTP."""
    body = json.dumps({"type": TYPE, "timestamp": alarm.made_at.isoformat(), "data": alarm.body}).encode()
    moment = str(int(clock().timestamp()))
    headers = {
        "Content-Type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": moment,
        "webhook-signature": "v1," + signature(settings.secret.get_secret_value(), name, moment, body),
    }
    with open_session(settings) as session:
        reply = exchange(session, "POST", settings.url, settings=settings, repeatable=True, body=body, headers=headers)
    if reply.status // 100 != 2:
        raise refusal(reply, settings, repeatable=True)


def signature(secret: str, name: str, moment: str, body: bytes) -> str:
    """The signature in base64.  Raises `Stop` for a secret that is none."""
    try:
        return standard_signature(secret, name, moment, body)
    except ValueError:
        raise Stop(
            "the secret of the webhook is no base64 text", hint="it is written like whsec_MfKQ9r8GKYqrTwjU"
        ) from None
