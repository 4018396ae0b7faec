"""What is done about all, and about listeners whom nobody knows, as it is typed and read."""

from __future__ import annotations

import asyncio
import re

import pytest

from spacesctl.client.lanes import Lanes
from tests.cli.inside import Person, refused


def undo_of(shown: str) -> str:
    found = re.search(r"\(spacesctl undo (\S+)\)", shown)
    assert found is not None, shown
    return found[1]


def test_a_locked_space_says_so_and_until_when(host: Person, ann: Person) -> None:
    space = host.live()
    shown = host.says("lock", space, "--for", "10m", "--reason", "a raid")
    assert shown.startswith("locked: nobody new joins, until ")
    refused(ann.run("raise", space), 5, "the Space is locked until")
    assert re.search(r"locked +nobody new can join, until ", ann.says("show", space))
    assert host.says("undo", undo_of(shown)) == "everybody: lock undone\n"
    ann.says("raise", space)
    [row] = host.json("sanctions", space)
    assert (row["target"], row["action"], row["how"], row["reason"]) == (None, "lock", "undone", "a raid")
    assert "everybody" in host.says("sanctions", space)


def test_a_slow_space_says_when_to_try_again(host: Person, ann: Person) -> None:
    space = host.live()
    assert "one request to speak or reaction in 60 s" in host.says("slow", space, "--every", "1m")
    ann.says("react", space, "clap")
    refused(ann.run("raise", space), 5, "this Space is slow, one in 60 s; try again in")
    assert "slow" in host.says("show", space)
    assert host.says("slow", space, "--off") == "no longer slow\n"
    ann.says("raise", space)


def test_a_hold_mutes_who_comes(host: Person, ann: Person) -> None:
    space = host.live("--speakers", "everyone")
    assert host.says("hold", space).startswith("held: who comes on stage is muted, until ")
    ann.says("raise", space)
    assert [row["muted"] for row in host.json("people", space)] == [False, True]
    assert "who comes on stage is muted until" in host.says("show", space)
    host.says("hold", space, "--off")
    assert [row["muted"] for row in host.json("people", space)] == [False, False]


def test_all_are_demoted_and_the_undo_is_printed(host: Person, ann: Person) -> None:
    space = host.live("--speakers", "everyone")
    ann.says("raise", space)
    undo = undo_of(host.says("demote", space, "--all"))
    assert [row["role"] for row in host.json("people", space)] == ["host"]
    assert "your hand is up" in ann.says("raise", space)
    host.says("undo", undo)
    assert {row["role"] for row in host.json("people", space)} == {"host", "speaker"}


def test_a_warning_needs_its_reason_and_is_read(host: Person, ann: Person) -> None:
    space = host.live()
    ann.says("raise", space)
    refused(host.run("warn", space, ann.handle), 2, "--reason: say what the warning is about")
    assert host.says("warn", space, ann.handle, "--reason", "one at a time").startswith(f"{ann.handle}: warned  (")
    assert "one at a time" in ann.says("inbox")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("slow", "--off", "--for", "1m"), "--off, --for: give only one of them"),
        (("slow", "--every", "2h"), "every"),
        (("demote", "--all", "@ann"), "--all, PERSON: give only one of them"),
        (("kick", "anon-123456", "--erase", "--yes"), "are for accounts"),
    ],
)
def test_what_does_not_go_together_is_refused(host: Person, words: tuple[str, ...], said: str) -> None:
    verb, *more = words
    refused(host.run(verb, host.live(), *more), 2, said)


def test_a_listener_whom_nobody_knows_is_put_out_by_the_connection(host: Person) -> None:
    space = host.live()

    async def put_out() -> str:
        async with Lanes(host.server.url, None, space, "listen") as lanes:
            shown = await asyncio.to_thread(host.says, "people", space, "--anonymous")
            connection = next(word for word in shown.split() if word.startswith("anon-"))
            said = await asyncio.to_thread(host.says, "kick", space, connection, "--yes")
            assert said == f"{connection}: removed\n"
            return [message async for message in lanes][-1].reason  # type: ignore[union-attr]  # the last one says why

    assert asyncio.run(put_out()) == "removed"
    assert "nobody without an account" in host.run("people", space, "--anonymous").stderr
    refused(host.run("kick", space, "anon-000000", "--yes"), 3, "there is no connection anon-000000")
