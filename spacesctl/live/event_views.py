"""Stored events as the wire has them, in two views: staff see everything, the audience a part of it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from spacesctl.api.events import EPHEMERAL, EVENTS
from spacesctl.api.wire import Answer, Time, dump, load_value
from spacesctl.domain.events import HIDDEN_FROM_AUDIENCE
from spacesctl.live.masks import NOTHING_MASKED, Masks
from spacesctl.store.spaces import SAID, StoredEvent

STILL_HERE = b": still here\n\n"
"""A comment, for when nothing is said for a while."""
_TYPES = {kind: name for name, kind in EPHEMERAL.items()}
_NAMES = {
    "policy": "speakers",
    "topics": "topic_ids",
    "before": "before_id",
    "target": "target_id",
    "first": "from_tick",
    "last": "to_tick",
}
"""Fields that the wire calls otherwise than the store. So does `by`, where it is an account's id."""


class View(StrEnum):
    """Who a subscriber is: staff see all events, the audience a part of them."""

    STAFF = "staff"
    AUDIENCE = "audience"


REPORTS = frozenset({"report.filed", "evidence.kept", "report.decided", "report.assigned", "report.noted"})
"""Events about reports."""


def reported(event: StoredEvent) -> str | None:
    """The account that a report is about, which is not to see this event; None for all other events."""
    return event.body.get("account_id") if event.type in REPORTS else None


def visible(event: StoredEvent, view: View, masks: Masks = NOTHING_MASKED) -> bytes | None:
    """The event as a message of the stream as `view` shows it, or None if it does not. `masks` hide words from the audience."""
    hidden = HIDDEN_FROM_AUDIENCE.get(event.type) if view is View.AUDIENCE else frozenset[str]()
    if hidden is None or (view is View.AUDIENCE and masks.hides(event)):
        return None
    shown = masks.said(event.seq, event.body) if view is View.AUDIENCE and event.type in SAID else event.body
    body = {key: value for key, value in shown.items() if key not in hidden}
    if shown.get("typed"):
        body["ai"] = False
    data = load_value(_renamed(body), EVENTS[event.type])
    whole = {"type": event.type, "seq": event.seq, "at": Time.of(event.at), "tick": event.tick, "data": data}
    return sse(event.type, whole, event.seq)


def ephemeral(data: Answer) -> bytes:
    """A message that is not stored, and has no number."""
    kind = _TYPES[type(data)]
    return sse(kind, {"type": kind, "data": data})


def sse(kind: str, body: object, seq: int | None = None) -> bytes:
    """One Server-Sent Event (WHATWG HTML, 9.2). JSON contains no raw line breaks, so one data line is enough."""
    head = b"" if seq is None else b"id: %d\n" % seq
    return b"%sevent: %s\ndata: %s\n\n" % (head, kind.encode(), dump(body))


def seq_of(message: bytes) -> int:
    """The number of a message; one without a number is newer than all that have one."""
    return int(message[4 : message.index(b"\n")]) if message.startswith(b"id: ") else 1 << 62


def _renamed(body: Mapping[str, object]) -> dict[str, object]:
    return {_name(key, value): _value(key, value) for key, value in body.items()}


def _value(key: str, value: object) -> object:
    if isinstance(value, dict):
        return _renamed(value)
    return sorted(value) if key == "actions" and isinstance(value, list) else value  # a set has no order


def _name(key: str, value: object) -> str:
    return "by_id" if key == "by" and isinstance(value, str) else _NAMES.get(key, key)
