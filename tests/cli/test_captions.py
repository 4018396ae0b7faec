"""`captions`: what was said, as it is said, and what is told when it cannot be had."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from spacesctl.api.accounts import Account
from spacesctl.api.captions import CaptionsStatus, UnheardLane
from spacesctl.api.wire import dump
from spacesctl.client.lanes import Lanes
from spacesctl.domain.words import Kind
from tests.cli import samples
from tests.cli.broken_server import Told, broken_server, event
from tests.cli.inside import Person, meanwhile, refused, run
from tests.running import RunningServer, wait_until
from tests.typed import sure


def spoken(host: Person, space: str) -> int:
    """The number of a lane on which the host has spoken."""

    async def once() -> int:
        async with Lanes(host.server.url, host.token, space, "speak", consent=True) as lanes:
            return sure(lanes.hello.lane)

    return asyncio.run(once())


def caption(lane: int, number: int, text: str, *, final: bool = True) -> dict[str, Any]:
    return {
        "lane": lane, "utterance": number, "text": text, "final": final, "start_tick": 3000, "end_tick": 3050, "words": [],
    }  # fmt: skip


def publish(server: RunningServer, bot: str, space: str, *captions: dict[str, Any]) -> None:
    with server.client(bot) as spaces:
        assert spaces.post(f"/v1/spaces/{space}/captions", {"captions": list(captions)}) == {"taken": len(captions)}


@contextmanager
def once_subscribed(server: RunningServer, act: Callable[[], object]) -> Iterator[None]:
    """`act` as soon as one more client reads events."""

    def streams() -> str:
        with server.client() as spaces:
            lines = spaces.text("/metrics").splitlines()
        return next(line for line in lines if line.startswith("spacesctl_event_streams "))

    before = streams()

    def whole() -> None:
        wait_until(lambda: streams() != before)
        act()

    with meanwhile(whole):
        yield


def test_past_captions_are_printed_with_their_time_and_speaker(host: Person, nobody: Person, bot: str) -> None:
    space = host.json("create", "T", "--start")["id"]
    lane = spoken(host, space)
    assert nobody.run("captions", space).stdout == ""
    publish(host.server, bot, space, caption(lane, 1, "hello می\u200cخواهم"), caption(lane, 2, "bye"))
    done = nobody.run("captions", space)
    assert done.stdout == f"01:00  {host.handle}  hello می\u200cخواهم\n01:00  {host.handle}  bye\n"
    assert done.stderr == "no live captions: the server runs without bots\n"
    rows = json.loads(nobody.run("captions", space, "--json").stdout)
    assert [(row["speaker"], row["text"], row["final"]) for row in rows] == [
        (host.handle, "hello می\u200cخواهم", True),
        (host.handle, "bye", True),
    ]


@pytest.mark.parametrize("as_json", [False, True], ids=["for people", "for programs"])
def test_captions_are_followed_until_the_space_ends(host: Person, nobody: Person, bot: str, as_json: bool) -> None:
    space = host.json("create", "T", "--start")["id"]
    lane = spoken(host, space)
    publish(host.server, bot, space, caption(lane, 1, "before"))

    def speak() -> None:
        publish(host.server, bot, space, caption(lane, 2, "and", final=False), caption(lane, 2, "and now"))
        with host.raw() as spaces:
            spaces.post(f"/v1/spaces/{space}/end")

    with once_subscribed(host.server, speak):
        done = nobody.run("captions", space, "--follow", *(["--json"] if as_json else []))
    assert done.returncode == 0
    if as_json:
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        assert [(row["text"], row["final"]) for row in rows] == [("before", True), ("and", False), ("and now", True)]
    else:
        assert [line.split("  ")[2] for line in done.stdout.splitlines()] == ["before", "and now"]


def test_captions_of_a_space_that_is_over_or_none_are_refused(host: Person, nobody: Person) -> None:
    space = host.live()
    host.run("end", space, "--yes")
    refused(nobody.run("captions", space), 3, "ended")
    refused(nobody.run("captions", "AAAAAAAAAAAAA", "--follow"), 3, "there is no Space")
    assert nobody.run("captions", host.live()).stderr == "no live captions: captions are off\n"


@pytest.mark.parametrize("command", [["captions"], ["transcript"]])
def test_staff_read_what_the_audience_does_not_yet(
    host: Person, ann: Person, nobody: Person, bot: str, command: list[str]
) -> None:
    space = host.json("create", "T", "--start", "--delay", "4s")["id"]
    publish(host.server, bot, space, caption(spoken(host, space), 1, "secret"))
    assert "secret" in host.says(*command, space)
    assert "secret" not in host.says(*command, space, "--audience")
    for other in (ann, nobody):
        assert "secret" not in other.says(*command, space)


def test_staff_follow_what_the_audience_does_not_yet_read(host: Person, bot: str) -> None:
    space = host.json("create", "T", "--start", "--delay", "4s")["id"]
    lane = spoken(host, space)

    def speak() -> None:
        publish(host.server, bot, space, caption(lane, 2, "in time", final=False))
        with host.raw() as spaces:
            spaces.post(f"/v1/spaces/{space}/end")

    with once_subscribed(host.server, speak):
        done = host.run("captions", space, "--follow", "--json")
    assert "in time" in done.stdout


SPACE = "/v1/spaces/AAAAAAAAAAAAA"
FOUND = samples.space(captions_status=CaptionsStatus(ready=True, notice="words of a small model"))
SAID = {
    "account_id": "1", "speaker": "@ann", "text": "one", "start_tick": 0, "end_tick": 50, "lane": 1, "utterance": 1, "words": [],
}  # fmt: skip
ENDED = event("space.ended", {"at": "2026-11-29T12:00:00.000Z"}, 9)


def followed(*streams: Told) -> tuple[Any, list[str | None]]:
    """`captions --follow` of a server whose event streams break off; and the `Last-Event-ID` of each request for one."""
    answers: dict[str, list[Told]] = {
        SPACE: [dump(FOUND).decode()],
        f"{SPACE}/captions": ['{"data": []}'],
        f"{SPACE}/events": list(streams),
    }
    with broken_server(answers) as (url, asked):
        done = run(url, "", "captions", "AAAAAAAAAAAAA", "--follow", "--json")
    return done, [last for path, last in asked if path.endswith("/events")]


def test_a_broken_stream_is_continued_where_it_broke_off() -> None:
    first = event("caption", SAID, 5)
    done, asked = followed([first, None], [event("caption", {**SAID, "text": "two"}, 6), ENDED])
    assert asked == ["0", "5"]
    assert [json.loads(line)["text"] for line in done.stdout.splitlines()] == ["one", "two"]
    assert done.returncode == 0


def test_what_was_missed_and_what_no_longer_works_is_told() -> None:
    off = event("captions.status", {"ready": False, "reason": "the bot has stopped"})
    on = event("captions.status", {"ready": True, "reason": None})
    done, asked = followed(
        [event("reset", {"seq": 70}), off, on, event("levels", {"tick": 0, "levels": []}), None], 410
    )
    *told, lost, ended = done.stderr.splitlines()
    assert lost.startswith("the connection is lost: cannot reach the server")
    assert ended == "the Space has ended"
    assert told == [
        "words of a small model",
        "some captions were missed",
        "no live captions: the bot has stopped",
    ]
    assert asked == ["0", "70"], "it goes on after what cannot be had any more"
    assert done.returncode == 0, "a Space that ended meanwhile is no error"


def test_a_server_that_stays_away_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spacesctl.cli.coming_back.RETRY_FOR", 0.0)
    done, _ = followed([None])
    assert done.returncode == 6
    assert done.stderr.endswith("\n")
    assert "cannot reach the server" in done.stderr


def test_who_follows_is_told_once_that_captions_are_behind_and_that_they_are_no_more() -> None:
    late = event("captions.status", {"ready": True, "behind": True, "late": [{"lane": 1, "lag_seconds": 2.5}]})
    done, _ = followed([late, late, event("captions.status", {"ready": True, "behind": False}), ENDED])
    assert done.stderr.splitlines()[1:3] == [
        "captions are behind: they come late, or not from everybody",
        "captions are on time again",
    ]


def test_staff_are_shown_who_is_not_recognised() -> None:
    lanes = [
        UnheardLane(lane=1, account_id="7", unprotected=False),
        UnheardLane(lane=2, account_id="8", unprotected=True),
    ]
    found = samples.space(captions_status=CaptionsStatus(ready=True, behind=True, unheard=lanes))
    answers: dict[str, list[Told]] = {SPACE: [dump(found).decode()]}
    for number, handle in (("7", "@ann"), ("8", "@ben")):
        account = Account(id=number, handle=handle, name="", kind=Kind.PERSON, created_at=samples.AT)
        answers[f"/v1/accounts/{number}"] = [dump(account).decode()]
    with broken_server(answers) as (url, _):
        done = run(url, "", "show", "AAAAAAAAAAAAA")
    told = [line for line in done.stdout.splitlines() if "not recognised" in line]
    assert len(told) == 1, done.stderr
    assert set(told[0].split()) >= {"@ann,", "@ben"}
    assert told[0].endswith("not recognised, for want of time; nothing is redacted of @ben")
