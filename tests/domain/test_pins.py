"""What is shared into a Space, and which links may be."""

from __future__ import annotations

from datetime import timedelta

import pytest

from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain.errors import Gone, Invalid, NotAllowed, NotFound, Refused
from spacesctl.domain.pins import checked_link
from spacesctl.domain.principals import Person, System
from spacesctl.domain.space import MAX_PINS, Pin
from spacesctl.domain.words import Role
from tests.domain.scenes import (
    AN_ADMIN,
    ANN,
    COHOST,
    HOST,
    NOW,
    SPEAKER,
    Refusal,
    by,
    events,
    live,
    over,
    refusal,
    scheduled,
    told,
    with_person,
)


def pins(*refs: str, kind: str = "link", owner: str = SPEAKER) -> tuple[Pin, ...]:
    return tuple(Pin(f"{kind if kind == 'post' else 'id'}-{ref}", kind, ref, "T", owner, 0) for ref in refs)


def test_a_pin_says_who_shared_what_and_when_on_the_space_clock() -> None:
    command = c.PinUp(by(SPEAKER), "link", "https://example.org/", "Example")
    made = events(live(), command, NOW + timedelta(seconds=2))
    assert made == [e.Pinned(Pin("11", "link", "https://example.org/", "Example", SPEAKER, 100))]
    assert events(scheduled(), c.PinUp(by(HOST), "post", "7")) == [e.Pinned(Pin("11", "post", "7", "", HOST, 0))]


@pytest.mark.parametrize(("ref", "moves"), [("a", False), ("b", True)])
def test_what_is_pinned_comes_to_the_front_unless_it_is_there(ref: str, moves: bool) -> None:
    assert bool(events(live(pinned=pins("a", "b")), c.PinUp(by(HOST), "link", ref))) is moves


def test_ten_things_are_pinned_at_most() -> None:
    nearly = live(pinned=pins(*map(str, range(MAX_PINS - 1))))
    assert events(nearly, c.PinUp(by(HOST), "link", "new"))
    full = live(pinned=pins(*map(str, range(MAX_PINS))))
    assert refusal(full, c.PinUp(by(HOST), "link", "new")) == Refusal(Refused, "pins_full", True)
    assert events(full, c.PinUp(by(HOST), "link", "5")), "it takes no new place"


def test_what_is_over_is_not_shared_into() -> None:
    space = over(pinned=pins("a"))
    assert refusal(space, c.PinUp(by(HOST), "link", "b")) == Refusal(Gone, "ended")
    assert refusal(space, c.Unpin(by(HOST), "id-a")) == Refusal(Gone, "ended")


@pytest.mark.parametrize(
    ("caller", "owner", "allowed"),
    [
        (by(SPEAKER), SPEAKER, True),
        (by(SPEAKER), HOST, False),
        (by(COHOST), HOST, True),
        (AN_ADMIN, HOST, True),
        (by(ANN), ANN, False),
    ],
)
def test_one_takes_down_ones_own_and_staff_takes_down_anything(caller: Person, owner: str, allowed: bool) -> None:
    space = live(pinned=pins("a", "b", owner=owner))
    if allowed:
        assert events(space, c.Unpin(caller, "id-b")) == [e.Unpinned("id-b")]
    else:
        assert refusal(space, c.Unpin(caller, "id-b")) == Refusal(NotAllowed, "unshare")


def test_who_lost_the_stage_no_longer_takes_down_what_they_shared() -> None:
    space = with_person(live(pinned=pins("a")), SPEAKER, role=Role.LISTENER)
    assert refusal(space, c.Unpin(by(SPEAKER), "id-a")) == Refusal(NotAllowed, "unshare")


def test_a_pin_that_is_not_there() -> None:
    assert refusal(live(), c.Unpin(by(HOST), "9")) == Refusal(NotFound)
    assert refusal(live(), c.Unpin(by(SPEAKER), "9")) == Refusal(NotAllowed, "unshare")
    with pytest.raises(NotFound) as caught:
        events(live(), c.Unpin(by(HOST), "9"))
    assert (caught.value.noun, caught.value.ref) == ("pin", "9")


def test_a_post_that_its_author_deletes_goes_and_nothing_else() -> None:
    space = live(pinned=(*pins("1", "2", kind="post"), *pins("1")))
    assert events(space, c.Unpin(System("post_deleted"), "1")) == [e.Unpinned("post-1")]
    assert events(space, c.Unpin(System("post_deleted"), "3")) == []


LONG = "https://example.org/" + "x" * 480


@pytest.mark.parametrize(
    ("url", "title", "name"),
    [
        ("https://example.org/a?b#c", None, "example.org"),
        ("http://Example.org:8080", "", "example.org"),
        ("https://example.org/", "  The \n example ", "The example"),
        ("https://example.org/", "x" * 100, "x" * 100),
        (LONG, "T", "T"),
    ],
)
def test_a_link_is_called_by_its_title_or_its_host(url: str, title: str | None, name: str) -> None:
    assert checked_link(url, title) == (url, name)


@pytest.mark.parametrize(
    ("url", "title", "field", "todo"),
    [
        (LONG + "x", None, "url", False),
        ("https://example.org/a b", None, "url", False),
        ("https://example.org/\u2003", None, "url", False),
        ("https://example.org/\x07", None, "url", False),
        ("https://[::1", None, "url", False),
        ("https://example.org:99999/", None, "url", False),
        ("ftp://example.org/", None, "url", False),
        ("javascript:alert(1)", None, "url", False),
        ("https:///path", None, "url", False),
        ("example.org", None, "url", False),
        ("https://bank.example@example.org/", None, "url", True),
        ("https://example.org/", "x" * 101, "title", False),
    ],
)
def test_a_link_that_may_not_be_shown_to_everybody(url: str, title: str | None, field: str, todo: bool) -> None:
    with pytest.raises(Invalid) as caught:
        checked_link(url, title)
    assert caught.value.field == field
    assert told(caught.value).todo is todo
