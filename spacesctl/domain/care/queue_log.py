"""The log of a queue in the lines of Asterisk's `queue_log`, which the field's programs read.

`time|call|queue|agent|event|data...`. Times and durations are seconds with milliseconds, so that the figures are found again exactly.
Lines: ENTERQUEUE (url, caller, place, topic), CONNECT (wait, bridge, ringing in ms), RINGNOANSWER (ms), COMPLETEAGENT and COMPLETECALLER
(wait, talk with hold, first place), ABANDON, EXITWITHTIMEOUT and EXITWITHKEY (place, first place, wait, outcome), ADDMEMBER, REMOVEMEMBER,
PAUSE and UNPAUSE (reason); and of our own HOLD, UNHOLD, REQUEUE (reason), WRAPUP (disposition, ticket) and WRAPPED (outcome).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from spacesctl.domain.care import events as e
from spacesctl.domain.care.call import Call
from spacesctl.domain.care.evolve import evolve
from spacesctl.domain.care.queue import CareQueue
from spacesctl.domain.event import Event

NOBODY = "NONE"


def lines(events: Iterable[tuple[datetime, Event]], name: str) -> Iterator[str]:
    """The lines of a queue with this name. Agents and callers are named by their ids."""
    queue, known = CareQueue(), dict[str, _Known]()
    for at, event in events:
        before, queue = queue, evolve(queue, event, at)
        if isinstance(event, e.CallQueued):
            known[event.call_id] = _Known(queue.place(queue.calls[event.call_id]))
        if isinstance(event, e.CallConnected):
            known[event.call_id].connected(before.calls[event.call_id], at)
        said = (*_of(event, before, known, at), *_agents(before, queue))
        for call, agent, verb, *data in said:
            yield "|".join([f"{at.timestamp():.3f}", call, name, agent, verb, *data])
        if isinstance(event, e.CallEnded):
            del known[event.call_id]


@dataclass
class _Known:
    """What later lines of a call say again: where it stood first, how long until its first answer, and since when they talk."""

    place: int
    waited: timedelta | None = None
    since: datetime | None = None

    def connected(self, call: Call, at: datetime) -> None:
        self.waited = self.waited if self.waited is not None else at - call.enqueued_at
        self.since = at


def _of(event: Event, before: CareQueue, known: dict[str, _Known], at: datetime) -> Iterator[tuple[str, ...]]:
    match event:
        case e.CallQueued():
            yield event.call_id, NOBODY, "ENTERQUEUE", "", event.caller_id, str(known[event.call_id].place), event.topic
        case e.CallConnected():
            call = before.calls[event.call_id]
            rang = (at - call.since).total_seconds() * 1000
            yield event.call_id, event.agent_id, "CONNECT", _seconds(at - call.enqueued_at), "", f"{rang:.0f}"
        case e.OfferEnded(how="expired"):
            rang = (at - before.calls[event.call_id].since).total_seconds() * 1000
            yield event.call_id, event.agent_id, "RINGNOANSWER", f"{rang:.0f}"
        case e.CallHeld():
            yield event.call_id, before.calls[event.call_id].agent_id or NOBODY, "HOLD"
        case e.CallResumed():
            yield event.call_id, before.calls[event.call_id].agent_id or NOBODY, "UNHOLD"
        case e.CallRequeued():
            yield event.call_id, event.agent_id, "REQUEUE", event.reason
        case e.TalkEnded():
            verb = "COMPLETECALLER" if event.by in ("caller", "lost") else "COMPLETEAGENT"
            one = known[event.call_id]
            talked = _seconds(at - (one.since or at))
            yield event.call_id, event.agent_id, verb, _seconds(one.waited), talked, str(one.place), event.by
        case e.CallWrapped():
            yield event.call_id, event.agent_id, "WRAPUP", event.disposition, event.ticket
        case e.CallEnded():
            yield from _ended(event, before, known, at)
        case _:
            pass


def _ended(event: e.CallEnded, before: CareQueue, known: dict[str, _Known], at: datetime) -> Iterator[tuple[str, ...]]:
    call = before.calls[event.call_id]
    verb = {"abandoned": "ABANDON", "timed_out": "EXITWITHTIMEOUT"}.get(event.outcome, "EXITWITHKEY")
    if call.waits:
        place, waited = str(before.place(call)), _seconds(at - call.enqueued_at)
        yield event.call_id, NOBODY, verb, place, str(known[call.id].place), waited, event.outcome
    else:
        yield event.call_id, call.agent_id or NOBODY, "WRAPPED", event.outcome


def _agents(before: CareQueue, after: CareQueue) -> Iterator[tuple[str, ...]]:
    """Who began or ended to work or to pause, whatever event did it."""
    for was in before.agents.values():
        now = after.agents.get(was.id)
        if now is None or now.state == "offline":
            if was.state != "offline":
                yield NOBODY, was.id, "REMOVEMEMBER"
            continue
        if was.state == "offline":
            yield NOBODY, was.id, "ADDMEMBER"
        if now.state == "break" and (was.state, was.reason) != ("break", now.reason):
            yield NOBODY, was.id, "PAUSE", now.reason
        elif was.state == "break" and now.state != "break":
            yield NOBODY, was.id, "UNPAUSE"


def _seconds(spent: timedelta | None) -> str:
    return f"{(spent or timedelta(0)).total_seconds():.3f}"
