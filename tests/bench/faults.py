"""Faults that are brought upon a running server: kills, stops, a full disk, a locked database, no descriptors, a clock that is set.

Each is a context manager; leaving it ends the fault. What it yields tells whether the server has noticed it and replaced what died of
it. All of it concerns this server alone.
"""

from __future__ import annotations

import os
import random
import resource
import signal
import sqlite3
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import psutil

CHILDREN: Final = {"engine": "spacesctl.engine", "bots": "supervisor", "recogniser": "bots.hearing"}
"""A word of each child's command line."""
DISK_MIB: Final = 48
Replaced = Callable[[], bool]


class Victim(ABC):
    """The server as faults see it: its process at present, its data folder, and the file that sets its clock."""

    data: Path
    clock: Path

    @property
    @abstractmethod
    def pid(self) -> int:
        """The process of the server."""

    @abstractmethod
    def start(self) -> None:
        """Start it again, as a service manager does."""

    def child(self, name: str) -> psutil.Process | None:
        """One of its children, if it runs."""
        with suppress(psutil.Error):
            for one in psutil.Process(self.pid).children(recursive=True):
                with suppress(psutil.Error):
                    if CHILDREN[name] in one.cmdline():
                        return one
        return None


@contextmanager
def kill_server(victim: Victim, _chance: random.Random) -> Iterator[Replaced]:
    """kill -9 of the server alone: its children end by themselves. It is started again at once."""
    os.kill(victim.pid, signal.SIGKILL)
    yield lambda: True
    victim.start()


@contextmanager
def kill_child(victim: Victim, chance: random.Random) -> Iterator[Replaced]:
    """kill -9 of the engine, the bots or the recogniser."""
    yield _send(victim, chance.choice(sorted(CHILDREN)), signal.SIGKILL)


@contextmanager
def stop_child(victim: Victim, chance: random.Random) -> Iterator[Replaced]:
    """SIGSTOP: it is there, and does nothing. Nobody continues it."""
    yield _send(victim, chance.choice(sorted(CHILDREN)), signal.SIGSTOP)


@contextmanager
def fill_disk(victim: Victim, chance: random.Random) -> Iterator[Replaced]:
    """No file of the server can grow, and half the time the engine dies meanwhile."""
    with _full(victim.data) if victim.data.is_mount() else _no_growth(victim.pid):
        replaced = _perhaps_kill_engine(victim, chance)
        time.sleep(chance.uniform(1, 4))
        yield replaced


@contextmanager
def _full(disk: Path) -> Iterator[None]:
    """Not a byte is left on this small disk."""
    filler = disk / "filler"
    try:
        with suppress(OSError), filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        yield
    finally:
        filler.unlink(missing_ok=True)


@contextmanager
def _no_growth(pid: int) -> Iterator[None]:
    """Every write that makes a file longer fails, in this process and its new children."""
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, before[1]))
    try:
        yield
    finally:
        for one in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
            with suppress(ProcessLookupError):
                resource.prlimit(one.pid, resource.RLIMIT_FSIZE, before)


@contextmanager
def lock_database(victim: Victim, chance: random.Random) -> Iterator[Replaced]:
    """Another program writes and does not end; half the time the engine dies meanwhile."""
    other = sqlite3.connect(victim.data / "spaces.db", timeout=5, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        replaced = _perhaps_kill_engine(victim, chance)
        time.sleep(chance.uniform(3, 8))
        yield replaced
    finally:
        other.close()


@contextmanager
def take_descriptors(victim: Victim, chance: random.Random) -> Iterator[Replaced]:
    """The server may open no further file, and a child dies meanwhile."""
    before = resource.prlimit(victim.pid, resource.RLIMIT_NOFILE)
    used = len(os.listdir(f"/proc/{victim.pid}/fd"))
    resource.prlimit(victim.pid, resource.RLIMIT_NOFILE, (used, before[1]))
    try:
        replaced = _send(victim, chance.choice(("engine", "bots")), signal.SIGKILL)
        time.sleep(chance.uniform(2, 5))
        yield replaced
    finally:
        resource.prlimit(victim.pid, resource.RLIMIT_NOFILE, before)


@contextmanager
def set_clock(victim: Victim, chance: random.Random) -> Iterator[Replaced]:
    """The wall clock of the server's processes is set, by an hour at most, ahead or back."""
    victim.clock.write_text(str(chance.choice((-3600, -90, 90, 3600))))
    time.sleep(chance.uniform(1, 2))
    yield lambda: True


FAULTS: Final = (kill_server, kill_child, stop_child, fill_disk, lock_database, take_descriptors, set_clock)


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """A disk of `DISK_MIB` at this folder; a folder like any other where this user may mount none."""
    folder.mkdir()
    size = f"size={DISK_MIB}m"
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", folder], capture_output=True, check=False)
    try:
        yield
    finally:
        if not mounted.returncode:
            subprocess.run(["umount", "-l", str(folder)], check=False)


def settable_clock(folder: Path) -> Path:
    """The library that a process preloads to have a wall clock of its own. Raises CalledProcessError."""
    library = folder / "wall_clock.so"
    source = Path(__file__).with_name("wall_clock.c")
    subprocess.run(["gcc", "-shared", "-fPIC", "-O2", "-o", library, source, "-ldl"], check=True)
    return library


def _send(victim: Victim, name: str, number: int) -> Replaced:
    """Send a child a signal. Returns what tells whether another one runs in its place."""
    child = victim.child(name)
    if child is not None:
        with suppress(psutil.Error):
            child.send_signal(number)

    def replaced() -> bool:
        found = victim.child(name)
        return found is not None and (child is None or found.pid != child.pid)

    return replaced


def _perhaps_kill_engine(victim: Victim, chance: random.Random) -> Replaced:
    return _send(victim, "engine", signal.SIGKILL) if chance.random() < 0.5 else lambda: True
