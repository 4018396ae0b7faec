"""What rules leave to people: how many are kept, what there is to confirm, and that each is decided once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain.decide import decide
from spacesctl.domain.errors import NotAllowed, NotFound, Refused, SpacesError
from spacesctl.domain.evolve import evolve_all
from spacesctl.domain.principals import Rule
from spacesctl.domain.space import Grant, Member, Space
from spacesctl.domain.suggested import MOST
from spacesctl.domain.suggestion import UNDECIDED
from spacesctl.domain.words import Kind, Role, RuleMode
from tests.domain.scenes import AN_ADMIN, ANN, BOT, COHOST, HOST, NOW, SPEAKER, by, live, named

ALL = frozenset({"log", "report", "redact", "warn", "mute", "demote", "kick", "block", "lock", "slow"})


class Scene:
    def __init__(self) -> None:
        self.space: Space = live(grant=Grant(BOT, HOST, ALL))
        self.tick = 0

    def suggest(
        self,
        action: str = "mute",
        whom: str = SPEAKER,
        mode: RuleMode = "suggest",
        rule: str = "r",
        kind: Kind = Kind.PERSON,
    ) -> str:
        """The id of the suggestion, if there is one."""
        self.tick += 100
        person = named(whom, kind=kind) if whom else c.THE_SPACE
        key = f"{rule}:1:{self.tick}:{action}"
        act = c.TakeAct(Rule(rule, HOST, BOT), key, rule, mode, action, person, 1, self.tick, self.tick + 9)
        made = self.done(act)
        return next((one.suggestion.id for one in made if isinstance(one, e.SuggestionMade)), "")

    def done(self, command: c.Command) -> list[e.Event]:
        made = decide(self.space, command, NOW)
        self.space = evolve_all(self.space, made, NOW) or self.space
        return made


@pytest.mark.parametrize(
    ("action", "whom", "kind"),
    [
        ("log", SPEAKER, Kind.PERSON),
        ("redact", SPEAKER, Kind.PERSON),
        ("mute", ANN, Kind.PERSON),
        ("demote", ANN, Kind.PERSON),
        ("kick", HOST, Kind.PERSON),
        ("kick", COHOST, Kind.PERSON),
        ("kick", ANN, Kind.BOT),
    ],
)
def test_what_nobody_could_do_is_not_suggested(action: str, whom: str, kind: Kind) -> None:
    scene = Scene()
    assert scene.suggest(action, whom, kind=kind) == ""
    assert not scene.space.suggestions


def test_those_of_another_rule_person_or_action_are_others() -> None:
    scene = Scene()
    ids = [scene.suggest(), scene.suggest(), scene.suggest(rule="q"), scene.suggest("kick"), scene.suggest("kick", ANN)]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 4


def test_so_many_are_kept_and_what_is_decided_goes_first() -> None:
    scene = Scene()
    first = scene.suggest("kick", ANN, rule="first")
    decided = scene.suggest("kick", ANN, rule="second")
    scene.done(c.Dismiss(by(HOST), decided))
    for n in range(MOST - 1):
        scene.suggest("kick", ANN, rule=f"r{n}")
    assert len(scene.space.suggestions) == MOST
    assert decided not in scene.space.suggestions
    assert first in scene.space.suggestions
    scene.suggest("kick", ANN, rule="last")
    assert first not in scene.space.suggestions


@pytest.mark.parametrize("action", ["warn", "mute", "demote", "kick", "block"])
def test_what_is_in_effect_already_stays_open(action: str) -> None:
    scene = Scene()
    one = scene.suggest(action)
    other = scene.suggest(action, rule="q")
    assert scene.done(c.Confirm(by(HOST), one, named(SPEAKER)))
    if action == "warn":
        return  # a second warning is one
    if action == "block":
        scene.space = replace(scene.space, barred={SPEAKER: "x"})
    with pytest.raises(Refused):
        scene.done(c.Confirm(by(HOST), other, named(SPEAKER)))
    assert scene.space.suggestions[other].state == "open"
    scene.done(c.Dismiss(by(HOST), other))


def test_an_admin_confirms_as_the_host_does_but_not_a_block() -> None:
    scene = Scene()
    kick, block = scene.suggest("kick"), scene.suggest("block")
    with pytest.raises(NotAllowed):
        scene.done(c.Confirm(AN_ADMIN, block, named(SPEAKER)))
    assert scene.done(c.Confirm(AN_ADMIN, kick, named(SPEAKER)))


def test_who_was_made_a_cohost_meanwhile_is_left_alone_by_a_cohost() -> None:
    scene = Scene()
    one = scene.suggest("kick")
    scene.space = replace(scene.space, people={**scene.space.people, SPEAKER: Member(SPEAKER, Role.COHOST)})
    for who in (COHOST, SPEAKER):
        with pytest.raises(NotAllowed):
            scene.done(c.Confirm(by(who), one, named(SPEAKER)))
    assert scene.done(c.Confirm(by(HOST), one, named(SPEAKER)))


def test_what_waits_is_nobodys_to_decide_on() -> None:
    scene = Scene()
    one = scene.suggest(mode="waiting")
    with pytest.raises(NotFound):
        scene.done(c.Confirm(by(HOST), one, named(SPEAKER)))


@given(st.lists(st.tuples(st.sampled_from(["suggest", "confirm", "dismiss", "undo"]), st.integers(0, 3)), max_size=30))
def test_each_is_decided_at_most_once_and_a_sanction_names_its_rule(steps: list[tuple[str, int]]) -> None:
    scene, known, ends = Scene(), list[str](), list[str]()
    for step, n in steps:
        if step == "suggest":
            known.append(scene.suggest(("warn", "mute", "kick", "demote")[n]))
            continue
        name = known[n % len(known)] if known else "none"
        command: c.Command = c.Confirm(by(COHOST), name, named(SPEAKER))
        if step == "dismiss":
            command = c.Dismiss(by(COHOST), name)
        elif step == "undo":
            command = c.Undo(by(COHOST), next(iter(scene.space.sanctions), "none"))
        try:
            made = scene.done(command)
        except SpacesError:
            continue
        ends += [one.suggestion_id for one in made if isinstance(one, e.SuggestionEnded)]
        for one in made:
            if isinstance(one, e.SanctionImposed):
                assert (one.sanction.reason, one.sanction.by) == ("rule r", {"kind": "person", "id": COHOST})
    assert len(ends) == len(set(ends))
    assert all((one.state in UNDECIDED) is (one.id not in ends) for one in scene.space.suggestions.values())
