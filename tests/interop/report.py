"""Which client was proved to do what, as the run itself found: tests are marked `interop(client, *ways)`, `--interop-report FILE`
writes their outcomes, and docs/interop.py makes the page of them.

Runs with the same file add to it, so that a suite may be run in parts.
"""

from __future__ import annotations

import importlib.metadata
import json
import re
import subprocess
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Final, cast

import pytest

OPTION: Final = "--interop-report"
NUMBER: Final = re.compile(r"(?<![\w.-])\d+(?:\.\d+)+")


def _told(*command: str) -> str:
    """The first version number in what a program says about itself."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = NUMBER.search(done.stdout + done.stderr)
    return found[0] if found else "unknown"


def _packaged(name: str) -> str:
    """Debian's version of a program that tells none itself."""
    command = ["dpkg-query", "--show", "--showformat=${Version}", name]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout or "unknown"


VERSIONS: Final[dict[str, Callable[[], str]]] = {
    "Chromium": partial(_told, "chromium", "--version"),
    "GStreamer webrtcbin": partial(_told, "gst-launch-1.0", "--version"),
    "FFmpeg in PyAV": partial(importlib.metadata.version, "av"),
    "aiortc": partial(importlib.metadata.version, "aiortc"),
    "coturn": partial(_told, "turnserver", "--version"),
    "ffmpeg": partial(_told, "ffmpeg", "-version"),
    "mpv": partial(_told, "mpv", "--version"),
    "simple-whip-client": partial(_packaged, "simple-whip-client"),
}


@cache
def version(client: str) -> str:
    """Of a client that is installed here; empty for one that is known by its offer alone."""
    return VERSIONS[client]() if client in VERSIONS else ""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(OPTION, metavar="FILE", help="write which client was proved to do what, as JSON")


def pytest_configure(config: pytest.Config) -> None:
    path = config.getoption(OPTION)
    if path and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Collector(Path(config.invocation_params.dir, path)))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """What the report of a marked test will carry, also from a worker to whoever collects."""
    if not item.config.getoption(OPTION):
        return
    for mark in item.iter_markers("interop"):
        client, *ways = mark.args
        item.user_properties += [
            ("interop", {"client": client, "version": version(client), "way": way}) for way in ways
        ]


class Collector:
    """Gathers outcomes, and adds them to the file at the end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._found: dict[tuple[str, str, str], dict[str, str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "call" and report.passed:
            return
        for name, told in report.user_properties:
            if name == "interop":
                row = {**cast(dict[str, str], told), "test": report.nodeid, "outcome": report.outcome}
                self._found[_key(row)] = row

    def pytest_sessionfinish(self) -> None:
        rows = {_key(row): row for row in self._before()} | self._found
        self._path.write_text(json.dumps([rows[key] for key in sorted(rows)], indent=1) + "\n")

    def _before(self) -> list[dict[str, str]]:
        text = self._path.read_text() if self._path.exists() else ""
        return cast(list[dict[str, str]], json.loads(text)) if text else []


def _key(row: dict[str, str]) -> tuple[str, str, str]:
    return row["client"], row["way"], row["test"]
