"""`speak`: what is asked before a microphone opens, and what is told when somebody closes it."""

from __future__ import annotations

import asyncio
import json
import time
import wave
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bots import casts
from spacesctl.api import lanes
from spacesctl.api.spaces import MyPlace, Space
from spacesctl.cli import speaking
from spacesctl.cli.speaking import MUTED, RECORDED, UNMUTED
from spacesctl.client.profile import Profile
from spacesctl.domain.words import Role
from tests.cli.inside import Person, meanwhile, refused
from tests.cli.samples import AT
from tests.cli.samples import space as space_of
from tests.running import wait_until

CLIP = str(casts.load("cast_a").host.clip)


def acts_once_speaking(host: Person, space: str, handle: str, *acts: str) -> Callable[[], None]:
    """The host's acts, one after the other, as soon as the microphone of `handle` is open."""

    def whole() -> None:
        with host.raw() as spaces:
            people = f"/v1/spaces/{space}/people"

            def speaks() -> bool:
                rows: list[dict[str, Any]] = spaces.get(people)["data"]
                return any(row["handle"] == handle and row["mic"] == "open" for row in rows)

            wait_until(speaks)
            for act in acts:
                spaces.post(f"/v1/spaces/{space}/{act}", {"kind": "mix"} if act == "recording" else None)

    return whole


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "give either --file F, --mic, --announce or --type"),
        (["--file", CLIP, "--mic"], "give either --file F, --mic, --announce or --type"),
        (["--mic", "--loop"], "--loop: can only be given with --file"),
        (["--file", CLIP, "--device", "1"], "--device: can only be given with --mic"),
        (["--file", "none.wav"], "there is no file none.wav"),
    ],
    ids=["neither", "both", "a microphone in a loop", "a device for a file", "no file"],
)
def test_options_that_make_no_sense_together(host: Person, words: list[str], told: str) -> None:
    refused(host.run("speak", host.live(), *words), 2, told)


def test_nobody_speaks_without_an_account_or_a_place_on_stage(host: Person, ann: Person, nobody: Person) -> None:
    space = host.live()
    refused(nobody.run("speak", space, "--file", CLIP), 4, "not logged in")
    refused(ann.run("speak", space, "--file", CLIP), 5, "may not")
    refused(host.run("speak", "AAAAAAAAAAAAA", "--file", CLIP), 3, "there is no Space")


def test_a_file_without_sound_is_refused_before_a_microphone_opens(host: Person, tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "empty.wav"), "wb") as file:
        file.setparams((1, 2, 48_000, 0, "NONE", ""))
    refused(host.run("speak", host.live(), "--file", str(tmp_path / "empty.wav")), 2, "empty.wav: contains no sound")


def test_a_file_is_spoken_for_as_long_as_is_asked(host: Person) -> None:
    space = host.live()
    assert host.run("speak", space, "--file", CLIP, "--seconds", "0.2").stderr == "spoke 0.2 s\n"
    told = host.json("speak", space, "--file", CLIP, "--seconds", "0.2")
    assert (told["seconds"], told["frames"], told["lost"], told["ended"]) == (0.2, 10, 0, None)


def test_a_short_file_is_spoken_to_its_end(host: Person, tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "short.wav"), "wb") as file:
        file.setparams((2, 2, 16_000, 0, "NONE", ""))
        file.writeframes(bytes(4 * 1_600))
    told = host.json("speak", host.live(), "--file", str(tmp_path / "short.wav"))
    assert 0.1 <= told["seconds"] <= 0.14, "a tenth of a second, filled up to whole packets"


def test_who_agrees_speaks_where_captions_are_made(host: Person) -> None:
    space = host.json("create", "T", "--start")["id"]
    told = host.json("speak", space, "--file", CLIP, "--seconds", "0.1", "--consent")
    assert told["frames"] == 5


@pytest.mark.parametrize(
    ("act", "reason", "code", "told"),
    [
        ("end", "ended", 3, "is ended"),
        ("people/{}/demote", "demoted", 5, "you were made a listener"),
        ("people/{}/kick", "kicked", 5, "you were removed from the Space"),
    ],
    ids=["the Space ends", "demoted", "kicked"],
)
def test_who_is_cut_off_is_told_why(host: Person, ann: Person, act: str, reason: str, code: int, told: str) -> None:
    space = host.live("--speakers", "everyone")
    ann.run("raise", space)
    with meanwhile(acts_once_speaking(host, space, ann.handle, act.format(ann.handle))):
        done = ann.run("speak", space, "--file", CLIP, "--loop", "--json")
    assert done.returncode == code
    assert json.loads(done.stdout)["ended"] == reason
    assert told in done.stderr
    assert done.stderr.count("\n") == 1


def test_who_is_muted_already_is_told_before(host: Person, ann: Person) -> None:
    space = host.live("--speakers", "everyone")
    ann.run("raise", space)
    host.run("mute", space, ann.handle)
    done = ann.run("speak", space, "--file", CLIP, "--seconds", "0.1")
    assert done.stderr.splitlines() == [
        MUTED,
        "spoke 0.0 s, and 0.1 s while your microphone was closed",
        "spacesctl: nothing of it was heard: you were muted all the time",
    ]
    assert done.returncode == 5, "a script learns of it"


def open_again(host: Person, space: str, handle: str) -> bool:
    with host.raw() as spaces:
        rows: list[dict[str, Any]] = spaces.get(f"/v1/spaces/{space}/people")["data"]
    return any(row["handle"] == handle and row["mic"] == "open" and row["heard"] for row in rows)


def test_the_microphone_opens_again_after_a_mute_and_only_what_is_heard_counts(host: Person, ann: Person) -> None:
    space = host.live("--speakers", "everyone")
    ann.run("raise", space)
    people = f"/v1/spaces/{space}/people"

    def mute_for_a_while() -> None:
        with host.raw() as spaces:
            wait_until(lambda: open_again(host, space, ann.handle))
            spaces.post(f"{people}/{ann.handle}/mute")
            time.sleep(0.5)
            spaces.post(f"{people}/{ann.handle}/unmute")
            wait_until(lambda: open_again(host, space, ann.handle))
            spaces.post(f"/v1/spaces/{space}/end")

    with meanwhile(mute_for_a_while):
        done = ann.run("speak", space, "--file", CLIP, "--loop", "--json")
    told = json.loads(done.stdout)
    assert done.stderr.splitlines()[:2] == [MUTED, UNMUTED]
    assert 0.4 <= told["unheard"] * 0.02 <= 1.5
    assert told["frames"] > 0


def test_who_agreed_to_everything_is_recorded_and_who_did_not_stops_speaking(host: Person, ann: Person) -> None:
    for words, code, said in ((["--consent"], 3, RECORDED), ([], 5, "this Space is now recorded")):
        space = host.live("--speakers", "everyone")
        ann.run("raise", space)

        def record(space: str = space, agrees: bool = bool(words)) -> None:
            with host.raw() as spaces:
                wait_until(lambda: open_again(host, space, ann.handle))
                spaces.post(f"/v1/spaces/{space}/recording", {"kind": "mix"})
                if agrees:
                    wait_until(lambda: open_again(host, space, ann.handle))
                    spaces.post(f"/v1/spaces/{space}/end")

        with meanwhile(record):
            done = ann.run("speak", space, "--file", CLIP, "--loop", *words)
        assert done.returncode == code
        assert said in done.stderr
    assert "add --consent to agree" in done.stderr


GAGGED = MyPlace(role=Role.SPEAKER, muted=True, mic="closed", hand_raised=False, invite=None, barred=False)


@pytest.mark.parametrize(
    ("before", "after", "always", "opened", "told"),
    [
        (None, space_of(), False, [True, True], ""),
        (lanes.Muted(), space_of(me=GAGGED), False, [True, False], MUTED),
        (lanes.Muted(), space_of(), False, [True, True], UNMUTED),
        (lanes.Recorded(), space_of(), True, [True, True], RECORDED),
        (lanes.Recorded(), space_of(), False, [True], ""),
        (None, space_of(notice="this Space is recorded"), False, [True], "this Space is recorded"),
        (None, space_of(notice="this Space is recorded"), True, [True, True], ""),
        (None, space_of(me=GAGGED), False, [True, False], MUTED),
    ],
    ids=["nothing changed", "muted", "unmuted meanwhile", "agreed", "not agreed", "recorded meanwhile", "agreed to all", "muted meanwhile"],
)  # fmt: skip
def test_coming_back_opens_the_microphone_unless_somebody_closed_it(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    before: lanes.LaneEvent | None,
    after: Space,
    always: bool,
    opened: list[bool],
    told: str,
) -> None:
    joined: list[dict[str, Any]] = []
    turns: Iterator[list[lanes.LaneEvent]] = iter(
        [[one for one in (before, lanes.Ended(reason="server_stopping")) if one], [lanes.Ended(reason="kicked")]]
    )

    class Connection:
        hello = lanes.Hello(version=1, role="speak", clock=lanes.Clock(started_at=AT, tick=0), lane=1)

        def __init__(self, *_place: object, **options: Any) -> None:
            joined.append(options)

        async def __aenter__(self) -> Connection:
            return self

        async def __aexit__(self, *_error: object) -> None: ...

        async def __aiter__(self) -> AsyncIterator[lanes.LaneEvent]:
            for event in next(turns):
                yield event

        async def send(self, _message: bytes) -> None: ...

    class Server:
        def __init__(self, *_place: object) -> None:
            self.spaces = self.people = self

        async def __aenter__(self) -> Server:
            return self

        async def __aexit__(self, *_error: object) -> None: ...

        async def get(self, _space: str) -> Space:
            return after

        async def set_mic(self, _space: str, **_how: bool) -> None: ...

    monkeypatch.setattr(speaking, "Lanes", Connection)
    monkeypatch.setattr(speaking, "AsyncClient", Server)
    monkeypatch.setattr("spacesctl.cli.coming_back.Backoff.next", lambda _self: 0.0)
    who = Profile("http://127.0.0.1:9", "spx_x")
    done = asyncio.run(speaking.speak(who, space_of(), speaking.paced([b"x"] * 500), None, always=always))
    assert done.ended == ("kicked" if len(opened) == 2 else "consent")
    assert [one["mic_open"] for one in joined] == opened
    assert told in capsys.readouterr().err
