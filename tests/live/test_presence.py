"""When a host counts as away or gone, and a Space as left, second by second."""

from __future__ import annotations

import pytest

from spacesctl.live.presence import AWAY_AFTER, COMMAND_COUNTS, END_AFTER, HOST_GRACE, Presence, Step

AWAY, GRACE, END = int(AWAY_AFTER), int(HOST_GRACE), int(END_AFTER)


def steps(
    presence: Presence,
    present: set[str | None],
    since: int,
    seconds: int,
    host: str = "host",
    cohosts: tuple[str, ...] = (),
    former: str | None = None,
) -> dict[int, Step]:
    """What `look` says in each second of a stretch in which the same people are there."""
    said = {second: presence.look(second, host, present, cohosts, former) for second in range(since, since + seconds)}
    return {second: step for second, step in said.items() if step is not None}


def seen() -> Presence:
    """Of a Space whose host was connected for ten seconds."""
    presence = Presence()
    assert steps(presence, {"host", "ann"}, 0, 10) == {}
    return presence


def test_a_host_who_never_connected_cannot_have_left() -> None:
    presence = Presence()
    presence.acted("host", 0)
    assert steps(presence, {"ann"}, 0, 1000) == {}


def test_each_step_of_an_absence_comes_once_and_in_time() -> None:
    said = steps(seen(), {"ann"}, 10, GRACE + END + 1)
    assert said == {10 + AWAY: "host_away", 10 + GRACE: "host_gone", 10 + GRACE + END: "end_without_host"}


def test_a_page_that_is_loaded_again_is_no_absence() -> None:
    presence = seen()
    assert steps(presence, {"ann"}, 10, AWAY) == {}
    assert steps(presence, {"host", "ann"}, 10 + AWAY, 10) == {}


@pytest.mark.parametrize("away", [AWAY + 1, GRACE - 1, GRACE + 20])
def test_a_host_who_comes_back_is_announced_once_and_the_minute_begins_anew(away: int) -> None:
    presence = seen()
    steps(presence, {"ann"}, 10, away)
    assert steps(presence, {"host", "ann"}, 10 + away, 10) == {10 + away: "host_back"}
    assert steps(presence, {"ann"}, 20 + away, GRACE + 1) == {
        20 + away + AWAY: "host_away",
        20 + away + GRACE: "host_gone",
    }


def test_a_command_counts_as_presence_for_a_minute() -> None:
    presence = seen()
    assert steps(presence, {"ann"}, 10, 30) == {10 + AWAY: "host_away"}
    presence.acted("host", 40)
    assert steps(presence, {"ann"}, 40, int(COMMAND_COUNTS)) == {40: "host_back"}
    left = 40 + int(COMMAND_COUNTS)
    assert steps(presence, {"ann"}, left, GRACE + 1) == {left + AWAY: "host_away", left + GRACE: "host_gone"}


def test_a_co_host_who_comes_while_nobody_hosts_takes_over() -> None:
    presence = seen()
    assert list(steps(presence, {"ann"}, 10, GRACE + 10, cohosts=("ben",)).values()) == ["host_away", "host_gone"]
    assert steps(presence, {"ann", "ben"}, 80, 1, cohosts=("ben",)) == {80: "host_gone"}


def test_the_host_who_left_is_noticed_on_return() -> None:
    presence = seen()
    steps(presence, {"ben"}, 10, GRACE + 1, cohosts=("ben",))
    assert steps(presence, {"ben"}, 80, 5, host="ben", former="host") == {}
    assert steps(presence, {"ben", "host"}, 85, 1, host="ben", former="host") == {85: "former_host_back"}


def test_a_new_host_who_is_not_there_yet_has_not_left() -> None:
    presence = seen()
    steps(presence, {"ann"}, 10, GRACE + 1)
    assert steps(presence, {"ann"}, 90, 1000, host="ben") == {}


def test_a_host_who_was_there_before_the_server_stopped_has_a_minute_after_its_start() -> None:
    assert steps(Presence(seen=True), {"ann"}, 0, GRACE + 1) == {AWAY: "host_away", GRACE: "host_gone"}
    assert steps(Presence(seen=False), {"ann"}, 0, GRACE + 1) == {}


def test_a_space_that_everybody_left_ends_and_one_that_nobody_came_to_yet_waits() -> None:
    assert steps(Presence(), set(), 0, 1000) == {}
    presence = Presence()
    steps(presence, {None}, 0, 10)
    assert steps(presence, set(), 10, END + 1) == {10 + END: "end_empty"}


def test_a_listener_who_only_follows_the_events_keeps_a_space_from_being_empty() -> None:
    presence = Presence()
    assert steps(presence, {None}, 0, END * 2) == {}
