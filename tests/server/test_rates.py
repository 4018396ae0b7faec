"""The limiter alone: moving windows, what counts as one, and that its memory has an end."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacesctl.domain.errors import TooMany
from spacesctl.domain.principals import Person
from spacesctl.domain.words import Scope
from spacesctl.server.http.rates import LOOPBACK, NO_LIMITS, Limits, Rates, address_key, is_loopback
from spacesctl.server.http.sliding_window import SlidingWindows

ANN = Person("1", "ann", scopes=frozenset({Scope.USE}))


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_window_moves_and_the_wait_is_told_in_whole_seconds() -> None:
    clock = Clock()
    rates = Rates(Limits(dm="2/minute"), clock)
    rates.by_account("dm", ANN)
    clock.now += 20.5
    rates.by_account("dm", ANN)
    with pytest.raises(TooMany) as caught:
        rates.by_account("dm", ANN)
    assert caught.value.retry_after == 40, "39.5 s, rounded up"
    rates.by_account("dm", Person("2"))
    clock.now += 40
    rates.by_account("dm", ANN)
    with pytest.raises(TooMany) as caught:
        rates.by_account("dm", ANN)
    assert caught.value.retry_after == 20, "until the second one is a minute old"


def test_of_several_windows_each_holds_and_a_refused_one_costs_nothing_in_the_others() -> None:
    clock = Clock()
    rates = Rates(Limits(dm="1/second; 3/minute"), clock)
    for _ in range(3):
        rates.by_account("dm", ANN)
        with pytest.raises(TooMany):
            rates.by_account("dm", ANN)
        clock.now += 1
    with pytest.raises(TooMany) as caught:
        rates.by_account("dm", ANN)
    assert caught.value.retry_after == 57


def test_many_at_once_cost_as_many_and_more_than_a_window_holds_take_all_of_it() -> None:
    rates = Rates(Limits(invite="10/hour"), Clock())
    rates.by_account("invite", ANN, cost=8)
    with pytest.raises(TooMany):
        rates.by_account("invite", ANN, cost=3)
    rates.by_account("invite", ANN, cost=2)
    rates.by_account("invite", Person("2"), cost=11)
    with pytest.raises(TooMany):
        rates.by_account("invite", Person("2"))


@pytest.mark.parametrize("scope", [Scope.ADMIN, Scope.BOT])
def test_operators_and_the_bundled_bot_are_not_counted(scope: Scope) -> None:
    rates = Rates(Limits(dm="1/hour"), Clock())
    for _ in range(5):
        rates.by_account("dm", Person("9", scopes=frozenset({Scope.USE, scope})))


def test_this_machine_has_more_than_another_address_and_networks_of_ipv6_count_as_one() -> None:
    rates = Rates(Limits(sign_in="1/minute", peers=2), Clock())
    rates.by_address("sign_in", "2001:db8:1:2::1")
    with pytest.raises(TooMany):
        rates.by_address("sign_in", "2001:db8:1:2:ffff::9")
    rates.by_address("sign_in", "2001:db8:1:3::1")
    for _ in range(LOOPBACK):
        rates.by_address("sign_in", "127.0.0.1")
    with pytest.raises(TooMany):
        rates.by_address("sign_in", "127.0.0.1")
    rates.at_once("peers", 2 * LOOPBACK - 1, host="::1")
    with pytest.raises(TooMany, match="the limit is 2"):
        rates.at_once("peers", 2, host="192.0.2.1")


def test_off_is_off() -> None:
    rates = Rates(NO_LIMITS, Clock())
    for _ in range(1000):
        rates.by_account("reaction", ANN)
        rates.by_address("join", "192.0.2.1")
    rates.at_once("peers", 10**9, host="192.0.2.1")
    assert len(rates.windows) == 0


@pytest.mark.parametrize(
    ("host", "key", "loopback"),
    [
        ("192.0.2.7", "192.0.2.7", False),
        ("::ffff:192.0.2.7", "192.0.2.7", False),
        ("::ffff:127.0.0.1", "127.0.0.1", True),
        ("2001:db8::1", "2001:db8::/64", False),
        ("fe80::1%eth0", "fe80::/64", False),
        ("::1", "::/64", True),
        ("", "", False),
        ("testclient", "testclient", False),
    ],
)
def test_what_counts_as_one_address(host: str, key: str, loopback: bool) -> None:
    assert (address_key(host), is_loopback(host)) == (key, loopback)


STEPS = st.lists(
    st.tuples(st.integers(0, 60), st.sampled_from([(3, 10), (2, 60), (5, 1)]), st.integers(1, 2), st.floats(0, 30)),
    max_size=200,
)


@given(STEPS)
def test_the_memory_is_bounded_whoever_comes_and_what_is_over_is_forgotten(
    steps: list[tuple[int, tuple[int, int], int, float]],
) -> None:
    clock = Clock()
    windows = SlidingWindows(clock, most_keys=10, most_entries=15)
    for who, (limit, expiry), amount, pause in steps:
        clock.now += pause
        windows.acquire_entry(f"{who} {limit} {expiry}", limit, expiry, amount)
        assert len(windows) <= 10
        assert windows.entries <= 15
        assert windows.entries == sum(windows.get(key) for key in list(windows._windows))
    clock.now += 61
    windows.sweep()
    assert (len(windows), windows.entries) == (0, 0)


@given(st.lists(st.floats(0, 3), min_size=1, max_size=60))
def test_no_stretch_as_long_as_the_window_has_more_than_the_limit(pauses: list[float]) -> None:
    clock = Clock()
    rates = Rates(Limits(reaction="4 per 5 second"), clock)
    let_in: list[float] = []
    for pause in pauses:
        clock.now += pause
        with suppress(TooMany):
            rates.by_account("reaction", ANN)
            let_in.append(clock.now)
    for at in let_in:
        assert sum(at - 5 < other <= at for other in let_in) <= 4
