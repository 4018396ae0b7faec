"""What somebody left goes with them when staff say so, and comes back when that is undone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain.errors import NotAllowed
from spacesctl.domain.evolve import evolve_all
from spacesctl.domain.space import MAX_PINS, Erasure, Pin, Space
from tests.domain.scenes import ANN, COHOST, HOST, NOW, SPEAKER, THE_CLOCK, Refusal, by, events, live, named, refusal

LATER = NOW + timedelta(minutes=10)


def pin(number: int, who: str) -> Pin:
    return Pin(str(number), "link", f"https://example.org/{number}", "T", who, 0)


MINE, THEIRS = pin(1, COHOST), pin(2, SPEAKER)
STAGE = live(pinned=(THEIRS, MINE))


def after(space: Space, *commands: c.Command) -> Space:
    for command in commands:
        changed = evolve_all(space, events(space, command), NOW)
        assert changed is not None
        space = changed
    return space


KICKED = after(STAGE, c.Kick(by(HOST), named(SPEAKER), "spam", erase=True, mute_dms=True))


def test_a_kick_takes_along_what_the_person_said_and_shared() -> None:
    assert (KICKED.erased, KICKED.pinned) == ({SPEAKER: Erasure((THEIRS,))}, (MINE,))
    [sanction] = KICKED.sanctions.values()
    assert (sanction.erases, sanction.mutes_dms) == (True, True)
    assert after(STAGE, c.Kick(by(HOST), named(SPEAKER))).erased == {}


def test_undone_it_is_there_again_with_the_pins() -> None:
    [sanction] = KICKED.sanctions
    back = after(KICKED, c.Undo(by(COHOST), sanction))
    assert (back.erased, back.pinned) == ({}, (THEIRS, MINE))


def test_there_is_no_more_room_for_pins_than_there_was() -> None:
    [sanction] = KICKED.sanctions
    full = replace(KICKED, pinned=tuple(pin(n, HOST) for n in range(10, 10 + MAX_PINS)))
    assert after(full, c.Undo(by(HOST), sanction)).pinned == full.pinned
    again = replace(KICKED, pinned=(replace(THEIRS, by=HOST), MINE))
    assert after(again, c.Undo(by(HOST), sanction)).pinned == again.pinned, "somebody shared it anew"


def test_when_the_kick_is_over_the_person_may_come_back_and_what_was_erased_stays_so() -> None:
    space = after(STAGE, c.Kick(by(HOST), named(SPEAKER), until=LATER, erase=True))
    over = evolve_all(space, events(space, c.LiftExpired(THE_CLOCK), LATER), LATER)
    assert over is not None
    assert (over.barred, list(over.erased)) == ({}, [SPEAKER])
    assert [over.erased[SPEAKER].hides(seq) for seq in (1, space.seq, over.seq + 1, None)] == [True, True, False, False]
    again = after(over, c.Kick(by(HOST), named(SPEAKER), erase=True))
    assert again.erased[SPEAKER] == Erasure((THEIRS,)), (
        "what was said since goes, too, and the first pins are not forgotten"
    )


def test_who_was_kicked_already_can_be_erased_later() -> None:
    space = after(STAGE, c.Kick(by(HOST), named(ANN)))
    made = events(space, c.Kick(by(HOST), named(ANN), erase=True))
    assert [type(event) for event in made] == [e.Erased, e.SanctionLifted, e.SanctionImposed]
    assert (
        events(after(space, c.Kick(by(HOST), named(ANN), erase=True)), c.Kick(by(HOST), named(ANN), erase=True)) == []
    )


def test_a_block_erases_until_it_is_taken_back() -> None:
    out = replace(named(SPEAKER), blocked=True)
    space = after(STAGE, c.RemoveBlocked(by(HOST), out, erase=True))
    assert list(space.erased) == [SPEAKER]
    assert after(space, c.Restore(by(HOST), SPEAKER)).pinned == (THEIRS, MINE)
    assert refusal(space, c.Restore(by(ANN), SPEAKER)) == Refusal(NotAllowed, "kick")
    assert events(KICKED, c.Restore(by(HOST), SPEAKER)) == [], "a kick is undone by itself"
