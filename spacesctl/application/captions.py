"""Captions that the bot transcribed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from spacesctl.api.captions import SpokenWord
from spacesctl.api.events import PartialCaption
from spacesctl.application.app import App
from spacesctl.domain import commands as c
from spacesctl.domain.checks import require_not_over
from spacesctl.domain.permissions import Action, require
from spacesctl.domain.principals import Person
from spacesctl.domain.speech import Word
from spacesctl.store import accounts


@dataclass(frozen=True)
class Caption:
    """A caption of one utterance. Ticks are of 20 ms on the Space clock."""

    lane: int
    utterance: int
    text: str
    final: bool
    start_tick: int
    end_tick: int
    words: tuple[Word, ...]


async def post_captions(app: App, bot: Person, space_id: str, captions: Sequence[Caption]) -> int:
    """Store and publish final captions, and publish partial ones. All final ones are stored or, when one is refused, none. Returns how
    many were taken: those of unknown lanes, and those that were posted before, are not. Raises NotFound, Gone or NotAllowed.
    """
    handle = await app.registry.handle(space_id)
    airing = handle.space.is_over and handle.audience.is_waiting  # what was said last is recognised after the end
    if not airing:
        require_not_over(handle.space)
    require(handle.space, bot, Action.POST_CAPTIONS)
    owners = {caption.lane: handle.speaker_of(caption.lane) for caption in captions}
    async with app.db.read() as db:
        known = await accounts.by_ids(db, {owner for owner in owners.values() if owner is not None})
    commands = list[c.Command]()
    taken = 0
    for caption in captions:
        owner = known.get(owners[caption.lane] or "")
        if owner is None:
            continue
        speaker = f"@{owner.handle}"
        if caption.final:
            if caption.utterance <= handle.space.captioned.get(caption.lane, -1):
                continue
            commands.append(_stored(bot, caption, owner.id, speaker, airing=airing))
        elif handle.space.captions:
            handle.publish_partial(_partial(caption, owner.id, speaker))
        taken += 1
    if commands:
        await handle.ask(*commands)
    return taken


def _partial(one: Caption, account_id: str, speaker: str) -> PartialCaption:
    words = [SpokenWord(w=word.w, start=word.start, end=word.end, conf=word.conf) for word in one.words]
    return PartialCaption(
        account_id=account_id, speaker=speaker, lane=one.lane, utterance=one.utterance, text=one.text,
        start_tick=one.start_tick, end_tick=one.end_tick, words=words,
    )  # fmt: skip


def _stored(bot: Person, one: Caption, account_id: str, speaker: str, *, airing: bool) -> c.AddCaption:
    return c.AddCaption(
        bot, one.lane, one.utterance, one.text, one.start_tick, one.end_tick, one.words, account_id, speaker, airing
    )  # fmt: skip
