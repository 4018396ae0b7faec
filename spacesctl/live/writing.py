"""What is written in one Space at the moment: characters that are still typed, and who wrote when."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from spacesctl.api import events as wire
from spacesctl.api import lanes
from spacesctl.domain import events as e
from spacesctl.domain.principals import Person
from spacesctl.domain.redaction import TEXT_LANE
from spacesctl.domain.space import Space
from spacesctl.live.spacing import Spacing


class Writing:
    """In memory only, owned by the Space's actor. `now` is in monotonic seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.spacing = Spacing(now)
        self._drafts: dict[str, int] = {}
        """The utterance that each account types at the moment. Only those on stage do."""
        self._last = -1

    def utterance(self, account_id: str, tick: int) -> int:
        """The number of what an account types at this tick of the Space."""
        if account_id not in self._drafts:
            self._last = self._drafts[account_id] = max(tick, self._last + 1)
        return self._drafts[account_id]

    def ended(self, account_id: str) -> None:
        """What the account typed is said, or it was taken back."""
        self._drafts.pop(account_id, None)

    def draft(self, person: Person, text: str, tick: int) -> wire.PartialCaption:
        """Typed speech under way, as a caption that may still change."""
        me = person.account_id or ""
        return wire.PartialCaption(
            account_id=me, speaker=f"@{person.handle}", lane=TEXT_LANE, utterance=self.utterance(me, tick), text=text,
            start_tick=tick, end_tick=tick, words=[], ai=False, typed=True,
        )  # fmt: skip


def told(space: Space, events: Sequence[e.Event], by: Person) -> list[lanes.Text]:
    """What a person wrote, for lane readers. The last of the events has the number of the Space."""
    first = space.seq - len(events) + 1
    return [
        lanes.Text(
            number=first + at,
            utterance=event.utterance if isinstance(event, e.CaptionSpoken) else 0,
            account_id=event.account_id,
            role=space.role_of(event.account_id),
            kind=by.kind,
            text=event.text,
            tick=event.tick if isinstance(event, e.ChatSaid) else event.end_tick,
            typed=isinstance(event, e.CaptionSpoken),
        )
        for at, event in enumerate(events)
        if isinstance(event, e.ChatSaid) or (isinstance(event, e.CaptionSpoken) and event.typed)
    ]


def of_draft(space: Space, draft: wire.PartialCaption, by: Person) -> lanes.Text:
    """Typed speech under way, for lane readers."""
    return lanes.Text(
        number=None, utterance=draft.utterance, account_id=draft.account_id, role=space.role_of(draft.account_id),
        kind=by.kind, text=draft.text, tick=draft.end_tick, typed=True,
    )  # fmt: skip
