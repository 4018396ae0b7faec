"""Captions that the bot transcribed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from spacesctl.application.app import App
from spacesctl.domain import commands as c
from spacesctl.domain.permissions import Action, require
from spacesctl.domain.principals import Person
from spacesctl.store import accounts


@dataclass(frozen=True)
class Caption:
    """A caption of one utterance. Ticks are of 20 ms on the Space clock; `words` are {w, start, end, conf} in seconds on it."""

    lane: int
    utterance: int
    text: str
    final: bool
    start_tick: int
    end_tick: int
    words: list[dict[str, Any]]


async def post_captions(app: App, bot: Person, space_id: str, captions: Sequence[Caption]) -> int:
    """Store and publish final captions, and publish partial ones. All final ones are stored or, when one is refused, none. Returns how
    many were taken: those of unknown lanes, and those that were posted before, are not. Raises NotFound, Gone or NotAllowed.
    """
    handle = await app.registry.live_handle(space_id)
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
            commands.append(_stored(bot, caption, owner.id, speaker))
        elif handle.space.captions:
            handle.publish("caption.partial", {**vars(caption), "account_id": owner.id, "speaker": speaker})
        taken += 1
    if commands:
        await handle.ask(*commands)
    return taken


def _stored(bot: Person, one: Caption, account_id: str, speaker: str) -> c.AddCaption:
    words = tuple(one.words)
    return c.AddCaption(
        bot, one.lane, one.utterance, one.text, one.start_tick, one.end_tick, words, account_id, speaker
    )  # fmt: skip
