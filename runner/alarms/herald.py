"""Telling people of incidents: who is to be told what is decided here, kept in the ledger, and sent.

Nothing here holds up the runner: a server that is not there costs one attempt per channel each time, and the message
waits in the ledger for the next.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from urllib.parse import urlsplit

from transload.adapters.base import Settings
from transload.adapters.base.http import shown
from transload.canonical.errors import TransloadError
from transload.runner.alarms.settings import AlarmPolicy, MailAlarm, WebhookAlarm
from transload.runner.alarms.wording import body_of
from transload.runner.calendar import Calendar, is_within
from transload.runner.ledger import Ledger, LedgerError
from transload.runner.ledger.alarms import Alarm, Notice, What
from transload.runner.ledger.incidents import Incident
from transload.runner.logs import get_logger
from transload.runner.workspace.alarming import Channel
from transload.runner.workspace.model import Workspace

GIVEN_UP = timedelta(days=3)
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=1)
_HOUR = timedelta(hours=1)
_CLAIM = timedelta(minutes=5)
"""How long a message is ours that is being sent; after that its sender is dead."""
_BETWEEN = timedelta(seconds=5)
_log = get_logger("alarms")


class Herald:
    """The channels of ``workspace``; what they tell stands in ``ledger``."""

    def __init__(self, workspace: Workspace, ledger: Ledger, *, clock: Callable[[], datetime]) -> None:
        self._workspace = workspace
        self._ledger = ledger
        self._clock = clock
        self._silent_since: datetime | None = None
        self._cried: dict[str, datetime] = {}

    def cry(self, error: str) -> None:
        """Tell that the ledger cannot be written, which nothing but this process remembers; call it at each look."""
        now = self._clock()
        self._silent_since = self._silent_since or now
        incident = _silence(self._workspace.name, error, self._silent_since, now)
        for channel in self._workspace.channels.values():
            policy, last = channel.policy, self._cried.get(channel.name)
            if not concerns(policy, incident) or now - self._silent_since < policy.group:
                continue
            if last is not None and not self._is_repeated(policy, incident, last, now):
                continue
            notice = Notice(incident=incident, what="repeated" if last else "opened", number=0, at=now)
            if _rests(policy, notice, self._workspace.calendar, now):
                continue
            body = body_of(self._workspace.name, channel.name, [notice], now)
            failed = self._attempt(channel, Alarm(id=0, channel=channel.name, made_at=now, body=body))
            if failed is None:
                self._cried[channel.name] = now
                _log.info("alarm sent without the ledger", channel=channel.name)
            else:
                _log.error("an alarm could not be sent, and is tried again", channel=channel.name, error=failed)

    def calm(self) -> None:
        """The ledger can be written: what it has of its failure is told as all else is."""
        self._silent_since = None
        self._cried.clear()

    def tell(self) -> None:
        """Note what is to be told, make messages of what is due, send them.  What fails is said in the log."""
        if not self._workspace.channels:
            return
        try:
            now = self._clock()
            if self._ledger.incidents.take_turn("alarms", now, _BETWEEN):
                for channel in self._workspace.channels.values():
                    self._note(channel, now)
                    self._make(channel, now)
            self._send()
        except LedgerError as error:
            _log.error("alarms could not be looked after", error=error.message)

    def _note(self, channel: Channel, now: datetime) -> None:
        policy = channel.policy
        notices: list[tuple[int, What, int]] = []
        over = []
        for told in self._ledger.alarms.told(channel.name):
            incident = told.incident
            if not incident.is_open:
                if told.left and policy.closed:
                    notices.append((incident.id, "closed", 0))
                else:  # nobody heard of it, or nobody wants to hear that it is over
                    over.append(incident.id)
            elif told.what is None:
                if concerns(policy, incident):
                    notices.append((incident.id, "opened", 0))
            elif self._is_repeated(policy, incident, told.at, now) and told.left:
                notices.append((incident.id, "repeated", told.number + 1))
        self._ledger.alarms.forget(channel.name, over)
        self._ledger.alarms.note(channel.name, notices, now)

    @staticmethod
    def _is_repeated(policy: AlarmPolicy, incident: Incident, last: datetime | None, now: datetime) -> bool:
        if policy.repeat is None or last is None or incident.acknowledged_at is not None:
            return False
        return last + policy.repeat <= now

    def _make(self, channel: Channel, now: datetime) -> None:
        policy = channel.policy
        waiting = self._ledger.alarms.waiting(channel.name)
        ready = [notice for notice in waiting if not _rests(policy, notice, self._workspace.calendar, now)]
        if not ready or not any(notice.at + policy.group <= now or notice.at > now for notice in ready):
            return
        if self._ledger.alarms.made_since(channel.name, now - _HOUR) >= policy.at_most:
            return  # they wait, and are told together
        body = body_of(self._workspace.name, channel.name, ready, now)
        self._ledger.alarms.make(channel.name, ready, body, now)

    def _send(self) -> None:
        failed: set[str] = set()
        for alarm in self._ledger.alarms.due(self._clock()):
            channel = self._workspace.channels.get(alarm.channel)
            now = self._clock()
            if channel is None:
                self._ledger.alarms.failed(alarm, now, error="the channel is gone", next_at=None)
                _log.warning("an alarm is not sent: its channel is gone", channel=alarm.channel)
            elif alarm.channel not in failed and self._ledger.alarms.claim(alarm, now + _CLAIM):
                error = self._attempt(channel, alarm)
                if error is None:
                    self._ledger.alarms.sent(alarm, self._clock())
                    _log.info("alarm sent", channel=alarm.channel, incidents=alarm.body["count"])
                else:
                    failed.add(alarm.channel)
                    self._failed(alarm, error)

    def _attempt(self, channel: Channel, alarm: Alarm) -> str | None:
        """Send it; gives what went wrong."""
        name = sha256(f"{self._workspace.name} {alarm.id} {alarm.made_at.isoformat()}".encode()).hexdigest()[:32]
        settings: Settings | None = None
        try:
            settings = channel.resolved()
            self._transmit(settings, alarm, name)
        except TransloadError as error:
            return discreet(error.message, settings)
        except Exception as error:  # noqa: BLE001  # an alarm that is not understood must not end the service
            return f"{type(error).__name__} in the alarm's own code"
        return None

    def _transmit(self, settings: Settings, alarm: Alarm, name: str) -> None:
        if isinstance(settings, MailAlarm):
            from transload.runner.alarms import mail  # for workspaces that send mails only

            mail.send(settings, alarm, name)
        elif isinstance(settings, WebhookAlarm):
            from transload.runner.alarms import webhook

            webhook.send(settings, alarm, name, self._clock)

    def _failed(self, alarm: Alarm, error: str) -> None:
        now = self._clock()
        given_up = now - alarm.made_at > GIVEN_UP
        wait = min(FIRST_WAIT * 2 ** min(alarm.tries, 16), LONGEST_WAIT)
        self._ledger.alarms.failed(alarm, now, error=error, next_at=None if given_up else now + wait)
        what = "an alarm was given up" if given_up else "an alarm could not be sent, and is tried again"
        _log.error(what, channel=alarm.channel, tries=alarm.tries + 1, error=error)


def _silence(workspace: str, error: str, since: datetime, now: datetime) -> Incident:
    """An incident that the ledger cannot take; it gets its number when the ledger works again."""
    return Incident(
        id=0,
        key="",
        subject="ledger",
        source="ledger",
        severity="error",
        partner=None,
        about=workspace,
        title=f"the ledger cannot be written: {error}",
        hint="nothing is received or sent, and nothing is lost; the log tells more",
        detail={},
        count=1,
        lasting=True,
        opened_at=since,
        changed_at=now,
        acknowledged_at=None,
        acknowledged_by=None,
        closed_at=None,
        closed_by=None,
        note=None,
    )


def discreet(text: str, settings: Settings | None) -> str:
    """``text`` with no more of a webhook's address than its host: many services have the secret in the path."""
    if not isinstance(settings, WebhookAlarm):
        return text
    parts = urlsplit(settings.url)
    return text.replace(shown(settings.url), f"{parts.scheme}://{parts.hostname}/...").replace(settings.url, "...")


def concerns(policy: AlarmPolicy, incident: Incident) -> bool:
    """Whether a channel with ``policy`` tells ``incident``."""
    if policy.severity == "error" and incident.severity != "error":
        return False
    if policy.sources and incident.source.partition(" ")[0] not in policy.sources:
        return False
    return not policy.partners or incident.partner is None or incident.partner in policy.partners


def _rests(policy: AlarmPolicy, notice: Notice, calendar: Calendar, now: datetime) -> bool:
    """Whether a notice waits for the end of the quiet hours."""
    loud = notice.incident.severity == "error" and policy.quiet_for == "warning"
    return policy.quiet is not None and not loud and is_within(now, policy.quiet, calendar)
