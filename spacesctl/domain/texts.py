"""What is written in a Space: its chat, and the speech of those on stage who type. Pure, like all of `decide`.

Who may not be heard may not write either: a server mute, a hold and a measure that mutes go for both.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain.checks import require_live, require_not_over
from spacesctl.domain.clock import TICK_SECONDS, TICKS_PER_SECOND
from spacesctl.domain.errors import Invalid, NotAllowed, NotFound, Refused, TooMany
from spacesctl.domain.permissions import Action, require
from spacesctl.domain.principals import Person, Principal, Rule
from spacesctl.domain.redaction import TEXT_LANE
from spacesctl.domain.space import Space
from spacesctl.domain.speech import Word
from spacesctl.domain.words import ChatPolicy, Kind, Role

Events = list[e.Event]
MAX_TEXT: Final = 500
"""Characters of one text."""
MAX_EVERY: Final = 3_600
"""Seconds between two messages at most."""
AHEAD: Final = TICKS_PER_SECOND
"""Ticks that what is written may be ahead of the clock: each text has a tick of its own, so that is what comes at once."""


def change_chat(space: Space, command: c.ChangeChat, now: datetime) -> Events:
    """Change who may write, how often, and whether typed speech is spoken. Raises NotAllowed, Invalid or Gone."""
    require(space, command.by, Action.CHANGE_CHAT)
    require_not_over(space)
    chat = space.chat if command.policy is None else command.policy
    every = space.chat_every if command.every is None else command.every
    aloud = space.typed_aloud if command.aloud is None else command.aloud
    if not 0 <= every <= MAX_EVERY:
        raise Invalid("chat_every", f"is 0 to {MAX_EVERY} seconds")
    same = (chat, every, aloud) == (space.chat, space.chat_every, space.typed_aloud)
    return [] if same else [e.ChatChanged(chat, every, aloud)]


def write(space: Space, command: c.Write, now: datetime) -> Events:
    """Write in the chat, or speak by typing. Raises NotSignedIn, NotAllowed, Invalid, Gone, TooMany, or Refused as `require_writer`."""
    require_writer(space, command.by, now, typed=command.typed)
    text = " ".join(command.text.split())
    if not text or len(text) > MAX_TEXT:
        raise Invalid("text", f"must have 1 to {MAX_TEXT} characters")
    tick = max(command.tick, space.text_tick + 1)
    if tick > command.tick + AHEAD:
        raise TooMany("messages in this Space", 1)
    me = command.by.account_id or ""
    if not command.typed:
        return [e.ChatSaid(me, command.speaker, text, tick)]
    words = tuple(words_of(text, tick))
    return [
        e.CaptionSpoken(me, command.speaker, TEXT_LANE, command.utterance, text, tick, tick, words, typed=True),
    ]


def words_of(text: str, tick: int) -> list[Word]:
    """The words of a text: nobody doubts them, and they take no time."""
    at = round(tick * TICK_SECONDS, 3)
    return [Word(word, at, at, 1.0) for word in text.split()]


def require_writer(space: Space, by: Principal, now: datetime, *, typed: bool) -> None:
    """Check that somebody may write now. Raises NotSignedIn, NotAllowed, Gone, or Refused with reason `not_live`, `chat_off`, `muted` or
    `held`."""
    require(space, by, Action.TYPE if typed else Action.CHAT)
    require_live(space)
    if isinstance(by, Person) and by.kind is Kind.BOT:
        raise NotAllowed("bots listen, and do not speak", reason=Action.CHAT.value)
    role = space.role_of(by.account_id)
    if not typed:
        _require_chat(space, role)
    me = space.people.get(by.account_id or "")
    if me is not None and me.server_muted:
        raise Refused("muted", "you are muted here", hint="the host or a co-host can unmute you")
    if role.rank >= Role.COHOST.rank:
        return
    if space.held_until is not None and now < space.held_until:
        raise Refused("held", "nobody can write at the moment", hint="the host lets people speak again soon")
    if role is Role.LISTENER and (space.measure("mute") or space.measure("hold")):
        raise Refused("muted", "everybody is muted here", hint="the host or a co-host can end that")


def _require_chat(space: Space, role: Role) -> None:
    if space.chat is ChatPolicy.OFF:
        raise Refused(
            "chat_off", "this Space has no chat", hint="its host can turn it on: `edit SPACE --chat everyone`"
        )
    if space.chat is ChatPolicy.SPEAKERS and role is Role.LISTENER:
        raise Refused("chat_off", "only those on stage write here", hint="`raise` asks to speak")


def erase(space: Space, command: c.EraseText, now: datetime) -> Events:
    """Take a text from the audience; the staff still reads it. Raises NotSignedIn, NotAllowed or Gone."""
    me, author = command.by.account_id, command.person.account_id
    own = me is not None and me == author
    require(space, command.by, Action.ERASE_OWN_TEXT if own else Action.ERASE_TEXT)
    require_not_over(space)
    if author == space.host_id and not own:
        raise NotAllowed("nobody may do this to the host", reason=Action.ERASE_TEXT.value)
    _require_written(space, command.number)
    return [e.TextErased(command.number, author, me)]


def mask(space: Space, command: c.MaskText, now: datetime) -> Events:
    """Keep words of a text from the audience. A bot does so for a rule that may redact. Raises NotAllowed or Invalid."""
    require(space, command.by, Action.MASK_TEXT)
    by, grant = command.by, space.grant
    if by.is_service_bot and (not isinstance(by, Rule) or grant is None or "redact" not in grant.actions):
        raise NotAllowed("the host has not granted this bot the action redact", reason=Action.REDACT.value)
    if command.digits and not isinstance(by, Rule):
        raise Invalid("digits", "is for the bundled bot: it keeps words from everybody")
    _require_written(space, command.number)
    if any(first < 0 or last < first for first, last in command.words):
        raise Invalid("words", "are the first and last number of each run")
    rule = by.id if isinstance(by, Rule) else None
    return [e.TextMasked(command.number, command.account_id, command.words, command.digits, rule)]


def _require_written(space: Space, number: int) -> None:
    if not 0 < number <= space.seq:
        raise NotFound("text", str(number))
