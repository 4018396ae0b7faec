"""A Space as several changes leave it, from their answers: each call of a dry run knows nothing of the others."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from spacesctl.api.moderation import SetRules
from spacesctl.api.people import Invitation
from spacesctl.api.spaces import Space, SpaceChange


def with_rules(space: Space, done: SetRules) -> Space:
    """The Space as it is, or would be, with rules that were set."""
    return structs.replace(
        space,
        rules=done.hash,
        redacts="redact" in done.actions,
        with_numbers=done.with_numbers,
        delay=done.delay,
        delay_now=done.delay_now,
        safe_in=done.safe_in,
    )


def as_if(space: Space, change: SpaceChange, done: SetRules | None, invited: Sequence[Invitation]) -> Space:
    """The Space that a dry run of the change answered, also with the rules and the invitations of the other dry runs. A delay that was
    asked for stands over that of the rules."""
    told = space
    if done is not None:
        told = with_rules(space, done)
        if change.delay is not None:
            told = structs.replace(told, delay=space.delay, delay_now=space.delay_now, safe_in=space.safe_in)
    known = dict.fromkeys([*space.invited_user_ids, *(one.id for one in invited)])
    return structs.replace(told, invited_user_ids=list(known))
