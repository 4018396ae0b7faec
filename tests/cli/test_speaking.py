"""`speak`: what is asked before a microphone opens, and what is told when somebody closes it."""

from __future__ import annotations

import json
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bots import casts
from tests.cli.inside import Person, meanwhile, refused
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
        ([], "give either --file F or --mic"),
        (["--file", CLIP, "--mic"], "give either --file F or --mic"),
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
    refused(nobody.run("speak", space, "--file", CLIP), 4, "no token")
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


@pytest.mark.parametrize(
    ("acts", "told"),
    [
        (
            ["people/{}/mute", "people/{}/unmute"],
            [
                "you are muted: nobody hears you",
                "you are no longer muted, but your microphone is closed; run the command again to speak",
            ],
        ),
        (
            ["recording"],
            ["this Space is now recorded, so your microphone was closed; run the command again to go on"],
        ),
    ],
    ids=["muted", "recorded"],
)
def test_who_is_no_longer_heard_is_told(host: Person, ann: Person, acts: list[str], told: list[str]) -> None:
    space = host.live("--speakers", "everyone")
    ann.run("raise", space)
    with meanwhile(acts_once_speaking(host, space, ann.handle, *(act.format(ann.handle) for act in acts), "end")):
        done = ann.run("speak", space, "--file", CLIP, "--loop")
    assert done.stderr.splitlines()[: len(told)] == told
