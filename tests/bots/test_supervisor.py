"""The supervisor with a real recogniser and a fake API in memory; and its process."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bots import casts, models
from bots.__main__ import read_token
from bots.supervisor import Supervisor
from bots.wer import word_errors
from spacesctl.api.moderation import NewAct
from spacesctl.domain.errors import Unavailable
from spacesctl.domain.words import RuleMode
from tests.bots.fake_api import FakeApi, assignment, info
from tests.bots.voices import frames_of, until

HERE = Path(__file__).parents[2]


def run(api: FakeApi, script: Callable[[Supervisor], Awaitable[None]], model: Path | None = None) -> None:
    async def main() -> None:
        supervisor = Supervisor(api, lambda: models.find(model))
        task = asyncio.create_task(supervisor.run())
        try:
            await script(supervisor)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())


def heard_up_to(supervisor: Supervisor) -> int:
    assert supervisor._pool is not None
    return supervisor._pool.statistics()["ticks_waiting"]


def test_a_spoken_phrase_is_captioned_and_acted_upon_by_a_bot_whose_recogniser_was_killed_before() -> None:
    cast = casts.load("cast_a")
    voices = {1: frames_of("cast_a", "acme"), 2: frames_of("cast_a", "rex")}
    api = FakeApi(cast.rules)
    api.hello = [info(1, "acme", role="host", kind="brand"), info(2, "rex")]

    pitches = set[int]()

    def cooling(act: NewAct) -> RuleMode:
        if act.rule_id == "scam-pitch":
            pitches.add(act.start_tick)
        return "counted" if act.rule_id == "scam-pitch" and act.start_tick > min(pitches) else act.mode

    api.becomes = cooling

    async def script(supervisor: Supervisor) -> None:
        api.assigned.put_nowait([assignment("s")])
        await until(lambda: bool(api.connections) and supervisor.status().ready)
        killed = supervisor.worker_pid
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        began = time.monotonic()
        await until(lambda: supervisor.status().ready and supervisor.worker_pid != killed, 5)
        assert time.monotonic() - began < 5
        lanes = api.connections[0]
        for tick in range(max(map(len, voices.values()))):
            lanes.say(1000 + tick, *((lane, *clip[tick]) for lane, clip in voices.items() if tick < len(clip)))
            if tick % 25 == 0:
                await until(lanes.queue.empty)
                await until(lambda: heard_up_to(supervisor) < 100)  # as fast as it can hear
        await until(lambda: sum(each["final"] for each in api.captions) >= 13 and len(api.acts) >= 5)

    run(api, script)
    for lane, person in ((1, cast.host), (2, cast.troublemaker)):
        text = " ".join(each["text"] for each in api.captions if each["lane"] == lane and each["final"])
        assert word_errors(person.text.split(), text.split()).rate <= 0.06
    acts = [(each["rule_id"], each["mode"], each["action"], each["account_id"]) for each in api.acts]
    assert acts[:3] == [("scam-pitch", "enforce", each, "rex") for each in ("redact", "report", "mute")]
    again = {("scam-pitch", "enforce", "redact", "rex")}
    assert set(acts[3:]) == {("insults", "shadow", "log", "rex")} | again, "the server only counts the second pitch"
    phrase = cast.troublemaker.phrases[0]
    assert abs(api.acts[0]["end_tick"] / 50 - 20 - phrase.end) < 0.15
    ready = [each for each in api.statuses if each["ready"]]
    assert ready[-1]["model"] == "shipped-tiny"
    assert "synthetic" in ready[-1]["notice"]
    assert any(not each["ready"] and each["reason"] for each in api.statuses), "a dead worker was told"


def test_without_a_model_it_says_why_and_waits(tmp_path: Path) -> None:
    api = FakeApi()

    async def script(supervisor: Supervisor) -> None:
        api.assigned.put_nowait([assignment("s")])
        await until(lambda: bool(api.statuses))
        await asyncio.sleep(0.1)
        assert supervisor.worker_pid is None

    run(api, script, tmp_path / "missing")
    assert api.statuses[-1]["ready"] is False
    assert "does not exist" in api.statuses[-1]["reason"]
    assert api.connections == []


def test_it_follows_the_list_of_spaces_and_survives_a_server_that_goes_away() -> None:
    api = FakeApi()
    api.failures = [Unavailable("starting")]

    async def script(supervisor: Supervisor) -> None:
        api.assigned.put_nowait([assignment("a", rules_hash=None), assignment("b", rules_hash=None)])
        await until(lambda: len(api.connections) == 2)
        api.assigned.put_nowait([assignment("b", rules_hash=None)])
        await until(lambda: sum(each.closed for each in api.connections) == 1)
        assert list(supervisor._bots) == ["b"]
        api.assigned.put_nowait([assignment("a", rules_hash=None), assignment("b", rules_hash=None)])
        await until(lambda: len(api.connections) == 3)
        assert set(supervisor._bots) == {"a", "b"}

    run(api, script)


def test_a_defect_in_one_space_stops_no_other() -> None:
    api = FakeApi()

    async def script(supervisor: Supervisor) -> None:
        api.assigned.put_nowait([assignment("a", rules_hash=None), assignment("b", rules_hash=None)])
        await until(lambda: len(api.connections) == 2)
        api.connections[0].queue.put_nowait(RuntimeError("a defect"))
        await until(lambda: len(api.connections) == 3)
        assert [each.closed for each in api.connections] == [True, False, False]
        assert set(supervisor._bots) == {"a", "b"}

    run(api, script)


@pytest.mark.parametrize(("sent", "token"), [(b"spx_abc\nrest", "spx_abc"), (b"spx_abc", "spx_abc"), (b"", "")])
def test_the_token_is_the_first_line_and_nothing_behind_it_is_read(sent: bytes, token: str) -> None:
    read, write = os.pipe()
    os.write(write, sent)
    os.close(write)
    try:
        assert read_token(read) == token
    finally:
        os.close(read)


def supervisor_process() -> "subprocess.Popen[bytes]":
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    command = [sys.executable, "-m", "bots", "supervisor", "--url", url]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=HERE)


def children_of(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_the_process_ends_with_its_stdin_and_leaves_no_worker() -> None:
    with supervisor_process() as process:
        assert process.stdin is not None
        process.stdin.write(b"spx_secret\n")
        process.stdin.flush()
        limit = time.monotonic() + 10
        while not children_of(process.pid):
            assert time.monotonic() < limit
            time.sleep(0.05)
        workers = children_of(process.pid)
        _, log = process.communicate(timeout=10)
        assert process.returncode == 0
        assert b"spx_secret" not in log
        assert b"Traceback" not in log
    assert not any(os.path.exists(f"/proc/{worker}") for worker in workers)


def test_a_killed_supervisor_leaves_no_worker() -> None:
    with supervisor_process() as process:
        assert process.stdin is not None
        process.stdin.write(b"spx_secret\n")
        process.stdin.flush()
        limit = time.monotonic() + 10
        while not children_of(process.pid):
            assert time.monotonic() < limit
            time.sleep(0.05)
        workers = children_of(process.pid)
        process.kill()
        process.communicate(timeout=10)
    while any(os.path.exists(f"/proc/{worker}") for worker in workers):
        assert time.monotonic() < limit
        time.sleep(0.05)


def test_the_process_without_a_token_is_a_usage_error() -> None:
    with supervisor_process() as process:
        _, said = process.communicate(b"", timeout=10)
    assert process.returncode == 2
    assert b"first line of stdin" in said


TWICE = """schema = 1
[[rule]]
id = "said"
mode = "enforce"
when.any = [ { words = ["crypto giveaway"] } ]
confirm = true
actions = ["report", "mute"]
[[rule]]
id = "not-said"
mode = "enforce"
when.any = [ { sounds_like = ["quick the link"] } ]
confirm = true
actions = ["report", "mute"]
"""


def test_what_was_spoken_is_confirmed_by_a_second_recognition_and_what_only_sounds_like_a_rule_is_not() -> None:
    clip = frames_of("cast_a", "rex")[:450]  # ... crypto giveaway ... click the link ...
    api = FakeApi(TWICE)
    api.hello = [info(1, "rex")]

    async def script(supervisor: Supervisor) -> None:
        api.assigned.put_nowait([assignment("s")])
        await until(lambda: bool(api.connections) and supervisor.status().ready and api.rules_asked == 1)
        await until(lambda: supervisor._pool is not None and supervisor._pool._confirmer.pid is not None)
        lanes = api.connections[0]
        for tick, frame in enumerate(clip):
            lanes.say(1000 + tick, (1, *frame))
            if tick % 25 == 0:
                await until(lanes.queue.empty)
                await until(lambda: heard_up_to(supervisor) < 100)
        await until(lambda: len([each for each in api.acts if each["mode"] != "waiting"]) == 4)
        assert not supervisor._bots["s"].unanswered

    run(api, script)
    acts = {(each["rule_id"], each["action"]): each["mode"] for each in api.acts}
    assert acts == {
        ("said", "report"): "enforce",
        ("said", "mute"): "enforce",
        ("not-said", "report"): "enforce",
        ("not-said", "mute"): "unconfirmed",
    }


def test_staff_are_told_when_nobody_could_confirm_in_time() -> None:
    class Unanswered:
        tripped, unanswered = False, True

    supervisor = Supervisor(FakeApi(), models.find)
    supervisor._bots["s"] = Unanswered()  # type: ignore[assignment]  # the part that is asked
    assert "in 1 Space(s) sanctions were not taken" in (supervisor.status().notice or "")
