"""A day in ten minutes: is anything lost, stuck or leaking?

python tests/bench/day.py [--minutes 10] [--spaces 50] [--accounts 200] [--kills 10] [--json]

50 series open a Space every second minute and end it a minute later (a day's worth of openings), while 200 accounts write
messages, posts and follows, raise hands and react, as fast as the server answers. In the first third the server is killed (SIGKILL)
at random moments and started again at once; then it is left alone and its memory, files and tasks are watched. Every write
that was answered must be in the store exactly once, every opening must have happened or be recorded as missed, and nothing may be stuck.
Exits 1 when something is not as it must be.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import re
import signal
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import httpx
import numpy as np
import psutil

from spacesctl.domain.clock import parse_rfc3339
from spacesctl.domain.recurrence import occurrences
from tests.running import RunningServer, unlimited

DURATION = 60
"""Seconds that each Space lasts: the shortest there is."""
CLIENTS = 16
"""Writers at once."""
PAUSE = 0.05
"""Seconds between two writes of one writer: some 200 a second in all."""
WARM_UP = 100.0
"""Seconds after the last start before memory is watched: caches fill."""
SAMPLE = 2.0
RESTING_ACTORS = 250
"""Spaces made and called off at the start of the warm-up, so that the actors that a server keeps at rest are all there."""
LATEST = 15.0
"""Seconds by which an end may be late on a busy machine before a Space counts as stuck."""
MOST_GROWTH = 1.0
"""MiB an hour."""


@dataclass
class Ledger:
    """What the server said it has done."""

    dms: Counter[str] = field(default_factory=Counter)
    posts: Counter[str] = field(default_factory=Counter)
    follows: set[tuple[str, str]] = field(default_factory=set)
    answered: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)


class Day:
    def __init__(self, args: argparse.Namespace, folder: Path) -> None:
        self.args = args
        self.data = folder / "data"
        self.flags = (*unlimited(folder), "--no-bots")
        self.server = RunningServer(self.data, *self.flags)
        self.http, self.udp = self.server.http, self.server.udp
        self.ledger = Ledger()
        self.tokens: list[str] = []
        self.ids: list[str] = []
        self.serial = 0
        self.starts: list[float] = [time.time()]
        self.killed: list[float] = []
        self.samples: dict[str, list[tuple[float, float, int]]] = {}
        self.tasks: list[int] = []
        self.random = random.Random(7)

    # -- the stage

    def people(self) -> None:
        for number in range(self.args.accounts):
            made = self.server.account(f"p{number}")
            self.tokens.append(made["token"])
            self.ids.append(made["id"])

    def series(self) -> None:
        for number in range(self.args.spaces):
            cron = f"{number % 2}-59/2 * * * *"
            with self.server.client(self.tokens[number]) as api:
                body = {
                    "title": f"Series {number}",
                    "cron": cron,
                    "tz": "UTC",
                    "duration": DURATION,
                    "speakers": "everyone",
                }
                api.post("/v1/series", {**body, "invite": [f"@p{number + 1}"]})

    # -- writing

    async def write(self, until: float) -> None:
        async with httpx.AsyncClient(base_url=f"http://{self.http}", timeout=5) as http:
            while time.time() < until:
                await self._one(http)
                await asyncio.sleep(PAUSE)

    async def _one(self, http: httpx.AsyncClient) -> None:
        me, other = self.random.sample(range(self.args.accounts), 2)
        kind = self.random.choices(["dm", "post", "follow", "hand", "react"], [4, 2, 2, 2, 4])[0]
        self.serial += 1
        text = f"{kind} {self.serial}"
        match kind:
            case "dm":
                await self._sure(http, me, "POST", "/v1/dms", {"to": f"@p{other}", "text": text})
                self.ledger.dms[text] += 1
            case "post":
                await self._sure(http, me, "POST", "/v1/posts", {"text": text})
                self.ledger.posts[text] += 1
            case "follow":
                await self._sure(http, me, "PUT", f"/v1/accounts/me/following/@p{other}")
                self.ledger.follows.add((self.ids[me], self.ids[other]))
            case _:
                live = await self._sure(http, me, "GET", "/v1/spaces?state=live")
                if live["data"]:
                    where = f"/v1/spaces/{self.random.choice(live['data'])['id']}"
                    what, body = ("requests", None) if kind == "hand" else ("reactions", {"reaction": "clap"})
                    await self._sure(http, me, "POST", f"{where}/{what}", body)

    async def _sure(self, http: httpx.AsyncClient, me: int, method: str, path: str, body: Any = None) -> Any:
        """Until it is answered, over kills: the same idempotency key makes it once."""
        headers = {"Authorization": f"Bearer {self.tokens[me]}", "Idempotency-Key": f"k{self.serial}"}
        while True:
            try:
                answer = await http.request(method, path, json=body, headers=headers)
            except httpx.TransportError:
                await asyncio.sleep(0.05)
                continue
            if answer.status_code < 400:
                self.ledger.answered[f"{method} {answer.status_code}"] += 1
                return answer.json() if answer.content else None
            problem = answer.json()
            if answer.status_code >= 500 and problem["code"] != "unavailable":
                raise AssertionError(f"{method} {path}: {problem}")
            if answer.status_code in (409, 410):  # the Space has just ended: that is an answer too
                self.ledger.refused[problem.get("reason") or problem["code"]] += 1
                return {"data": []}
            if answer.status_code != 503:
                raise AssertionError(f"{method} {path}: {problem}")
            await asyncio.sleep(0.05)

    # -- killing

    async def kill(self, until: float) -> None:
        gap = (until - time.time()) / self.args.kills
        for _ in range(self.args.kills):
            await asyncio.sleep(gap * self.random.uniform(0.5, 1.0))
            self.server.process.send_signal(signal.SIGKILL)
            self.server.process.wait()
            self.killed.append(time.time())
            await asyncio.to_thread(self.restart)
            await asyncio.sleep(max(0.0, self.killed[-1] + gap * 0.5 - time.time()))

    def restart(self) -> None:
        if self.server.process.stdout is not None:
            self.server.process.stdout.close()
        for _ in range(50):  # its port is free once the kernel has seen the orphans go
            with contextlib.suppress(AssertionError):
                self.server = RunningServer(self.data, *self.flags, http=self.http, udp=self.udp)
                self.starts.append(time.time())
                return
            time.sleep(0.1)
        raise AssertionError("the server did not come back")

    # -- watching

    async def warm_up(self) -> None:
        with self.server.client(self.tokens[-1]) as api:
            for number in range(RESTING_ACTORS):
                made = await asyncio.to_thread(api.post, "/v1/spaces", {"title": f"Rest {number}"})
                await asyncio.to_thread(api.post, f"/v1/spaces/{made['id']}/cancel")

    async def watch(self, until: float) -> None:
        await self.warm_up()
        await asyncio.sleep(max(0.0, self.starts[-1] + WARM_UP - time.time()))
        control = psutil.Process(self.server.process.pid)
        watched = {"control": control, "engine": _engine_of(control)}
        while time.time() < until:
            for name, process in watched.items():
                memory = process.memory_full_info().uss / (1 << 20)
                self.samples.setdefault(name, []).append((time.time(), memory, process.num_fds()))
            page = await asyncio.to_thread(lambda: httpx.get(f"http://{self.http}/metrics", timeout=5).text)
            self.tasks.append(int(re.findall(r"^spacesctl_tasks (\d+)", page, re.MULTILINE)[0]))
            await asyncio.sleep(SAMPLE)

    # -- the whole

    async def run(self) -> dict[str, Any]:
        self.people()
        self.series()
        began = time.time()
        end, calm = began + self.args.minutes * 60, began + self.args.minutes * 20
        writers = [asyncio.create_task(self.write(end)) for _ in range(CLIENTS)]
        await self.kill(calm)
        await self.watch(end)
        await asyncio.gather(*writers)
        await asyncio.sleep(1.0)
        self.server.stop(signal.SIGTERM)
        return self.report(began, time.time())

    # -- what the store holds

    def report(self, began: float, ended: float) -> dict[str, Any]:
        db = sqlite3.connect(self.data / "spaces.db")
        kept = {
            "dms": Counter(text for (text,) in db.execute("SELECT text FROM dms WHERE text LIKE 'dm %'")),
            "posts": Counter(text for (text,) in db.execute("SELECT text FROM posts")),
        }
        follows = set(db.execute("SELECT follower_id, followed_id FROM follows"))
        spaces = [json.loads(doc) for (doc,) in db.execute("SELECT doc FROM spaces")]
        series = [json.loads(doc) for (doc,) in db.execute("SELECT doc FROM series")]
        db.close()
        led = self.ledger
        lost = sum((led.dms - kept["dms"]).values()) + sum((led.posts - kept["posts"]).values())
        writes = {"dms": len(led.dms), "posts": len(led.posts), "follows": len(led.follows)}
        return {
            "minutes": self.args.minutes,
            "kills": len(self.killed),
            "writes": {"answered": sum(led.answered.values()), **writes},
            "lost": lost + len(led.follows - follows),
            "twice": sum(1 for counted in kept.values() for n in counted.values() if n > 1),
            **self._openings(spaces, series, began, ended),
            "memory": {name: _slope(rows) for name, rows in self.samples.items()},
            "fds": {name: _range([row[2] for row in rows]) for name, rows in self.samples.items()},
            "tasks": _range(self.tasks),
            "refused": dict(led.refused),
        }

    def _openings(
        self, spaces: list[dict[str, Any]], series: list[dict[str, Any]], began: float, ended: float
    ) -> dict[str, Any]:
        by_series: dict[str, list[dict[str, Any]]] = {}
        for space in spaces:
            if space.get("series_id"):
                by_series.setdefault(space["series_id"], []).append(space)
        due = opened = unaccounted = coming_wrong = 0
        late: list[float] = []
        stuck = [s["id"] for s in spaces if s["state"] == "live" and _when(s["started_at"]) + DURATION + LATEST < ended]
        for one in series:
            mine = {_when(s["scheduled_start"]): s for s in by_series.get(one["id"], [])}
            coming = [s for s in mine.values() if s["state"] == "scheduled"]
            coming_wrong += len(coming) != 1
            for at in _expected(one, began, ended):
                due += 1
                opening = mine.get(at)
                if opening is None or opening["state"] == "scheduled":
                    unaccounted += 1
                elif opening["started_at"] is not None:
                    opened += 1
                    late.append(_when(opening["started_at"]) - at)
        return {
            "openings": {"due": due, "opened": opened, "unaccounted": unaccounted},
            "opened_late_s": {"p50": round(float(np.median(late)), 2), "max": round(max(late), 2)} if late else {},
            "stuck": len(stuck),
            "series_without_one_coming": coming_wrong,
        }


def _expected(series: dict[str, Any], began: float, ended: float) -> list[float]:
    found: list[float] = []
    for at in occurrences(series["cron"], series["tz"], parse_rfc3339(series["created_at"])):
        if at.timestamp() > ended - LATEST:
            return found
        if at.timestamp() > began + LATEST:
            found.append(at.timestamp())
    return found


def _when(text: str) -> float:
    return parse_rfc3339(text).timestamp()


def _engine_of(control: psutil.Process) -> psutil.Process:
    return next(child for child in control.children() if "spacesctl.engine" in " ".join(child.cmdline()))


def _range(values: list[int]) -> list[int]:
    return [min(values), max(values)] if values else []


def _slope(rows: list[tuple[float, float, int]]) -> dict[str, float]:
    """MiB and MiB an hour; the slope is of the smallest of each 20 s, since what is free again a moment later is no leak.
    `at_least` is what the slope is with 97 % certainty: a few minutes of a busy process tell no small slope from none."""
    at, memory = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    bins = ((at - at[0]) // 20).astype(int)
    floor = np.array([memory[bins == one].min() for one in np.unique(bins)])
    slope, error = _fit(np.arange(len(floor)) * 20 / 3600, floor) if len(floor) > 3 else (0.0, 0.0)
    return {
        "at_least": round(slope - 2 * error, 2),
        "mib": round(float(memory[-1]), 1),
        "mib_per_hour": round(float(slope), 2),
        "seconds": round(float(at[-1] - at[0])),
    }


def _fit(hours: np.ndarray, memory: np.ndarray) -> tuple[float, float]:
    """The slope of a line, and its standard error."""
    (slope, _), covariance = np.polyfit(hours, memory, 1, cov=True)
    return float(slope), float(np.sqrt(covariance[0, 0]))


def problems(report: dict[str, Any]) -> list[str]:
    found = [name for name in ("lost", "twice", "stuck", "series_without_one_coming") if report[name]]
    found += ["openings"] if report["openings"]["unaccounted"] else []
    found += [f"memory of {name}" for name, slope in report["memory"].items() if slope["at_least"] > MOST_GROWTH]
    found += [f"fds of {name}" for name, (least, most) in report["fds"].items() if most > least + 2 * CLIENTS]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--spaces", type=int, default=50)
    parser.add_argument("--accounts", type=int, default=200)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="spacesctl-day-") as folder:
        day = Day(args, Path(folder))
        try:
            report = asyncio.run(day.run())
        finally:
            with contextlib.suppress(ProcessLookupError):
                day.server.process.kill()
            day.server.process.wait()
    wrong = problems(report)
    print(json.dumps(report) if args.json else json.dumps(report, indent=2))
    if wrong:
        sys.exit(f"not as it must be: {', '.join(wrong)}")


if __name__ == "__main__":
    main()
