"""A show whose people, listeners and server are stand-ins: who falls back to lanes, what a host does, and how errors end it."""

from __future__ import annotations

import pytest

from spacesctl.api.events import Levels
from spacesctl.api.moderation_events import RulesSet
from spacesctl.api.space_events import SpaceEnded
from spacesctl.demo import show
from spacesctl.demo.script import Turn
from spacesctl.domain.errors import NotAllowed, SpacesError, Unavailable
from tests.demo.events import caption, event, muted
from tests.demo.stand_ins import CAST, TROUBLE, WHOLE, World, played
from tests.typed import sure


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def test_one_guest_and_one_listener_are_over_webrtc_and_everybody_else_over_lanes(world: World) -> None:
    done, state = played(world)
    ways = [said.way for said in done.said.values()]
    assert sorted(ways) == ["WebRTC", "lanes", "lanes", "lanes"]
    assert done.said[TROUBLE].way == "lanes"
    assert [(one.kind, one.account) for one in state.listeners] == [
        ("lanes", "@ada"), ("lanes", None), ("webrtc", "@ben")
    ]  # fmt: skip
    assert done.seconds >= 0.15
    assert {said.ticks for said in done.said.values()} == {40}
    assert all(100 <= said.tick < 150 for said in done.said.values()), "on the clock of the first listener"
    assert (done.worst_lateness_ms, done.came_back) == (2.5, None)
    assert world.called[-2:] == ["reports", "end s"]
    assert state.of_type(SpaceEnded)


def test_where_webrtc_does_not_connect_lanes_take_over_and_it_is_said(world: World) -> None:
    guest = next(turn.script.person.handle for turn in WHOLE if show._is_guest(turn))
    world.failing["WebRTC"][guest] = TimeoutError()
    world.failing["whep"]["ben"] = TimeoutError()
    done, state = played(world)
    assert {said.way for said in done.said.values()} == {"lanes"}
    assert [one.kind for one in state.listeners] == ["lanes"] * 3
    assert sorted(world.said) == [
        "@ben listens over WebSocket: WebRTC did not connect",
        f"@{guest} speaks over WebSocket: WebRTC did not connect",
    ]


def test_a_machine_with_only_a_loopback_address_uses_lanes_alone_and_says_why(world: World) -> None:
    world.address = None
    done, state = played(world)
    assert {said.way for said in done.said.values()} == {"lanes"}
    assert [one.account for one in state.listeners] == ["@ada", None, "@ben"]
    assert len(world.said) == 2
    assert all("needs an address other than 127.0.0.1" in line for line in world.said)


def test_who_has_nothing_to_say_opens_no_microphone_and_a_part_that_ended_counts_to_its_end(world: World) -> None:
    parts = [Turn(WHOLE[0].script, 0.0, 0.5), *(Turn(one.script, 0.0, 0.0) for one in WHOLE[1:])]
    done, _ = played(world, parts=parts)
    assert list(done.said) == [WHOLE[0].script.person.handle]
    assert done.said[WHOLE[0].script.person.handle].ticks == sure(parts[0].ticks) == 30


@pytest.mark.parametrize("back", [True, False], ids=["comes back", "is barred"])
def test_the_host_removes_who_was_muted_and_they_try_to_come_back(
    monkeypatch: pytest.MonkeyPatch, world: World, back: bool
) -> None:
    if back:
        world.refusal = None
    world.streams = [[muted(f"id-{TROUBLE}")], []]
    done, state = played(world, seconds=None, until=lambda done: done.came_back is not None)
    assert f"kick @{TROUBLE} from s: {show.KICK_REASON}" in world.called
    told = "came back" if back else "refused: barred"
    assert done.came_back == told
    assert state.acts[-1].text == f"@{TROUBLE} tries to come back: {told}"


def test_a_stream_of_events_that_ends_is_followed_from_its_last_event(world: World) -> None:
    rules = RulesSet(rules_hash=None, grant=None)
    world.streams = [[event(rules, 4), event(Levels(tick=1, levels=[]))], [event(rules, 5)], []]
    _, state = played(world, seconds=None, until=lambda _: len(world.asked_from) >= 3)
    assert world.asked_from[:3] == ["0", "4", "5"]
    assert [one.seq for one in state.events] == [4, 5, 99]


def test_captions_that_are_still_on_their_way_are_waited_for_but_not_for_ever(
    monkeypatch: pytest.MonkeyPatch, world: World
) -> None:
    monkeypatch.setattr(show, "SETTLE", 0.4)
    world.streams = [[caption("half a", final=False)], []]
    _, state = played(world, seconds=0.1)
    assert [line.text for line in state.partials.values()] == ["half a"]


def test_without_an_end_it_runs_until_it_is_stopped(world: World) -> None:
    done, _ = played(world, seconds=None, until=lambda _: True)
    assert 0 <= done.seconds < 5


def test_a_server_that_ended_ends_the_show_with_its_reason(world: World) -> None:
    world.alive = False
    with pytest.raises(Unavailable, match="the server ended"):
        played(world)


def test_a_metrics_page_that_does_not_answer_is_a_server_that_is_gone(world: World) -> None:
    def refuse() -> str:
        raise Unavailable("refused")

    world.page = refuse
    with pytest.raises(Unavailable, match="does not answer"):
        played(world)


@pytest.mark.parametrize("way", ["lanes", "listen"])
def test_the_first_refusal_is_raised_alone(world: World, way: str) -> None:
    refused = NotAllowed("not today", reason="barred")
    world.failing[way] |= dict.fromkeys((TROUBLE, CAST.host.handle, "ada", "ben"), refused)
    with pytest.raises(NotAllowed, match="not today"):
        played(world)


def test_a_defect_of_ours_is_raised_with_all_that_came_with_it(world: World) -> None:
    world.failing["lanes"][CAST.host.handle] = KeyError("a defect")
    with pytest.raises(ExceptionGroup) as caught:
        played(world)
    assert caught.group_contains(KeyError, match="a defect")


def test_of_nested_errors_the_first_is_found() -> None:
    first = Unavailable("first")
    inner = ExceptionGroup[SpacesError]("inner", [first, Unavailable("second")])
    group = BaseExceptionGroup[SpacesError]("outer", [inner, Unavailable("third")])  # type: ignore[list-item]  # of a group in a group its type says nothing
    assert show._first(group) is first


def test_the_troublemaker_and_the_host_are_no_guests() -> None:
    assert [show._is_guest(turn) for turn in WHOLE].count(True) == 2
