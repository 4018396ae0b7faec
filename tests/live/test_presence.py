"""When a host counts as gone, and a Space as left, second by second."""

from __future__ import annotations

from spacesctl.live.presence import END_AFTER, HOST_GRACE, Presence, Step


def steps(
    presence: Presence, present: set[str | None], since: int, seconds: int, host: str = "host"
) -> dict[int, Step]:
    """What `look` says in each second of a stretch in which the same people are there."""
    said = {second: presence.look(second, host, present) for second in range(since, since + seconds)}
    return {second: step for second, step in said.items() if step is not None}


def test_a_host_who_never_connected_cannot_have_left() -> None:
    assert steps(Presence(), {"ann"}, 0, 1000) == {}


def test_a_host_is_gone_after_a_minute_and_without_another_the_space_ends_five_later() -> None:
    presence = Presence()
    assert steps(presence, {"host", "ann"}, 0, 10) == {}
    said = steps(presence, {"ann"}, 10, int(HOST_GRACE + END_AFTER) + 1)
    assert said == {10 + int(HOST_GRACE): "host_gone", 10 + int(HOST_GRACE + END_AFTER): "end"}


def test_who_comes_back_in_time_is_host_as_before() -> None:
    presence = Presence()
    steps(presence, {"host"}, 0, 10)
    assert steps(presence, {"ann"}, 10, 59) == {}
    assert steps(presence, {"host", "ann"}, 69, 10) == {}
    assert steps(presence, {"ann"}, 79, 59) == {}, "the minute begins anew"


def test_a_host_who_moderates_from_a_terminal_is_not_gone() -> None:
    presence = Presence()
    steps(presence, {"host"}, 0, 10)
    assert steps(presence, {"ann"}, 10, 50) == {}
    presence.host_acted(60)
    assert steps(presence, {"ann"}, 61, 58) == {}
    assert steps(presence, {"ann"}, 119, 10) == {120: "host_gone"}


def test_a_new_host_who_is_not_there_yet_has_not_left() -> None:
    presence = Presence()
    steps(presence, {"host"}, 0, 10)
    assert steps(presence, {"ann"}, 10, 61) == {70: "host_gone"}
    assert steps(presence, {"ann"}, 71, 1000, host="ben") == {}


def test_a_space_that_everybody_left_ends_and_one_that_nobody_came_to_yet_waits() -> None:
    assert steps(Presence(), set(), 0, 1000) == {}
    presence = Presence()
    steps(presence, {None}, 0, 10)
    assert steps(presence, set(), 10, int(END_AFTER) + 1) == {10 + int(END_AFTER): "end"}
