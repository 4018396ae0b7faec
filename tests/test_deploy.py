"""The files of `deploy/` name things that are there. (The proxies' snippets are run in tests/e2e/test_proxy.py.)"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from spacesctl.server.process.http_server import MOST_FILES
from tests.running import running_server, spacesctl

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
UNIT = DEPLOY / "spacesctl.service"
CONTAINER = (DEPLOY / "Containerfile").read_text()
needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


@needs_systemd
@pytest.mark.slow
def test_systemd_takes_the_unit_as_it_is(tmp_path: Path) -> None:
    unit = tmp_path / "spacesctl.service"
    unit.write_text(UNIT.read_text().replace("/opt/spacesctl/.venv/bin/spacesctl", "/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@needs_systemd
@pytest.mark.slow
def test_systemd_finds_the_unit_little_exposed() -> None:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=15", str(UNIT)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-200:]


def commands() -> dict[str, list[str]]:
    [start] = re.findall(r"^ExecStart=\S+ (.*)$", UNIT.read_text(), re.MULTILINE)
    [entry] = re.findall(r"^ENTRYPOINT (.*)$", CONTAINER, re.MULTILINE)
    [more] = re.findall(r"^CMD (.*)$", CONTAINER, re.MULTILINE)
    return {"unit": start.split(), "container": [*json.loads(entry)[1:], *json.loads(more)]}


def test_the_unit_allows_as_many_descriptors_as_the_server_uses() -> None:
    [allowed] = re.findall(r"^LimitNOFILE=(\d+)$", UNIT.read_text(), re.MULTILINE)
    assert int(allowed) >= MOST_FILES


@pytest.mark.parametrize("which", ["unit", "container"])
def test_the_commands_have_flags_that_serve_knows(which: str) -> None:
    words = commands()[which]
    done = subprocess.run([*spacesctl(*words), "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    for flag in (word for word in words if word.startswith("--")):
        assert flag in done.stdout or flag.startswith("--no-"), flag


def test_the_container_copies_what_is_there_and_runs_as_nobody_in_particular() -> None:
    for sources in re.findall(r"^COPY (?!--from)(.*)$", CONTAINER, re.MULTILINE):
        assert [one for one in sources.split()[:-1] if not (ROOT / one).exists()] == []
    assert "USER 1001:0" in CONTAINER
    assert "HEALTHCHECK" in CONTAINER


def test_its_health_check_tells_a_ready_server_from_none(tmp_path: Path) -> None:
    [check] = re.findall(r"HEALTHCHECK.*?CMD (\[.*?\])\n", CONTAINER, re.DOTALL)
    _, *words = json.loads(check)

    def healthy(place: str) -> bool:
        placed = [word.replace("127.0.0.1:8420", place) for word in words]
        return subprocess.run([sys.executable, *placed], capture_output=True, check=False).returncode == 0

    with running_server(tmp_path / "data", "--no-bots") as server:
        assert healthy(server.http)
        server.stop()
        assert not healthy(server.http)
