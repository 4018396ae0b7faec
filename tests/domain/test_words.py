"""The small words of the product: errors, posts, identifiers, times, accounts, and what webhooks tell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacesctl.domain import errors, ids, posts, webhooks
from spacesctl.domain import events as e
from spacesctl.domain.clock import parse_rfc3339, rfc3339, ticks_between
from spacesctl.domain.principals import ANONYMOUS, Person
from spacesctl.domain.recurrence import occurrences
from spacesctl.domain.rrule import recurrence_rule
from spacesctl.domain.words import Kind, ListenerPolicy, Policy, Reaction, Role, Scope
from tests.domain.scenes import ANN, HOST, NOW, SPACE_ID, SPEAKER, live, told


@pytest.mark.parametrize(
    ("kind", "said", "message", "reason", "hint"),
    [
        (errors.Invalid, {"field": "title", "problem": "is empty"}, "title: is empty", None, None),
        (errors.Invalid, {"field": "a", "problem": "b", "hint": "write one"}, "a: b", None, "write one"),
        (errors.NotSignedIn, {}, "this needs somebody who is signed in", None, "SPACESCTL_TOKEN"),
        (errors.NotSignedIn, {"problem": "this is for members"}, "this is for members", None, "SPACESCTL_TOKEN"),
        (errors.NotAllowed, {"what": "you may not", "reason": "mute"}, "you may not", "mute", None),
        (errors.NotFound, {"noun": "Space", "ref": "@x"}, "there is no Space @x", None, None),
        (errors.Refused, {"reason": "live", "message": "it is", "hint": "end it"}, "it is", "live", "end it"),
        (errors.Conflict, {"noun": "account", "ref": "@x"}, "account @x exists already", None, None),
        (errors.Conflict, {"noun": "handle", "ref": "@x", "problem": "is taken"}, "handle @x is taken", None, None),
        (errors.Gone, {"noun": "Space", "ref": "7", "state": "ended"}, "Space 7 is ended", "ended", None),
        (errors.TooMany, {"what": "calls", "retry_after": 9}, "too many calls; try again in 9 s", None, None),
        (errors.Unavailable, {"what": "there is no model"}, "there is no model", None, None),
    ],
)
def test_an_error_says_this_to_a_person_and_that_to_a_program(
    kind: type[errors.SpacesError], said: dict[str, Any], message: str, reason: str | None, hint: str | None
) -> None:
    error = kind(**said)
    assert str(error) == error.message == message
    assert error.reason == reason
    assert (error.hint is None) if hint is None else (hint in (error.hint or ""))


def test_an_error_keeps_what_it_is_about() -> None:
    assert errors.Invalid("title", "x").field == "title"
    missing = errors.NotFound("Space", "@x")
    assert (missing.noun, missing.ref) == ("Space", "@x")
    assert errors.TooMany("requests", 9).retry_after == 9


def test_every_error_has_a_code_of_its_own() -> None:
    kinds: set[type[errors.SpacesError]] = {errors.SpacesError, *errors.SpacesError.__subclasses__()}
    assert set(errors.BY_CODE.values()) == kinds
    assert all(errors.BY_CODE[kind.code] is kind for kind in kinds)


@pytest.mark.parametrize(
    ("text", "has_clip", "bare"),
    [
        (" hello \n", False, "hello"),
        ("x" * 280, False, "x" * 280),
        (" " * 9 + "x" * 280, False, "x" * 280),
        ("", True, ""),
        ("x" * 281, True, None),
        (" \n", False, None),
    ],
)
def test_a_post_has_up_to_280_characters_or_a_voice(text: str, has_clip: bool, bare: str | None) -> None:
    if bare is not None:
        assert posts.checked_text(text, has_clip=has_clip) == bare
        return
    with pytest.raises(errors.Invalid) as caught:
        posts.checked_text(text, has_clip=has_clip)
    assert caught.value.field == "text"
    assert told(caught.value)
    assert (caught.value.hint is None) is bool(text.strip()), "an empty one is told what to write"


@given(st.integers(0, 50 * 365 * 86_400_000), st.integers(1, 10**6), st.integers(0, 2**40))
def test_ids_of_posts_sort_by_time_whatever_the_serial(at_ms: int, later_ms: int, serial: int) -> None:
    now = NOW + timedelta(milliseconds=at_ms)
    first, second = posts.post_id(now, serial), posts.post_id(now + timedelta(milliseconds=later_ms), 0)
    assert posts.is_post_id(first)
    assert first < second
    assert int(first) & 0x3FFFFF == serial & 0x3FFFFF


def test_an_id_of_a_post_is_that_of_its_millisecond() -> None:
    assert posts.post_id(datetime(2026, 11, 21, 12, 0, 0, 5000, tzinfo=UTC), 3) == str(
        (1_795_262_400_005 - 1_288_834_974_657) << 22 | 3
    )


@pytest.mark.parametrize(
    ("text", "good"),
    [("1" * 19, True), ("1" * 18, False), ("1" * 20, False), ("a" * 19, False), ("١" * 19, False), ("", False)],
)
def test_an_id_of_a_post_has_19_digits(text: str, good: bool) -> None:
    assert posts.is_post_id(text) is good


@pytest.mark.parametrize(
    ("text", "good"), [("a1B" * 4 + "z", True), ("a" * 12, False), ("a" * 14, False), ("a" * 12 + "-", False)]
)
def test_an_id_of_a_space_has_13_letters_and_digits(text: str, good: bool) -> None:
    assert ids.is_space_id(text) is good


_MAKERS = (ids.new_space_id, ids.new_account_id, ids.new_token, ids.new_session_id)


def test_what_is_made_looks_as_it_should_and_never_twice_the_same() -> None:
    made = [{make() for _ in range(200)} for make in _MAKERS]
    assert all(len(each) == 200 for each in made)
    spaces, accounts, tokens, sessions = made
    assert all(ids.is_space_id(each) for each in spaces)
    assert all(len(each) == 19 and 2**62 <= int(each) < 2**63 for each in accounts)
    assert all(each.startswith("spx_") and len(each) == 47 for each in tokens)
    assert all(len(each) == 32 and int(each, 16) >= 0 for each in sessions)


def test_account_ids_use_all_their_bits_but_the_highest() -> None:
    drawn = [int(ids.new_account_id()) for _ in range(200)]
    assert all(number >> 62 == 1 for number in drawn)
    assert any(number & 1 for number in drawn)
    assert not all(number & 1 for number in drawn)


def test_a_token_is_kept_as_its_sha_256() -> None:
    assert ids.token_hash("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize(
    ("text", "bare"), [("@Acme", "acme"), ("Acme@", None), ("@@acme", None), ("x" * 15, "x" * 15), ("A_9", "a_9")]
)
def test_a_handle_may_be_written_with_its_at_sign(text: str, bare: str | None) -> None:
    assert ids.parse_handle(text) == bare


@pytest.mark.parametrize(
    ("milliseconds", "tick"), [(0, 0), (19, 0), (19.6, 1), (20, 1), (39, 1), (1000, 50), (3_600_000, 180_000), (-20, 0)]
)
def test_a_tick_has_twenty_milliseconds(milliseconds: float, tick: int) -> None:
    found = ticks_between(NOW, NOW + timedelta(milliseconds=milliseconds))
    assert found == tick
    assert isinstance(found, int)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-21T12:00:00Z", NOW),
        ("2026-11-21T13:30:00+01:30", NOW),
        ("2026-11-21T12:00:00.020Z", NOW + timedelta(milliseconds=20)),
    ],
)
def test_an_instant_is_read_into_utc(text: str, at: datetime) -> None:
    found = parse_rfc3339(text)
    assert found == at
    assert found.tzinfo is UTC


@pytest.mark.parametrize("text", ["2026-11-21T12:00:00", "2026-11-21", "noon", ""])
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_rfc3339(text)


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (NOW.replace(microsecond=7000), "2026-11-21T12:00:00.007Z"),
        (NOW.replace(microsecond=7999), "2026-11-21T12:00:00.007Z"),
        (NOW.replace(microsecond=999_999), "2026-11-21T12:00:00.999Z"),
        (NOW.astimezone(timezone(timedelta(hours=-3))), "2026-11-21T12:00:00.000Z"),
    ],
)
def test_an_instant_is_written_in_utc_with_milliseconds_cut_off(at: datetime, text: str) -> None:
    assert rfc3339(at) == text


@pytest.mark.usefixtures("machine_in_tokyo")
def test_the_zone_of_the_machine_is_in_no_time_that_is_told() -> None:
    assert rfc3339(NOW) == "2026-11-21T12:00:00.000Z"
    assert parse_rfc3339("2026-11-21T12:00:00Z").tzinfo is UTC
    coming = next(occurrences("0 9 * * *", "Europe/Rome", NOW))
    assert (coming, coming.tzinfo) == (datetime(2026, 11, 22, 8, tzinfo=UTC), UTC)
    assert recurrence_rule("30 1 * * *", "America/New_York", NOW) == "FREQ=DAILY;BYHOUR=1;BYMINUTE=30"
    assert recurrence_rule("30 2 * * *", "Europe/Rome", NOW) is None, "the clocks jump over it"


def test_a_caller_is_what_the_token_allows() -> None:
    assert (ANONYMOUS.is_admin, ANONYMOUS.is_service_bot, ANONYMOUS.account_id) == (False, False, None)
    admin, bot = Person(ANN, scopes=frozenset({Scope.ADMIN})), Person(ANN, kind=Kind.BOT, scopes=frozenset({Scope.BOT}))
    assert (admin.is_admin, admin.is_service_bot) == (True, False)
    assert (bot.is_admin, bot.is_service_bot) == (False, True)
    assert not Person(ANN, kind=Kind.BOT).is_service_bot, "a bot of somebody else's"


def test_ranks_rise_from_listener_to_host() -> None:
    assert sorted(Role, key=lambda role: role.rank) == [Role.LISTENER, Role.SPEAKER, Role.COHOST, Role.HOST]


def test_every_reaction_has_an_emoji_of_its_own() -> None:
    assert len({reaction.emoji for reaction in Reaction}) == len(Reaction)
    assert Reaction.WAVE.emoji == "👋"


SPACE = live(scheduled_start=NOW - timedelta(minutes=1), ended_at=NOW + timedelta(hours=1), series_id="S" * 13)
TOLD = {
    "id": SPACE_ID,
    "state": "live",
    "title": "T",
    "host_id": HOST,
    "scheduled_start": "2026-11-21T11:59:00.000Z",
    "started_at": "2026-11-21T12:00:00.000Z",
    "ended_at": "2026-11-21T13:00:00.000Z",
    "series_id": "S" * 13,
}
ACT = {
    "key": "k", "rule_id": "r", "mode": "shadow", "action": "mute", "account_id": ANN, "lane": 1, "start_tick": 5, "end_tick": 9,
}  # fmt: skip


@pytest.mark.parametrize(
    ("event", "kind", "more"),
    [
        (
            e.SpaceCreated(SPACE_ID, "T", HOST, NOW, Policy.INVITED, ListenerPolicy.EVERYONE, True, (), "en", None),
            "spaces.create",
            {},
        ),
        (e.SpaceStarted(NOW), "spaces.start", {}),
        (e.SpaceEnded(NOW), "spaces.end", {}),
        (e.SpaceCanceled(NOW), "spaces.cancel", {}),
        (e.SpaceMissed(NOW), "spaces.missed", {}),
        (e.HandRaised(ANN), "hand.raised", {"account_id": ANN}),
        (
            e.ReportFiled("7", "spam", None),
            "report.created",
            {"report": {"id": "7", "category": "spam", "account_id": None}},
        ),
        (e.ActTaken("k", "r", "shadow", "mute", ANN, 1, 5, 9), "act.taken", {"act": ACT}),
    ],
)
def test_programs_outside_are_told_this(event: e.Event, kind: str, more: dict[str, object]) -> None:
    assert webhooks.messages(SPACE, [event]) == [webhooks.Message(kind, {"space": TOLD, **more})]
    assert kind in webhooks.TYPES


def test_programs_outside_are_told_no_words_and_nothing_of_who_is_muted() -> None:
    quiet = [e.CaptionSpoken(SPEAKER, "@s", 1, 1, "secret", 0, 1, ()), e.ServerMuted(SPEAKER, HOST, "noise")]
    assert webhooks.messages(SPACE, quiet) == []
    assert [each.type for each in webhooks.messages(SPACE, [*quiet, e.HandRaised(ANN)])] == ["hand.raised"]


def test_a_time_that_has_not_come_is_none() -> None:
    (message,) = webhooks.messages(live(started_at=None), [e.SpaceStarted(NOW)])
    assert [message.data["space"][name] for name in ("scheduled_start", "started_at", "ended_at")] == [None] * 3
