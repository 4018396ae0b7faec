"""`watch`: the view of staff or of the audience, over breaks of the stream, until the Space ends."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any, cast

import pytest

from spacesctl.api.events import Event
from spacesctl.api.people import Members
from spacesctl.api.spaces import Space
from spacesctl.api.wire import dump
from spacesctl.cli import watch
from spacesctl.cli.pauses import with_pauses
from spacesctl.cli.watched import Watched
from spacesctl.client.http import Client
from spacesctl.domain.errors import Unavailable
from tests.cli.broken_server import Told, broken_server, event
from tests.cli.inside import Person, refused, run
from tests.cli.samples import member, members, space, told
from tests.cli.test_captions import once_subscribed

SPACE = "/v1/spaces/AAAAAAAAAAAAA"
FOUND = dump(space()).decode()
PEOPLE = dump(members()).decode()
ENDED = event("space.ended", {"at": "2026-11-29T12:00:00.000Z"}, 9)


def watched(*streams: Told, people: list[Told] | None = None, words: tuple[str, ...] = ()) -> tuple[Any, list[Any]]:
    """`watch` of a server whose event streams break off; and the `Last-Event-ID` of each request for one."""
    answers: dict[str, list[Told]] = {
        SPACE: [FOUND],
        f"{SPACE}/people": people or [PEOPLE],
        f"{SPACE}/events": list(streams),
    }
    with broken_server(answers) as (url, asked):
        done = run(url, "", "watch", "AAAAAAAAAAAAA", *words)
    return done, [last for path, last in asked if path.endswith("/events")]


def test_a_line_for_each_event_and_each_caption(host: Person, ann: Person) -> None:
    live = host.live("--speakers", "everyone")

    def acts() -> None:
        with ann.raw() as hers, host.raw() as his:
            place = f"/v1/spaces/{live}"
            hers.post(f"{place}/requests")
            his.post(f"{place}/people/{ann.handle}/mute")
            his.post(f"{place}/pins", {"url": "https://example.org/a", "title": "Agenda"})
            hers.post("/v1/reports", {"space_id": live, "category": "spam"})
            his.post(f"{place}/recording", {"kind": "mix"})
            his.post(f"{place}/people/{ann.handle}/kick")
            his.post(f"{place}/end")

    with once_subscribed(host.server, acts):
        done = host.run("watch", live)
    assert done.returncode == 0
    told = [line.split("  * ")[1] for line in done.stdout.splitlines()]
    for words in (
        f"{ann.handle} is muted by {host.handle}",
        f"{host.handle} shares Agenda https://example.org/a",
        "the Space was reported: spam",
        "recording started",
        f"{ann.handle} was removed by {host.handle}",
    ):
        assert words in told
    assert told[-1] == "the Space has ended"


def test_a_planned_space_is_waited_for_and_watched_when_it_begins(host: Person) -> None:
    planned = host.json("create", "Later", "--at", "in 2 hours")["id"]
    watching = host.server.start(host.token, "watch", planned, "--wait", "--json")
    assert watching.stderr is not None
    assert watching.stdout is not None
    try:
        assert "Later begins" in watching.stderr.readline()
        host.says("start", planned)
        assert json.loads(watching.stdout.readline())["space"]["state"] == "live"
        host.says("end", planned, "--yes")
        assert json.loads(watching.stdout.read().splitlines()[-1])["type"] == "space.ended"
        assert watching.wait(10) == 0
    finally:
        watching.kill()
        watching.communicate()


def test_a_planned_space_that_is_canceled_is_waited_for_no_longer(host: Person) -> None:
    planned = host.json("create", "Later", "--at", "in 2 hours")["id"]
    watching = host.server.start(host.token, "watch", planned, "--wait")
    assert watching.stderr is not None
    assert "Later begins" in watching.stderr.readline()
    host.says("cancel", planned, "--yes")
    _, said = watching.communicate(timeout=10)
    assert watching.returncode == 3, said


def test_who_was_removed_may_not_watch(host: Person, ann: Person) -> None:
    live = host.live("--speakers", "everyone")
    ann.run("raise", live)
    host.run("kick", live, ann.handle)
    refused(ann.run("watch", live), 5, "removed from this Space")


def test_captions_reach_a_terminal_without_colours() -> None:
    said = {
        "account_id": "1", "speaker": "@ann", "text": "hello", "start_tick": 3000, "end_tick": 3050, "lane": 1, "utterance": 1,
        "words": [],
    }  # fmt: skip
    done, _ = watched([event("caption", said, 5), event("levels", {"tick": 0, "levels": []}), ENDED])
    assert done.stdout == "01:00  @ann  hello\n00:00  * the Space has ended\n"


def test_somebody_new_is_named_after_the_list_was_read_again() -> None:
    joined = dump(members(member(1, "@ann"))).decode()
    muted = event("person.muted", {"account_id": "1"}, 4)
    done, _ = watched([muted, ENDED], people=[PEOPLE, joined])
    assert "* @ann is muted" in done.stdout


def test_a_stream_that_breaks_is_continued_and_a_reset_jumps_on() -> None:
    hand = event("hand.raised", {"account_id": "1"}, 5)
    done, asked = watched([hand, None], [event("reset", {"seq": 70}), None], [ENDED], words=("--json",))
    assert asked == [None, "5", "70"]
    assert [json.loads(line)["type"] for line in done.stdout.splitlines()] == [
        "state",
        "hand.raised",
        "reset",
        "space.ended",
    ]


def test_the_first_line_is_the_space_with_its_people_also_where_nothing_happens() -> None:
    done, _ = watched([ENDED], words=("--json",))
    first = json.loads(done.stdout.splitlines()[0])
    assert first == {"type": "state", "space": json.loads(FOUND), "people": json.loads(PEOPLE)["data"]}


def test_a_space_that_ended_while_the_stream_was_broken() -> None:
    done, _ = watched([event("person.muted", {"account_id": "1"}, 4), None], 410, people=[PEOPLE, 410])
    assert done.returncode == 0
    lost, ended = done.stderr.splitlines()
    assert lost.startswith("the connection is lost: cannot reach the server")
    assert ended == "the Space has ended"


@pytest.mark.parametrize(("answer", "code"), [(403, 5), (401, 4), ([None], 6)], ids=["refused", "no token", "away"])
def test_what_cannot_be_watched_is_an_error(monkeypatch: pytest.MonkeyPatch, answer: Told, code: int) -> None:
    monkeypatch.setattr("spacesctl.cli.coming_back.RETRY_FOR", 0.0)
    done, _ = watched(answer)
    assert done.returncode == code
    assert done.stdout == ""


class Crowd:
    """Stands for the client: with each reading one more person is there. The readings in `away` fail."""

    def __init__(self, *away: int) -> None:
        self.spaces = self.people = self
        self.read = 0
        self._away = away

    def get(self, _: str) -> Space:
        self.read += 1
        if self.read in self._away:
            raise Unavailable("away")
        return space(participant_count=self.read + 1)

    def list(self, _: str) -> Members:
        return members(*(member(number, role="listener") for number in range(self.read + 1)))


def there(number: int) -> Event:
    return told("presence", {"participant_count": number})


def followed(monkeypatch: pytest.MonkeyPatch, crowd: Crowd, *events: tuple[float, Event | None]) -> list[int]:
    """How many are known after each of the events, which come at their seconds."""
    seen, clock = Watched(space(participant_count=1), members(member(0))), [0.0]
    monkeypatch.setattr("spacesctl.cli.watch.time.monotonic", lambda: clock[0])

    def coming() -> Iterator[Event | None]:
        for at, one in events:
            clock[0] = at
            yield one

    return [len(seen.view.people) for _ in watch._followed(cast("Client", crowd), "A", seen, coming())]


def test_who_comes_is_listed_at_once_and_then_every_two_seconds_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    crowd = Crowd()
    come = [(0, there(1)), (1, there(2)), (2, there(3)), (2.5, None), (3, None), (9, None), (9, there(3))]
    assert followed(monkeypatch, crowd, *come) == [1, 2, 2, 2, 3, 3, 3]
    assert crowd.read == 2, "one who is known already is no reason to read"


def test_people_who_cannot_be_read_now_are_read_later(monkeypatch: pytest.MonkeyPatch) -> None:
    assert followed(monkeypatch, Crowd(1), (0, there(2)), (1, None), (2, None)) == [1, 1, 3]


def test_a_pause_is_told_and_so_is_what_ended_it() -> None:
    def slow() -> Iterator[int]:
        yield 1
        time.sleep(0.1)
        yield 2
        raise Unavailable("away")

    given: list[int | None] = []
    with pytest.raises(Unavailable):
        for one in with_pauses(slow(), 0.04):
            given.append(one)  # noqa: PERF402  # what came before the error counts
    assert [one for one in given if one] == [1, 2]
    assert None in given[1:-1]
