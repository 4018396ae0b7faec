"""Whether captions come in a Space, and how late: what the bot tells of all Spaces, as each may know it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from msgspec import structs

from spacesctl.api.captions import CaptionsStatus, LaneHearing, LateLane, UnheardLane
from spacesctl.api.wire import UNSET, Answer
from spacesctl.domain.space import Space
from spacesctl.live.event_views import View
from spacesctl.server.http.services import Services

NO_CAPTIONS = CaptionsStatus(ready=False, reason="captions are off")


@dataclass(frozen=True)
class CaptionsNow:
    """The bot's status, and the late lanes of each Space. `speaker_of` tells whose a lane of a Space is."""

    bot: CaptionsStatus
    late: Mapping[str, Sequence[LaneHearing]]
    speaker_of: Callable[[str, int], str | None]

    def of(self, space: Space, *, staff: bool) -> CaptionsStatus:
        """What people of this Space are told. Staff also learn who is not recognised, with captions off too: rules need the words."""
        base = self.bot if space.captions else NO_CAPTIONS
        late = self.late.get(space.id, ()) if self.bot.ready else ()
        if not late:
            return base
        unheard = self._unheard(space.id, late) if staff else []
        if not space.captions:
            return structs.replace(base, unheard=unheard or UNSET)
        lanes = [LateLane(lane=one.lane, lag_seconds=one.lag_seconds) for one in late if not one.shed]
        behind = any(one.behind or one.shed for one in late)
        return structs.replace(base, behind=behind, late=lanes or UNSET, unheard=unheard or UNSET)

    def _unheard(self, space_id: str, late: Sequence[LaneHearing]) -> list[UnheardLane]:
        return [
            UnheardLane(lane=one.lane, account_id=who, unprotected=one.unprotected)
            for one in late
            if one.shed and (who := self.speaker_of(space_id, one.lane)) is not None
        ]


def captions_now(app: Services) -> CaptionsNow:
    """As the bot told it last."""
    late = defaultdict[str, list[LaneHearing]](list)
    for one in app.hearing.late if app.hearing is not None else ():
        late[one.space_id].append(one)

    def speaker_of(space_id: str, lane: int) -> str | None:
        handle = app.registry.known(space_id)
        return handle.speaker_of(lane) if handle is not None else None

    return CaptionsNow(app.bot_status, late, speaker_of)


def publish_changes(app: Services, before: CaptionsNow) -> None:
    """Tell each Space in which it is another one than `before`."""
    now = captions_now(app)
    if now.bot == before.bot and not now.late and not before.late:
        return

    def told(space: Space, view: View) -> Answer | None:
        staff = view is View.STAFF
        status = now.of(space, staff=staff)
        return status if status != before.of(space, staff=staff) else None

    app.registry.publish(told)
