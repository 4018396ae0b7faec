"""What the probe looks at on this machine, and how it says that something is missing or stands still."""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from spacesctl.audio.opus import Pcm
from spacesctl.domain.errors import Refused, Unavailable
from spacesctl.probe import machine, quality, server_process
from spacesctl.probe.children import ends_with_parent
from spacesctl.probe.server_process import Server
from spacesctl.rtc import sealing
from tests.listening import voice
from tests.running import wait_until


def test_the_cpu_time_of_a_process_grows_with_its_work_and_not_with_time() -> None:
    before = machine.cpu_seconds(os.getpid())
    end = time.process_time() + 0.05
    while time.process_time() < end:
        pass
    assert 0.04 < machine.cpu_seconds(os.getpid()) - before < 1.0
    with subprocess.Popen(["sleep", "20"]) as process:
        asleep = machine.cpu_seconds(process.pid)
        time.sleep(0.02)
        assert machine.cpu_seconds(process.pid) - asleep < 0.02
        process.kill()
    with pytest.raises(FileNotFoundError):
        machine.cpu_seconds(process.pid)


def test_memory_files_and_children_of_a_process_are_counted(tmp_path: Path) -> None:
    mine = os.getpid()
    files = machine.descriptors(mine)
    with (tmp_path / "file").open("w"):
        assert machine.descriptors(mine) == files + 1
    assert machine.memory_bytes(mine) > 10 << 20
    with subprocess.Popen(["sleep", "20"]) as process:
        try:
            wait_until(lambda: machine.children(mine).get(process.pid, "").split() == ["sleep", "20"])
        finally:
            process.kill()
    assert process.pid not in machine.children(mine)


def test_a_thread_that_ended_meanwhile_counts_as_nothing(tmp_path: Path) -> None:
    assert machine._ran(tmp_path) == 0
    (tmp_path / "schedstat").write_text("ended")
    assert machine._ran(tmp_path) == 0
    (tmp_path / "schedstat").write_text("1500 20 3\n")
    assert machine._ran(tmp_path) == 1500


def test_a_machine_with_one_core_is_not_divided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_allowed", lambda: [3])
    monkeypatch.setattr(os, "sched_setaffinity", lambda *_: pytest.fail("it was bound"))
    assert machine.cores() == ({3}, {3})
    machine.pin_self({3})


def test_the_limit_of_files_is_raised_as_far_as_it_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    limits: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (100, 1000))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limit: limits.append(limit))
    machine.need_descriptors(30)
    assert limits == [], "they are enough"
    machine.need_descriptors(900)
    assert limits == [(964, 1000)]
    with pytest.raises(Refused, match="need 1014 open files, and only 1000"):
        machine.need_descriptors(950)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (100, resource.RLIM_INFINITY))
    machine.need_descriptors(950)
    assert limits[-1] == (1014, resource.RLIM_INFINITY)


@pytest.mark.parametrize("exists", [True, False])
def test_benches_run_where_proc_tells_what_they_need(monkeypatch: pytest.MonkeyPatch, exists: bool) -> None:
    monkeypatch.setattr(Path, "exists", lambda _: exists)
    if exists:
        machine.need_linux()
        return
    with pytest.raises(Refused, match="Linux only"):
        machine.need_linux()


@pytest.mark.parametrize(
    ("info", "compiled", "cpu", "told"),
    [
        ("processor: 0\nmodel name\t: A Fast One\nmodel name\t: A Fast One\n", True, "A Fast One", "compiled"),
        ("processor: 0\n", False, "arm-like", "cryptography"),
    ],
)
def test_a_machine_is_described_also_where_its_processor_has_no_name(
    monkeypatch: pytest.MonkeyPatch, info: str, compiled: bool, cpu: str, told: str
) -> None:
    monkeypatch.setattr(Path, "read_text", lambda _: info)
    monkeypatch.setattr(platform, "processor", lambda: "arm-like")
    monkeypatch.setattr(sealing, "COMPILED", compiled)
    here = machine.described()
    assert (here.cpu, here.sealing, here.cores) == (cpu, told, os.cpu_count())


def test_the_jitter_probe_answers_each_line_and_ends_with_its_input() -> None:
    command = [sys.executable, "-m", "spacesctl.probe.jitter_probe"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        counts = []
        for _ in range(2):
            time.sleep(0.1)
            process.stdin.write("\n")
            process.stdin.flush()
            counts.append(process.stdout.readline())
        process.stdin.close()
        assert process.wait(10) == 0
    assert all(line.startswith('{"ticks": ') for line in counts)
    assert int(counts[1].split()[1].rstrip(",")) >= 2, "since the line before"


def test_pesq_is_asked_for_both_sounds_at_16_khz(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int, int, str]] = []

    def score(rate: int, said: Pcm, heard: Pcm, band: str) -> float:
        asked.append((rate, len(said), len(heard), band))
        return 4.5

    monkeypatch.setitem(sys.modules, "pesq", SimpleNamespace(pesq=score, __spec__=object()))
    assert quality.why_no_pesq() is None
    sound = voice(1, 1.0)
    assert quality.pesq(sound, sound) == 4.5
    assert asked == [(16_000, 16_000, 16_000, "wb")]


def test_a_part_outside_of_a_sound_is_silence() -> None:
    sound = np.arange(1, 11, dtype=np.int16)
    assert quality.cut(sound, 8, 4).tolist() == [9, 10, 0, 0]
    assert quality.cut(sound, -2, 4).tolist() == [0, 0, 1, 2]
    assert not quality.cut(sound, 50, 4).any()
    assert quality.correlation(sound, np.zeros(10, np.int16)) == 0.0


@pytest.mark.parametrize(
    ("log", "told"),
    [("first\nthe port is taken\n", "did not start: the port is taken"), ("", "did not start"), ("x" * 999, "x" * 300)],
)
def test_a_server_that_is_gone_is_told_with_its_last_line(tmp_path: Path, log: str, told: str) -> None:
    (tmp_path / "serve.log").write_text(log)
    server = Server(None, tmp_path)  # type: ignore[arg-type]  # no process is asked for
    gone = server.gone("did not start")
    assert isinstance(gone, Unavailable)
    assert str(gone).endswith(told)


def test_a_server_that_does_not_end_when_asked_is_killed_with_its_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_process, "STOP_WITHIN", 0.1)
    program = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-S", "-c", program], stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    server_process._stop(process)
    assert process.returncode == -9
    assert process.stdout.closed


def test_elsewhere_than_on_linux_a_child_is_not_bound_to_its_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert ends_with_parent() is None
