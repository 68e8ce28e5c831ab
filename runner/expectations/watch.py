"""One look at everything that is expected or may be wrong: what it comes to is an incident, opened or closed."""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial

from transload.runner.expectations import acknowledged, arrivals, conditions, failing, gaps, silence
from transload.runner.ledger import Ledger, LedgerError
from transload.runner.ledger.incidents import Closing, Incident, Judged
from transload.runner.ledger.outage import Outage
from transload.runner.logs import get_logger
from transload.runner.workspace.model import ReceiveRoute, Workspace

BETWEEN = timedelta(seconds=20)
"""A look within this span of another process's look is left to that one."""
_EXPECTED = ("arrival", "rhythm", "gap", "silence", "acknowledgement")
_log = get_logger("incidents")


class Watch:
    """Judges what ``workspace`` expects by what ``ledger`` has seen.

    With ``routes`` what is expected of others is left for when those were asked for what they have.  ``outage`` knows
    what the ledger failed this ``process``, as people name it.
    """

    def __init__(
        self,
        workspace: Workspace,
        ledger: Ledger,
        *,
        clock: Callable[[], datetime],
        routes: Collection[str] | None = None,
        outage: Outage | None = None,
        process: str = "",
    ) -> None:
        self._outage = outage
        self._process = process
        self._routes = routes
        self._workspace = workspace
        self._ledger = ledger
        self._clock = clock

    def look(self, *, in_turn: bool = True) -> list[Incident]:
        """Judge all that has become due; gives the incidents that were opened or closed, which the log tells as well.

        With ``in_turn`` nothing is done when another process has looked just now.  Raises `LedgerError`.
        """
        now = self._clock()
        told = self._own(now)
        if in_turn and not self._ledger.incidents.take_turn("look", now, BETWEEN):
            return self._tell(told)
        for judge in self._judges(now):
            try:
                told += self._ledger.incidents.apply(judge(), now)
            except LedgerError as error:
                if not in_turn:
                    raise
                _log.error("an expectation could not be judged", error=error.message)
        return self._tell(told)

    @staticmethod
    def _tell(told: list[Incident]) -> list[Incident]:
        for incident in told:
            tell(incident)
        return told

    def _own(self, now: datetime) -> list[Incident]:
        """What the ledger failed this process."""
        if self._outage is None:
            return []
        lasted = self._outage.lasted()
        try:
            _, known = self._ledger.incidents.seen()
            return self._ledger.incidents.apply(failing.ledger(lasted, self._process, known), now)
        except LedgerError:
            if lasted is not None:
                self._outage.untold(lasted)
            raise

    def _judges(self, now: datetime) -> Iterator[Callable[[], Judged]]:
        """What is to be judged; each is committed by itself, so that one failure leaves the others."""
        ledger = self._ledger
        states, known = ledger.incidents.seen()
        by_subject = {incident.subject: incident for incident in known}
        expected: set[str] = set()
        for each in expected_of(self._workspace, ledger):
            expected.add(each.subject)
            if self._routes is not None and each.route not in self._routes:
                expected.update(one.subject for one in known if one.subject.startswith(f"{each.subject}|"))
                continue
            until, state = states.get(each.subject, (None, None))
            incident = by_subject.get(each.subject)
            if isinstance(each, arrivals.Expected):
                yield partial(arrivals.judge, each, until, incident, now)
            elif isinstance(each, gaps.Counted):
                own = [one for one in known if one.subject.startswith(f"{each.subject}|")]
                expected.update(one.subject for one in own)
                yield partial(gaps.judge, each, ledger.observed, state, own, now)
            elif isinstance(each, silence.Heard):
                yield partial(silence.judge, each, ledger.observed, state, incident, now)
            else:
                yield partial(acknowledged.judge, each, ledger.observed, state, incident, now)
        yield lambda: _no_more([one for one in known if one.source in _EXPECTED and one.subject not in expected])
        yield lambda: conditions.waiting(ledger.conditions, known)
        yield lambda: conditions.crowds(_crowds(self._workspace, ledger), known, now)
        yield lambda: conditions.held(ledger.conditions, known, now)
        yield lambda: conditions.breakers(ledger.conditions, known)
        yield lambda: failing.retrying(ledger.conditions, known, now)
        yield lambda: conditions.lanes(ledger.conditions, states.get("lanes", (None, None))[1], known, now)
        yield lambda: conditions.disk(ledger.database.folders, known, now)
        listening = self._workspace.listening
        files = [listening.certificate] if listening is not None and listening.certificate is not None else []
        yield lambda: conditions.certificates(files, known, now)


Each = arrivals.Expected | gaps.Counted | silence.Heard | acknowledged.Owed


def expected_of(workspace: Workspace, ledger: Ledger) -> Iterator[Each]:
    """All that the workspace expects, ready to be judged."""
    for route in workspace.receive_routes.values():
        yield from _of_route(route, ledger)
    for send in workspace.send_routes.values():
        if send.expect_acknowledgement is not None:
            yield acknowledged.Owed(
                route=send.ref,
                partner=send.partner.name,
                expectation=send.expect_acknowledgement,
                calendar=send.partner.calendar,
            )


def _crowds(workspace: Workspace, ledger: Ledger) -> dict[str, tuple[int, int]]:
    """Of each route that says how much may wait, how much does, and may."""
    found: dict[str, tuple[int, int]] = {}
    for ref, route in workspace.receive_routes.items():
        if route.at_most_waiting is not None:
            found[ref] = ledger.lanes.crowd(ref, route.lanes, route.at_most_waiting), route.at_most_waiting
    return found


def _of_route(route: ReceiveRoute, ledger: Ledger) -> Iterator[Each]:
    partner, calendar = route.partner.name, route.partner.calendar
    for expectation in route.expect:
        if expectation.gaps is not None:
            routes = tuple(other.ref for other in route.partner.receive.values())
            yield gaps.Counted(route=route.ref, routes=routes, partner=partner, expectation=expectation)
        elif expectation.silence is not None:
            yield silence.Heard(route=route.ref, partner=partner, expectation=expectation, calendar=calendar)
        else:
            document = expectation.document

            def count(begin: datetime, end: datetime, document: str | None = document) -> int:
                return ledger.observed.arrivals(route.ref, begin, end, document)

            yield arrivals.Expected(
                route=route.ref, partner=partner, expectation=expectation, calendar=calendar, count=count
            )


def _no_more(incidents: Sequence[Incident]) -> Judged:
    return Judged(changes=[Closing(incident=one.id, why="it is not expected any more") for one in incidents])


def tell(incident: Incident) -> None:
    """Write to the log what has become of an incident."""
    facts = {"incident": incident.ref, "source": incident.source, "about": incident.about, "hint": incident.hint}
    if not incident.is_open:
        _log.info(f"over: {incident.title}", **{**facts, "hint": incident.note})
    elif incident.severity == "error":
        _log.error(incident.title, **facts)
    else:
        _log.warning(incident.title, **facts)
