"""The sound of a lane on its way: what is sent, what is kept, and what is sent again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bots.hearing.feed import MOST_KEPT, MOST_WAITING, STALLED, WARM_UP, WINDOW, Feed
from bots.hearing.lane import AFTER, BEFORE, CHUNK
from bots.hearing.messages import Sound
from spacesctl.audio.framing import FLAG_ACTIVE

PACKET = b"x"


def say(feed: Feed, ticks: range, flags: int = FLAG_ACTIVE, now: float | None = None) -> None:
    for tick in ticks:
        feed.frame(tick, flags, PACKET, tick * 0.02 if now is None else now)


def sent(feed: Feed) -> list[Sound]:
    found = []
    while (sound := feed.next()) is not None:
        found.append(sound)
    return found


def heard(feed: Feed, under_way: tuple[int, int] | None = None) -> list[int]:
    """Have everything recognised; the ticks."""
    ticks = []
    while sounds := sent(feed):
        for sound in sounds:
            ticks += [tick for tick, _, _ in sound.frames]
            feed.told(sound.number, under_way)
    return ticks


def test_silence_is_not_sent() -> None:
    feed = Feed(0)
    say(feed, range(1000), flags=0)
    assert feed.silent
    assert sent(feed) == []


def test_speech_is_sent_ten_times_a_second_with_some_silence_around_it() -> None:
    feed = Feed(0)
    say(feed, range(100), flags=0)
    say(feed, range(100, 150))
    say(feed, range(150, 400), flags=0)
    sounds = sent(feed)
    while feed.unanswered:
        feed.told(sounds[-1].number, None)
        sounds += sent(feed)
    assert [tick for each in sounds for tick, _, _ in each.frames] == list(range(100 - BEFORE - WARM_UP, 150 + AFTER))
    assert len(sounds) == (50 + AFTER) / CHUNK
    assert feed.silent


def test_what_is_not_full_goes_when_no_more_comes() -> None:
    feed = Feed(0)
    say(feed, range(3), now=1.0)
    feed.flush(1.0 + STALLED / 2)
    assert not feed.waits
    feed.flush(1.01 + STALLED)
    assert [len(each.frames) for each in sent(feed)] == [3]


def test_lanes_send_at_different_ticks() -> None:
    ends = set()
    for lane in range(CHUNK):
        feed = Feed(lane)
        say(feed, range(10))
        ends.add(sent(feed)[0].frames[-1][0])
    assert ends == set(range(CHUNK))


def test_no_more_is_sent_than_can_be_taken_back() -> None:
    feed = Feed(0)
    say(feed, range(100))
    assert len(sent(feed)) == WINDOW
    feed.told(2, (0, 0))
    assert len(sent(feed)) == 2


def test_the_lag_is_the_age_of_the_oldest_sound_that_nobody_has_heard() -> None:
    feed = Feed(0)
    assert feed.lag(9.0) == 0
    say(feed, range(10))
    assert feed.lag(3.0) == 3.0
    first, second = sent(feed)
    feed.told(first.number, (0, 0))
    assert round(feed.lag(3.0), 2) == 2.9
    feed.told(second.number, (0, 0))
    assert feed.lag(3.0) == 0


def test_what_was_heard_before_is_not_late_when_it_is_heard_again() -> None:
    feed = Feed(0)
    say(feed, range(50))
    heard(feed, (0, 0))
    feed.begin_again()
    assert feed.again
    assert feed.lag(100.0) == 0
    heard(feed, (0, 0))
    assert not feed.again


def test_sound_waits_up_to_a_bound_and_the_oldest_is_lost() -> None:
    feed = Feed(0)
    say(feed, range(MOST_WAITING + 50))
    assert feed.ticks == MOST_WAITING
    assert feed.dropped == 50
    feed.forget_waiting()
    assert (feed.ticks, feed.dropped) == (0, MOST_WAITING + 50)


def test_a_new_recogniser_hears_the_utterance_under_way_from_its_beginning() -> None:
    feed = Feed(0)
    say(feed, range(100))
    heard(feed, (42, 47))
    assert feed.begin_again() == 46
    assert heard(feed) == list(range(40, 100)), "whole messages"
    assert feed.begin_again() == 47
    assert feed.silent


def test_what_recognisers_end_of_is_heard_by_nobody() -> None:
    feed = Feed(0)
    say(feed, range(100))
    sent(feed)
    feed.skip()
    assert feed.silent
    assert feed.dropped == 100


def test_what_is_kept_is_bounded_even_if_an_utterance_never_ends() -> None:
    feed = Feed(0)
    for second in range(60):
        say(feed, range(second * 50, second * 50 + 50))
        heard(feed, (0, 0))
    feed.begin_again()
    assert feed.ticks <= MOST_KEPT


def test_who_talks_more_is_more_active_and_it_fades() -> None:
    feed, other = Feed(0), Feed(1)
    say(feed, range(500))
    say(other, range(100))
    assert feed.activity(10.0) > 4 * other.activity(10.0) > 0
    assert feed.activity(100.0) < feed.activity(10.0) / 4
    after = feed.successor()
    assert after.activity(10.0) == feed.activity(10.0)
    after.pass_over(FLAG_ACTIVE, 10.0)
    assert after.activity(10.0) > feed.activity(10.0)
    assert after.dropped == 1


@given(
    st.lists(st.tuples(st.integers(1, 60), st.booleans()), max_size=20),
    st.lists(st.sampled_from(["hear", "again", "wait"]), max_size=40),
)
def test_every_active_frame_is_heard_in_order_whenever_recognisers_are_replaced(
    talk: list[tuple[int, bool]], events: list[str]
) -> None:
    feed, tick, active, got, acts = Feed(2), 0, set[int](), list[int](), iter(events)
    for length, talks in talk:
        say(feed, range(tick, tick + length), FLAG_ACTIVE if talks else 0)
        active |= set(range(tick, tick + length)) if talks else set()
        tick += length
        match next(acts, "hear"):
            case "hear":
                for sound in sent(feed):
                    got += [one for one, _, _ in sound.frames]
                    feed.told(sound.number, (sound.frames[0][0], sound.frames[0][0]))
            case "again":
                sent(feed)
                feed.begin_again()
    feed.close()
    feed.begin_again()
    last = heard(feed)
    assert last == sorted(set(last))
    assert active - set(last) - set(got) == set() or feed.dropped
    assert feed.silent
