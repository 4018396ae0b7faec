"""`make install PREFIX=...`, as an operator types it: a command, a unit that systemd accepts, completion that shells find."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed"),
]


def sources(folder: Path) -> Path:
    """A copy of what is committed and changed: pip builds in the folder."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    packed = folder / "sources.tar"
    with tarfile.open(packed, "w") as tar:
        for name in listed.stdout.splitlines():
            if (ROOT / name).exists():
                tar.add(ROOT / name, name)
    with tarfile.open(packed) as tar:
        tar.extractall(folder / "sources", filter="data")
    return folder / "sources"


def test_an_operator_installs_it_and_everything_is_where_it_is_looked_for(tmp_path: Path) -> None:
    prefix, home = tmp_path / "opt", tmp_path / "home"
    env = {
        **os.environ,
        "HOME": str(home),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_CONFIG_HOME": str(home / "config"),
    }
    command = ["make", "install", f"PREFIX={prefix}"]
    done = subprocess.run(command, cwd=sources(tmp_path), env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = subprocess.run([prefix / "bin/spacesctl", "--version"], capture_output=True, text=True, check=True)
    assert told.stdout.startswith("spacesctl ")
    unit = prefix / "lib/systemd/system/spacesctl.service"
    [start] = [line for line in unit.read_text().splitlines() if line.startswith("ExecStart=")]
    assert Path(start.removeprefix("ExecStart=").split()[0]) == prefix / "venv/bin/spacesctl"
    checked = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    assert str(unit.name) not in checked.stderr, checked.stderr
    assert (prefix / "share/spacesctl/config.example.toml").exists()
    for script in (
        prefix / "share/bash-completion/completions/spacesctl",
        home / "data/bash-completion/completions/spacesctl",
    ):
        loaded = subprocess.run(
            ["bash", "-c", f"source {script} && complete -p spacesctl"], capture_output=True, text=True, check=True
        )
        assert "_spacesctl_completion" in loaded.stdout
