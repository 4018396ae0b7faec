"""Whose microphone sessions a Space has had: a lane is one session, and is known also after it closed, since captions come later."""

from __future__ import annotations

from collections.abc import Iterable

from spacesctl.domain import events as e
from spacesctl.domain.redaction import Stretch


class Microphones:
    """The microphone sessions of one Space since the server knows it, by lane."""

    def __init__(self) -> None:
        self._owner: dict[int, str] = {}
        self._closed_at: dict[int, int] = {}

    def take(self, events: Iterable[e.Event], tick: int) -> None:
        """Follow what happened at a tick of the Space clock."""
        for event in events:
            match event:
                case e.LaneOpened(account_id, lane):
                    self._owner[lane] = account_id
                case e.LaneClosed(_, lane):
                    self._closed_at[lane] = tick
                case _:
                    pass

    def speaker_of(self, lane: int) -> str | None:
        """The account of a session, also after it closed."""
        return self._owner.get(lane)

    def of(self, account_id: str, since: int) -> list[int]:
        """The sessions of an account that were open at a tick or later, the oldest first."""
        return [
            lane
            for lane, owner in self._owner.items()
            if owner == account_id and self._closed_at.get(lane, since) >= since
        ]

    def said(self, account_id: str, first: int, last: int) -> tuple[Stretch, ...]:
        """Ticks `first` to `last` of an account, by lane; nothing when `last` is before `first`."""
        lanes = self.of(account_id, first) if first <= last else ()
        return tuple(Stretch(lane, max(0, first), last) for lane in lanes)
