"""Applies one Space's rules to what is written there: the chat, and typed speech. The same rules as for what is said, and surer, since
nobody has to recognise the words.

What a rule redacts is masked in the text before the audience reads it; everything else is the moderator's, as for speech.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from functools import partial
from itertools import pairwise

from bots.api import Api
from bots.moderator import Moderator
from bots.retry import name_of, persist
from spacesctl.api.chat import NewDraftMask, NewMask
from spacesctl.api.lanes import Text
from spacesctl.domain.clock import TICK_SECONDS
from spacesctl.domain.errors import SpacesError
from spacesctl.domain.redaction import TEXT_LANE
from spacesctl.domain.words import NUMBER, Role
from spacesctl.rules import normalise
from spacesctl.rules.match import Hit, Matcher
from spacesctl.rules.room_facts import RoomFacts, Subject
from spacesctl.rules.rule_engine import HeardUtterance, RuleEngine, Word
from spacesctl.rules.ruleset import Rule

MAX_WAITING = 500
"""Masks that may wait for the server."""
MOST_DRAFTS = 64
"""Texts under way of which it is known that the audience sees no more of them."""
LONG = 4
"""A word with so many digits is read digit by digit, as numbers are spoken."""
GIVE_UP_SECONDS = 30.0

log = logging.getLogger("bots.texts")


class Written:
    """A text as words: `words`, and of each the number of the word of the text that it is of; `plain` are the normalised ones."""

    def __init__(self, text: str, tick: int) -> None:
        parts = [(at, part) for at, token in enumerate(text.split()) for part in _parts(token)]
        now = tick * TICK_SECONDS
        self.at = [at for at, _ in parts]
        self.words = tuple(
            Word(part, now + place * 1e-4, now + place * 1e-4, 1.0, tick, tick) for place, (_, part) in enumerate(parts)
        )
        heard = [(place, plain) for place, (_, part) in enumerate(parts) for plain in normalise.heard(part)]
        self.plain = [plain for _, plain in heard]
        self._place = [place for place, _ in heard]

    def run(self, hit: Hit) -> tuple[int, int]:
        """The first and last word of the text that a hit is in."""
        return self.at[self._place[hit.first]], self.at[self._place[hit.last]]

    def parts_of(self, hit: Hit) -> tuple[Word, ...]:
        """The words of a hit."""
        return self.words[self._place[hit.first] : self._place[hit.last] + 1]


def _parts(token: str) -> list[str]:
    digits = [each for each in token if each.isdecimal()]
    return digits if len(digits) >= LONG else [token]


class TextRules:
    """`on_text` never waits; `run` tells the server what to mask. `lost` counts masks that could not be made."""

    def __init__(self, api: Api, space: str, moderator: Moderator, facts: RoomFacts) -> None:
        self._api = api
        self._space = space
        self._moderator = moderator
        self._facts = facts
        self._rules: tuple[Rule, ...] = ()
        self._matcher: Matcher | None = None
        self._hidden: dict[int, None] = {}
        self._due: asyncio.Queue[tuple[str, int | None, NewMask | NewDraftMask]] = asyncio.Queue(MAX_WAITING)
        self.lost = 0

    def set_rules(self, engine: RuleEngine | None) -> None:
        """Mask by these rules from now on, or by none."""
        ruleset = engine.ruleset if engine is not None else None
        self._rules = tuple(one for one in ruleset.rules if one.redacts or one.digits) if ruleset is not None else ()
        exceptions = ruleset.exceptions if ruleset is not None else ()
        self._matcher = Matcher(self._rules, exceptions) if self._rules else None

    def on_text(self, text: Text) -> None:
        """Apply the rules. Who writes is as who speaks: rules for speakers are for listeners in the chat, too."""
        role = Role.SPEAKER if text.role is Role.LISTENER else text.role
        who = Subject(text.account_id, TEXT_LANE, role, text.kind)
        written = Written(text.text, text.tick)
        hits = self._matcher.find(written.plain) if self._matcher is not None else []
        if text.number is None:
            self._hide(text, written, hits, who)
            return
        for hit in hits:
            if self._redacts(self._rules[hit.rule], hit, who, text.tick):
                run = written.run(hit)
                mask = NewMask(words=[list(run)], digits=hit.is_number, rule_id=self._rules[hit.rule].id)
                self._queue(mask.rule_id or "", text.number, mask)
        secret = frozenset(part for hit in hits if hit.is_number for part in written.parts_of(hit))
        said = HeardUtterance(TEXT_LANE, text.account_id, role.value, text.kind.value, written.words, True, text.number)
        self._moderator.on_text(said, partial(_without, secret=secret))

    def _redacts(self, rule: Rule, hit: Hit, who: Subject, tick: int) -> bool:
        if not (rule.redacts or hit.is_number) or not rule.watches(who.role, who.kind):
            return False
        if not hit.is_number and self._moderator.is_quoted(rule.id, tick):
            return False
        return self._facts.holds(rule, who, tick, (tick, tick))

    def _hide(self, text: Text, written: Written, hits: list[Hit], who: Subject) -> None:
        """Of what is still typed the audience sees no more, once there is something in it."""
        rule = next(
            (self._rules[one.rule] for one in hits if self._redacts(self._rules[one.rule], one, who, text.tick)), None
        )
        if rule is None or text.utterance in self._hidden:
            return
        self._hidden[text.utterance] = None
        if len(self._hidden) > MOST_DRAFTS:
            del self._hidden[next(iter(self._hidden))]
        self._queue(rule.id, None, NewDraftMask(utterance=text.utterance, rule_id=rule.id))

    def _queue(self, rule_id: str, number: int | None, mask: NewMask | NewDraftMask) -> None:
        try:
            self._due.put_nowait((rule_id, number, mask))
        except asyncio.QueueFull:
            self.lost += 1
            log.error("space %s: a mask of rule %s is lost: too many are waiting", self._space, rule_id)

    async def run(self) -> None:
        """Tell the server until cancelled."""
        while True:
            rule_id, number, mask = await self._due.get()
            try:
                await persist(partial(self._send, number, mask), partial(self._waits, rule_id), GIVE_UP_SECONDS)
            except (SpacesError, OSError) as error:
                self.lost += 1
                log.error("space %s: a mask of rule %s is lost: %s", self._space, rule_id, name_of(error))

    async def _send(self, number: int | None, mask: NewMask | NewDraftMask) -> None:
        if isinstance(mask, NewDraftMask):
            await self._api.hide_typed(self._space, mask)
        elif number is not None:
            await self._api.mask_text(self._space, number, mask)

    def _waits(self, rule_id: str, error: BaseException) -> None:
        log.warning("space %s: a mask of rule %s waits: %s", self._space, rule_id, name_of(error))


def _without(words: tuple[Word, ...], *, secret: frozenset[Word]) -> tuple[Word, ...]:
    """The words with each number as one word that hides it."""
    shown = [replace(word, w=NUMBER) if word in secret else word for word in words]
    return (*shown[:1], *(two for one, two in pairwise(shown) if (one.w, two.w) != (NUMBER, NUMBER)))
