"""What survives faults: `python -m tests.bench.chaos --faults 20 --seed 1`. Prints a table; exits 1 when something was lost or late.

Ten writers post as fast as they are answered while one fault after another strikes the server (`faults.py`). Required, for each:
no post that was answered 201 is missing at the end; within 10 s of its end a post is taken, sound comes and the bots are there; and
`/readyz` is never wrong for longer than 5 s, against what the writers and the listener saw.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

import httpx

from tests.bench.faults import FAULTS, Victim, settable_clock, small_disk

WRITERS = 10
BACK_WITHIN = 10.0
WRONG_AT_MOST = 5.0
PAUSE = 1.0
"""Seconds between the recovery from a fault and the next one."""
PATIENCE = 2.5
"""Seconds that a writer or the check of readiness waits for an answer."""


class Server(Victim):
    """A server on ports that stay the same, with a small disk and a wall clock that can be set."""

    def __init__(self, folder: Path) -> None:
        self.data, self.clock = folder / "disk", folder / "clock"
        self.clock.write_text("0")
        self._preload = settable_clock(folder)
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._ports: tuple[str, str] | None = None
        self.url = ""
        self.starts = 0

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        if self._process is not None:
            self._process.wait()
        http, udp = self._ports or ("127.0.0.1:0", "127.0.0.1:0")
        limits = {f"SPACESCTL_LIMITS__{name}": "off" for name in ("POST", "ACCOUNT", "SIGN_IN", "JOIN")}
        room = {"SPACESCTL_DISK_WARNING_MIB": "2", "SPACESCTL_RECORDINGS_LEAVE_MIB": "1"}
        faked = {"LD_PRELOAD": str(self._preload), "WALL_CLOCK": str(self.clock)}
        with (self._folder / "serve.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*(sys.executable, "-m", "spacesctl", "serve", "--json", "--no-profile"),
                 *("--http", http, "--udp", udp, "--data", str(self.data))],
                stdout=subprocess.PIPE, stderr=log, cwd=self._folder, env=os.environ | limits | room | faked,
            )  # fmt: skip
        assert self._process.stdout is not None
        ready = json.loads(self._process.stdout.readline())
        self._process.stdout.close()
        self.url, self._ports = ready["http"], (ready["http"].removeprefix("http://"), ready["udp"])
        self.starts += 1

    def stop(self) -> int:
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(20)


class Watchers:
    """The writers, the listener and the check of readiness: what they saw, and when."""

    def __init__(self, server: Server, token: str, space: str) -> None:
        self.server, self.token, self.space = server, token, space
        self.acknowledged: set[str] = set()
        self.wrote = self.heard = self.bots = 0.0
        self.answers: dict[int, int] = defaultdict(int)
        self.wrong: dict[str, float] = {}
        self.longest_wrong = (0.0, "")
        self.over = threading.Event()
        works = [*([self._write] * WRITERS), self._listen, self._check]
        self._threads = [threading.Thread(target=work, daemon=True) for work in works]

    def __enter__(self) -> Watchers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        for thread in self._threads:
            thread.join(20)

    def back_since(self, moment: float) -> bool:
        """Whether all of it worked after this moment."""
        return min(self.wrote, self.heard, self.bots) > moment

    def _write(self) -> None:
        with self._http() as http:
            while not self.over.is_set():
                try:
                    answer = http.post("/v1/posts", json={"text": "chaos"})
                except httpx.HTTPError:
                    time.sleep(0.05)
                    continue
                self.answers[answer.status_code] += 1
                if answer.status_code == 201:
                    self.acknowledged.add(answer.json()["id"])
                    self.wrote = time.monotonic()
                time.sleep(0.05)

    def _listen(self) -> None:
        while not self.over.is_set():
            place = f"/v1/spaces/{self.space}/listen.ogg"
            with suppress(httpx.HTTPError), self._http() as http, http.stream("GET", place) as answer:
                answer.raise_for_status()
                for number, _page in enumerate(answer.iter_raw()):
                    if number >= 2:  # the first are headers
                        self.heard = time.monotonic()
                    if self.over.is_set():
                        return
            time.sleep(0.1)

    def _check(self) -> None:
        with self._http() as http:
            while not self.over.is_set():
                now, found = time.monotonic(), self._readiness(http)
                self.bots = now if found.get("bot") == "ok" else self.bots
                said, works = found.get("ready", False), now - self.wrote < 1.0 and now - self.heard < 2.0
                failed = now - self.wrote > 1.0 or now - self.heard > 2.0
                wrong = (said and failed and "ready, and it did not work") or (
                    works and not said and "not ready, and it worked"
                )
                self.wrong = {wrong: self.wrong.get(wrong, now)} if wrong else {}
                for what, since in self.wrong.items():
                    self.longest_wrong = max(self.longest_wrong, (now - since, f"{what}: {found}"))
                time.sleep(0.1)

    def _readiness(self, http: httpx.Client) -> dict[str, Any]:
        with suppress(httpx.HTTPError, ValueError):
            answer = http.get("/readyz").json()
            return {"ready": answer["ready"], **answer["checks"]}
        return {}

    def _http(self) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.Client(base_url=self.server.url, headers=headers, timeout=PATIENCE, trust_env=False)


def strike(watchers: Watchers, fault: Callable[..., Any], chance: random.Random) -> float | None:
    """Bring a fault; the seconds from its end until all works again, None when that took longer than twice what is allowed."""
    with fault(watchers.server, chance) as replaced:
        pass
    healed, since = time.monotonic(), None
    while since is None or not watchers.back_since(since):
        if time.monotonic() - healed > 2 * BACK_WITHIN:
            return None
        if since is None and replaced():
            since = time.monotonic()
        time.sleep(0.05)
    return time.monotonic() - healed


def run(folder: Path, count: int, seed: int) -> dict[str, Any]:
    """Bring so many faults upon a server."""
    chance = random.Random(seed)
    chosen = [fault for _ in range(-(-count // len(FAULTS))) for fault in chance.sample(FAULTS, len(FAULTS))][:count]
    server = Server(folder)
    server.start()
    token, space = _set_up(server)
    back: dict[str, list[float | None]] = defaultdict(list)
    with Watchers(server, token, space) as watchers:
        while not watchers.back_since(0.0):
            time.sleep(0.1)
        for number, fault in enumerate(chosen, 1):
            took = strike(watchers, fault, chance)
            back[fault.__name__].append(took)
            print(
                f"{number:3} {fault.__name__:18} back after {'never' if took is None else f'{took:.1f} s'}",
                file=sys.stderr,
            )
            time.sleep(PAUSE)
    status = server.stop()
    with closing(sqlite3.connect(server.data / "spaces.db")) as db:
        stored = {str(row[0]) for row in db.execute("SELECT id FROM posts")}
    return {
        "faults": count,
        "acknowledged": len(watchers.acknowledged),
        "lost": len(watchers.acknowledged - stored),
        "answers": dict(sorted(watchers.answers.items())),
        "back_s": {
            name: [None if one is None else round(one, 1) for one in took] for name, took in sorted(back.items())
        },
        "slowest_back_s": max((one or 99.0 for took in back.values() for one in took), default=0.0),
        "readyz_wrong_s": round(watchers.longest_wrong[0], 1),
        "readyz_wrong": watchers.longest_wrong[1],
        "stopped_with": status,
    }


def _set_up(server: Server) -> tuple[str, str]:
    """An account's token and a live Space with captions, so that the bots are needed."""
    owner = {"Authorization": f"Bearer {(server.data / 'owner.token').read_text().strip()}"}
    with httpx.Client(base_url=server.url, trust_env=False, timeout=20) as http:
        token = http.post("/v1/accounts", json={"handle": "chaos"}, headers=owner).json()["token"]
        host = {"Authorization": f"Bearer {token}"}
        space = http.post("/v1/spaces", json={"title": "Chaos", "start": True}, headers=host).json()["id"]
    return token, space


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faults", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    words = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="spacesctl-chaos-")))
        stack.enter_context(small_disk(folder / "disk"))
        found = run(folder, words.faults, words.seed)
    print(json.dumps(found, indent=2))
    bad = found["lost"] or found["slowest_back_s"] > BACK_WITHIN or found["readyz_wrong_s"] > WRONG_AT_MOST
    return int(bool(bad or found["stopped_with"] or not found["acknowledged"]))


if __name__ == "__main__":
    sys.exit(main())
