"""Which events webhooks are sent for, and the messages. They carry no transcript, no handles and no notes of reports."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from spacesctl.domain import events as e
from spacesctl.domain.clock import rfc3339
from spacesctl.domain.space import Space
from spacesctl.domain.webhook_types import PING, TYPES

__all__ = ["PING", "TYPES", "Message", "messages"]

_OF_A_SPACE: dict[type[e.Event], str] = {
    e.SpaceCreated: "spaces.create",
    e.SpaceStarted: "spaces.start",
    e.SpaceEnded: "spaces.end",
    e.SpaceCanceled: "spaces.cancel",
    e.SpaceMissed: "spaces.missed",
}


@dataclass(frozen=True)
class Message:
    """A webhook message. `data` holds JSON values and always has a `space`."""

    type: str
    data: dict[str, Any]
    about: str | None = None
    """An account that is not to read it: the one that is reported."""


def messages(space: Space, happened: Iterable[e.Event]) -> list[Message]:
    """The messages for the events `happened`. `space` is the state after them."""
    found = (_message(space, event) for event in happened)
    return [message for message in found if message is not None]


def _message(space: Space, event: e.Event) -> Message | None:
    match event:
        case e.HandRaised(account_id):
            return Message("hand.raised", {"space": _space(space), "account_id": account_id})
        case e.ReportFiled(report_id, category, account_id) if account_id != space.host_id:
            report = {"id": report_id, "category": category, "account_id": account_id}
            return Message("report.created", {"space": _space(space), "report": report}, account_id)
        case e.ActTaken(key, rule_id, mode, action, account_id, lane, start_tick, end_tick):
            act = {
                "key": key, "rule_id": rule_id, "mode": mode, "action": action, "account_id": account_id, "lane": lane,
                "start_tick": start_tick, "end_tick": end_tick,
            }  # fmt: skip
            return Message("act.taken", {"space": _space(space), "act": act})
        case _:
            name = _OF_A_SPACE.get(type(event))
            return None if name is None else Message(name, {"space": _space(space)})


def _space(space: Space) -> dict[str, Any]:
    return {
        "id": space.id,
        "state": space.state.value,
        "title": space.title,
        "host_id": space.host_id,
        "scheduled_start": _time(space.scheduled_start),
        "started_at": _time(space.started_at),
        "ended_at": _time(space.ended_at),
        "series_id": space.series_id,
    }


def _time(at: datetime | None) -> str | None:
    return rfc3339(at) if at is not None else None
