"""README.md keeps its promises: its shell blocks run as they are written, in order, with a real server."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from bots import casts
from tests.raw import Raw
from tests.running import spacesctl, wait_until

ROOT = Path(__file__).parent.parent
BLOCKS = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)


class Shell:
    """One bash that runs `script` in `folder` as a new user would: no profile, no settings. Any failing command ends it.

    Default ports may be taken on a test machine, so the server gets free ones; all else is as in the README.
    """

    def __init__(self, script: str, folder: Path) -> None:
        self.said: list[str] = []
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SPACESCTL_")}
        environment |= {
            "XDG_CONFIG_HOME": str(folder / "config-home"),
            "SPACESCTL_HTTP": "127.0.0.1:0",
            "SPACESCTL_UDP": "0.0.0.0:0",
            "SPACESCTL_LOG_LEVEL": "error",
        }
        self.process = subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", f"{script}\nkill %1\nwait %1\necho all done\n"],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = Thread(target=self._read)
        self._reader.start()

    @property
    def text(self) -> str:
        return "\n".join(self.said)

    def find(self, pattern: str) -> re.Match[str] | None:
        return re.search(pattern, self.text, re.MULTILINE)

    def close(self) -> None:
        """End whatever of it still runs."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._reader.join()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as out:
            self.said += (line.rstrip("\n") for line in out)


@contextmanager
def shell(script: str, folder: Path) -> Iterator[Shell]:
    running = Shell(script, folder)
    try:
        yield running
    finally:
        running.close()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a `.venv` in which `. .venv/bin/activate` makes `spacesctl` the one under test."""
    folder = tmp_path / "project"
    (folder / ".venv" / "bin").mkdir(parents=True)
    home = Path(sys.executable).parent
    (folder / ".venv/bin/activate").write_text(f'export PATH="{home}:$PATH"\n')
    return folder


def test_the_first_commands_are_targets_of_the_makefile() -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    named = re.findall(r"^make ([a-z]+)", BLOCKS[0], re.MULTILINE)
    assert named == ["demo", "test"]
    assert set(named) <= set(targets)


@pytest.mark.timeout(60)
@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_the_first_five_things_do_what_the_readme_says(project: Path) -> None:
    assert re.findall(r"# (\d)\.", BLOCKS[1]) == ["1", "2", "3", "4", "5"]
    with shell(BLOCKS[1], project) as told:

        def said(pattern: str, seconds: float = 20) -> re.Match[str]:
            wait_until(lambda: told.find(pattern) or told.process.poll() is not None, seconds)
            found = told.find(pattern)
            assert found, f"{pattern!r} is missing in:\n{told.text}"
            return found

        url = said(r"^spacesctl serves (http://\S+) \(sound on UDP \S+, data in data\)$")[1]
        link = said(rf"^{url}/s/[A-Za-z0-9]+$")[0]
        said(r"^@acme +host ")
        assert len(re.findall(r"^spx_\S+$", told.text, re.MULTILINE)) == 1, "@acme's token is shown"
        with Raw(url, (project / "data/owner.token").read_text().strip()) as owner:
            acme, ann = (
                owner.post(f"/v1/accounts/{one}/tokens", {"label": "test"})["token"] for one in ("@acme", "@ann")
            )
            assert owner.get("/v1/accounts/@acme")["kind"] == "brand"
        with Raw(url, ann) as listener:
            _about_the_token, message = listener.get("/v1/dms")["data"]
            assert message["space_id"] == link.rsplit("/", 1)[-1]
        speech = ["--file", str(casts.load("cast_a").host.clip), "--consent"]
        speaking = subprocess.Popen(
            spacesctl("speak", link, *speech),
            env={**os.environ, "SPACESCTL_URL": url, "SPACESCTL_TOKEN": acme},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            said(r"^\d\d:\d\d  @acme  \w+", 40)
            with Raw(url, acme) as host:
                host.post(f"/v1/spaces/{link.rsplit('/', 1)[-1]}/end")
        finally:
            speaking.terminate()
            speaking.wait()
        said(r"^all done$")
        assert told.process.wait(10) == 0, told.text
