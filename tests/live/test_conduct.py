"""What is counted of conduct: a window of a minute, whatever happens in it."""

from hypothesis import given
from hypothesis import strategies as st

from spacesctl.domain.conduct import MOST_REACTIONS, MOST_REQUESTS
from spacesctl.live.conduct import MOST_ACCOUNTS, MOST_ARRIVED, WINDOW, ByAccount, Conduct, Window
from tests.typed import sure


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(1, 50)), max_size=200), st.integers(0, 2 * WINDOW))
def test_a_window_counts_the_last_minute_to_a_second_and_stays_small(
    happened: list[tuple[int, int]], later: int
) -> None:
    window, tick, all_of_them = Window(), 0, list[tuple[int, int]]()
    for step, count in happened:
        tick += step
        window.add(tick, count)
        all_of_them.append((tick, count))
        assert len(window._seconds) <= 61
    now = tick + later
    least = sum(count for at, count in all_of_them if at > now - WINDOW + 50)
    most = sum(count for at, count in all_of_them if at > now - WINDOW - 50)
    assert least <= window.count(now) <= most


def test_what_is_told_a_little_late_counts_with_what_came_last() -> None:
    window = Window()
    window.add(1000)
    window.add(900)
    assert window.count(1000) == 2


@given(st.lists(st.tuples(st.integers(0, 400), st.sampled_from("abc")), max_size=300), st.integers(1, 6))
def test_of_one_account_so_many_count_in_a_minute(happened: list[tuple[int, str]], most: int) -> None:
    counted, tick, newest = ByAccount(most), 0, dict[str, list[int]]()
    for step, who in happened:
        tick += step
        counted.add(tick, who)
        newest.setdefault(who, []).append(tick // 50)
    since = (tick - WINDOW) // 50
    assert counted.count(tick) == sum(second > since for seconds in newest.values() for second in seconds[-most:])
    assert counted.count(tick + 2 * WINDOW) == 0
    assert not counted._seconds


def test_one_account_alone_is_not_many() -> None:
    conduct = Conduct()
    for tick in range(1000):
        conduct.reactions.add(tick, "ann")
        conduct.requests.add(tick, "ann")
    assert (conduct.reactions.count(1000), conduct.requests.count(1000)) == (MOST_REACTIONS, MOST_REQUESTS)
    for number in range(MOST_ACCOUNTS + 5):
        conduct.reactions.add(1000, str(number))
    assert conduct.reactions.count(1000) == MOST_ACCOUNTS


def test_joins_are_counted_with_those_that_no_space_has_seen() -> None:
    conduct = Conduct()
    conduct.joined(100, seen=True)
    conduct.joined(110, seen=False)
    assert conduct.joins(120) == (2, 1)
    assert conduct.joins(100 + 2 * WINDOW) == (0, 0)


def test_no_more_wait_to_be_looked_up_than_so_many() -> None:
    from datetime import UTC, datetime

    conduct = Conduct()
    for number in range(MOST_ARRIVED + 10):
        conduct.arrived(str(number), number, datetime(2026, 1, 1, tzinfo=UTC))
    found = conduct.take_arrived()
    assert len(found) == MOST_ARRIVED
    assert sure(found[0]).account_id == "10"
    assert conduct.take_arrived() == []
