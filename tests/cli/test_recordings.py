"""`record` and `recordings`: a Space is recorded, and what is fetched is what was recorded."""

from __future__ import annotations

import hashlib
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bots import casts
from spacesctl.api.recordings import Recording
from spacesctl.api.wire import Time
from spacesctl.cli.moments import on_the_clock
from spacesctl.cli.recordings import _minutes
from spacesctl.domain.words import RecordingMode
from tests.cli.inside import Person, refused
from tests.running import spacesctl, wait_until

CLIP = casts.load("cast_a").host.clip


@pytest.fixture
def recorded(host: Person) -> dict[str, str]:
    """The row of a finished recording of a second, with the host's own lane."""
    space = host.live()
    host.json("record", "start", space, "--lanes")
    host.json("speak", space, "--file", str(CLIP), "--seconds", "0.5", "--consent")
    host.json("record", "stop", space)
    wait_until(lambda: host.json("recordings", "list", "--space", space)[0]["state"] == "done")
    row: dict[str, str] = host.json("recordings", "list", "--space", space)[0]
    return row


def test_a_recording_that_runs_has_its_minutes_so_far() -> None:
    since = Time.of(datetime.now(UTC) - timedelta(minutes=90))
    running = Recording(
        id="R", space_id="S", title="T", kind=RecordingMode.MIX, state="recording", started_at=since, ended_at=None,
        reason=None, expires_at=None, files=[],
    )  # fmt: skip
    assert _minutes(running) == 90.0


def test_recording_is_told_while_it_runs(host: Person, ann: Person) -> None:
    space = host.live()
    refused(ann.run("record", "start", space), 5, "may do this here")
    since = host.says("record", "start", space).removeprefix("recording since ").strip()
    began = datetime.fromisoformat(host.json("show", space)["recording"]["since"])
    assert since == f"{on_the_clock(began, began)}, now"
    assert "this Space is being recorded" in ann.says("show", space)
    refused(host.run("record", "start", space, "--json"), 5, "record")
    [row] = host.json("recordings", "list")
    assert "  0.0  " in host.says("recordings", "list")
    refused(host.run("recordings", "get", row["id"]), 5, "it is not finished yet")
    assert host.says("record", "stop", space) == "no longer recorded\n"
    assert host.json("show", space)["recording"] is None
    refused(host.run("record", "stop", space), 5, "record")


def test_a_recording_is_listed_fetched_and_deleted(
    host: Person, ann: Person, recorded: dict[str, str], tmp_path: Path
) -> None:
    ref = recorded["id"]
    listed = host.says("recordings", "list").splitlines()
    assert listed[0].split() == ["ID", "TITLE", "STATE", "SINCE", "MINUTES", "FILES", "UNTIL"]
    assert listed[1].startswith(ref)
    assert ann.run("recordings", "list").stderr == "no recordings\n"
    refused(ann.run("recordings", "get", ref), 3, "no recording")
    folder = tmp_path / "new" / "folder"
    told = host.says("recordings", "get", ref, "--out", str(folder)).splitlines()
    assert set(told) == {f"{folder}/{ref}-mix.ogg", f"{folder}/{ref}-lane-00001.ogg  {host.handle}"}
    files = host.json("recordings", "get", ref, "--out", str(folder))
    sums = [hashlib.sha256(Path(file["file"]).read_bytes()).hexdigest() for file in files]
    assert sums == [file["sha256"] for file in host.json("recordings", "list")[0]["files"]]
    refused(ann.run("recordings", "delete", ref, "--yes"), 3, "no recording")
    assert host.run("recordings", "delete", ref, "--yes").stderr == "deleted\n"
    refused(host.run("recordings", "delete", ref, "--yes", "--json"), 3, "no recording")


def test_a_file_that_is_damaged_on_the_way_is_not_kept(host: Person, recorded: dict[str, str], tmp_path: Path) -> None:
    [mix] = (host.server.data / "recordings" / recorded["id"]).glob("mix*")
    content = bytearray(mix.read_bytes())
    content[-1] ^= 1
    mix.write_bytes(content)
    refused(host.run("recordings", "get", recorded["id"], "--out", str(tmp_path)), 5, "its checksum does not match")
    assert list(tmp_path.glob("*mix*")) == []
    assert host.json("recordings", "delete", recorded["id"], "--yes") == {"id": recorded["id"], "deleted": True}


def test_a_space_names_its_newest_finished_recording(
    host: Person, ann: Person, recorded: dict[str, str], tmp_path: Path
) -> None:
    space, ref, folder = recorded["space_id"], recorded["id"], str(tmp_path)
    fetched = host.says("recordings", "get", space, "--out", folder)
    assert f"{folder}/{ref}-mix.ogg" in fetched
    assert host.says("recordings", "get", space[:12], "--out", folder) == fetched
    host.json("record", "start", space)
    assert host.says("recordings", "get", space, "--out", folder) == fetched, "the one that runs is newer"
    host.json("end", space, "--yes")
    assert ref in host.says("show", space)
    refused(ann.run("recordings", "get", space), 3, "no recording")
    refused(host.run("recordings", "get", host.live()), 3, "no recording")


@pytest.mark.slow
def test_a_space_that_is_over_has_its_end_its_length_and_how_many_there_were(
    host: Person, ann: Person, recorded: dict[str, str], tmp_path: Path
) -> None:
    space = recorded["space_id"]
    words = spacesctl("listen", space, "--output", str(tmp_path / "heard.ogg"), "--seconds", "1.2")
    subprocess.run(words, env=host.server.env(ann.token), capture_output=True, timeout=15, check=True)
    host.json("end", space, "--yes")
    assert host.json("show", space)["peak"] >= 1
    shown = host.says("show", space)
    assert re.search(r"^  ended      \w+ \d\d:\d\d, now$", shown, re.MULTILINE)
    assert re.search(r"^  length     \d+ s$", shown, re.MULTILINE)
    assert "people     1 at once at most" in shown
    assert f"recording  {recorded['id']}" in shown
