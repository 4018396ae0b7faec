"""The only way into a Space: what routes and use cases may ask of it, wherever it lives. Today that is always this process."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from spacesctl.api.events import PartialCaption
from spacesctl.api.lanes import OpenLane
from spacesctl.api.wire import Answer
from spacesctl.domain import commands as c
from spacesctl.domain.principals import Person
from spacesctl.domain.redaction import Stretch
from spacesctl.domain.space import Space
from spacesctl.domain.words import RedactionMode
from spacesctl.live.audience import Audience
from spacesctl.live.event_views import View
from spacesctl.live.microphones import Microphones
from spacesctl.live.outcome import Outcome
from spacesctl.live.sessions import Session
from spacesctl.live.subscriber import Sink, Subscriber


class SpaceHandle(Protocol):
    """One Space. Its state changes by commands alone; sessions and event streams are what is connected to it now."""

    @property
    def space(self) -> Space:
        """The present state."""

    @property
    def ssrc(self) -> int:
        """The SSRC of its outputs."""

    async def ask(self, *commands: c.Command) -> Outcome:
        """Give commands in a transaction of their own. Raises what refuses one of them; nothing has changed then."""

    def now_tick(self) -> int:
        """The present tick of the Space clock; 0 before the start."""

    def subscribe(self, view: View, person: Person) -> Subscriber:
        """Open an event stream."""

    def attach(self, subscriber: Subscriber, sink: Sink) -> None:
        """Write an event stream to `sink` from now on, first what it has queued."""

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """Forget an event stream that ended."""

    def publish(self, data: Answer, views: Iterable[View] = View) -> None:
        """Send a message to event streams that is not stored or replayed."""

    def publish_partial(self, caption: PartialCaption) -> None:
        """Send a caption that may still change to those who may see it, when they hear it."""

    @property
    def heard(self) -> int:
        """The last tick of the stage that the audience has heard."""

    @property
    def unrecognised(self) -> set[str]:
        """Accounts whose next lane no program is to recognise, since its words are known: they are typed."""

    @property
    def audience(self) -> Audience:
        """What the audience hears and is told."""

    @property
    def microphones(self) -> Microphones:
        """The microphone sessions that there are and were."""

    def seq_of(self, view: View) -> int:
        """The number of the newest event that a view was told."""

    def react(self, person: Person, reaction: str) -> None:
        """Count a reaction; the counts are published once a second."""

    def require_unhurried(self, person: Person) -> None:
        """Check that the Space is not too slow for another request or reaction. Raises TooMany."""

    def require_unhurried_writer(self, person: Person) -> None:
        """Check that an account does not write sooner than the chat's slow mode lets it. Raises TooMany."""

    def utterance_of(self, person: Person) -> int:
        """The number of what a person types at the moment."""

    def type_on(self, person: Person, text: str) -> None:
        """Show what a person on stage has typed so far; nothing, when they took it back."""

    def was_there(self, account_id: str) -> bool:
        """Whether an account was in the Space, as far as it is known here: since the server started, or with a role."""

    def connect(self, session: Session) -> None:
        """Add a session with audio."""

    async def disconnect(self, session_id: str, reason: str = "left") -> None:
        """End a session and close its lane, if it has one. Does nothing for a session that has ended."""

    def session(self, session_id: str) -> Session | None:
        """A session that is connected."""

    @property
    def participant_count(self) -> int:
        """How many are connected with audio: each account once, anonymous listeners per connection."""

    @property
    def peak(self) -> int:
        """How many there were at once at most, since the server started or the Space was used again."""

    def connected(self) -> list[str | None]:
        """The account of each session with audio; None for anonymous listeners."""

    async def cut_off(self, session: Session) -> None:
        """End the session of a listener without an account, and let nobody without one in from there for a moment."""

    def require_elsewhere(self, person: Person, place: str) -> None:
        """Check that a listener without an account does not come from where one was just put out. Raises NotAllowed."""

    def anonymous(self) -> list[Session]:
        """The sessions of listeners without an account, the oldest first."""

    def lanes(self) -> list[OpenLane]:
        """The open microphone sessions, in the format for lane readers."""

    def speaker_of(self, lane: int) -> str | None:
        """The account of a lane's microphone session, also after it closed."""

    def silence(self, stretch: Stretch, mode: RedactionMode) -> None:
        """Keep a stretch from the audience although the store does not take it. A stretch that has aired is heard already."""

    def clip(
        self, account_id: str, first_tick: int, last_tick: int, without: Sequence[tuple[int, int]] = ()
    ) -> bytes | None:
        """What an account said as Ogg Opus, from the last minute's evidence, `without` these spoken numbers; None when there is nothing of
        it."""

    def has_numbers(self, account_id: str, first_tick: int, last_tick: int) -> bool:
        """Whether a spoken number that evidence leaves out is within these ticks of what an account said."""

    def newest_sound(self, account_id: str) -> tuple[int, int] | None:
        """The tick and the lane of the newest sound of an account in the last minute's evidence; None when there is none."""
