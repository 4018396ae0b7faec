"""What is redacted of each lane, held against the plain reading of every stretch."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacesctl.audio import redactions
from spacesctl.audio.redactions import ALL, MOST, Around, Mode, Redactions, Stretch

LANES = (1, 2)
NAMES = st.sampled_from("abcdef")
STRETCHES = st.builds(
    lambda lane, first, length, mode: Stretch(lane, first, first + length, mode),
    st.sampled_from((ALL, *LANES)),
    st.integers(0, 40),
    st.integers(0, 12),
    st.sampled_from(("silence", "tone")),
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), NAMES, STRETCHES),
        st.tuples(st.just("remove"), NAMES, st.none()),
        st.tuples(st.just("air"), st.none(), st.integers(0, 3)),
    ),
    max_size=40,
)


def plain(known: dict[str, Stretch], lane: int, tick: int) -> Mode | None:
    modes = {one.mode for one in known.values() if one.covers(lane, tick)}
    return "silence" if "silence" in modes else "tone" if modes else None


@given(STEPS)
def test_each_tick_is_as_the_stretches_say(steps: list[tuple[str, str, Stretch]]) -> None:
    made, known, tick = Redactions(), dict[str, Stretch](), 0
    for step, name, value in steps:
        match step:
            case "put":
                made.put(name, value)
                known[name] = value
            case "remove":
                assert made.remove(name) == (known.pop(name, None) is not None)
            case _:
                tick += int(value)  # type: ignore[call-overload]
                made.forget_before(tick)
                known = {each: one for each, one in known.items() if one.last >= tick}
        assert list(made) == list(known.values())
        assert bool(made) == bool(known)
        for lane in LANES:
            for at in range(tick, tick + 6):
                assert made.mode(lane, at) == plain(known, lane, at)
                expected = Around(*(plain(known, lane, at + beside) for beside in (0, 1, 2)))
                assert made.around(lane, at + 1) == expected


def test_many_stretches_are_not_looked_at_in_each_tick(monkeypatch: pytest.MonkeyPatch) -> None:
    made, built = Redactions(), list[int]()
    of_lane = redactions._OfLane

    def counting(stretches: Iterator[Stretch]) -> redactions._OfLane:
        found = list(stretches)
        built.append(len(found))
        return of_lane(found)

    monkeypatch.setattr(redactions, "_OfLane", counting)
    for number in range(512):
        made.put(str(number), Stretch(1 + number % 10, number * 3, number * 3 + 1))
    for tick in range(1_600):
        for lane in range(1, 11):
            made.around(lane, tick)
        made.forget_before(tick)
    assert sum(built) <= 512, "each was read once, not in each tick"
    assert not made


def test_changes_of_the_same_ones_fill_no_memory() -> None:
    made = Redactions()
    for number in range(10 * MOST):
        made.put("a", Stretch(1, 0, 10_000 + number))
    assert len(made._ends) <= 2 * MOST
    made.forget_before(30_000)
    assert not made


def test_beyond_the_bound_one_is_widened_and_silences_more() -> None:
    made = Redactions()
    for number in range(MOST + 1):
        made.put(str(number), Stretch(1, number * 2, number * 2))
    assert len(list(made)) == MOST
    assert made.mode(1, 2 * MOST) == made.mode(1, 2 * MOST - 1) == "silence"
    made.put("other", Stretch(2, 1, 1))
    assert made.mode(2, 1) == "silence"
