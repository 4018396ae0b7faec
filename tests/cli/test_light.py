"""What costs every command: imports, and a broken configuration that nobody asked for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import spacesctl

HEAVY = ("av", "vosk", "fastapi", "sqlalchemy", "numpy", "cryptography", "uvicorn", "aiortc", "re2", "OpenSSL")
_PROBE = """
import json, sys
sys.argv = ["spacesctl", *json.loads(sys.argv[1])]
try:
    from spacesctl.cli import main
    main()
except SystemExit:
    pass
print("\\n" + json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["create", "--help"],
        ["demo", "--help"],
        ["serve", "--help"],
        ["list"],
        ["kick", "AAAAAAAAAAAAA", "@ann"],
        ["captions", "AAAAAAAAAAAAA"],
        ["people", "AAAAAAAAAAAAA"],
        ["post", "hello"],
        ["profile"],
        ["calendar", "@ann"],
    ],
)
def test_a_plain_command_imports_nothing_heavy(words: list[str], tmp_path: Path) -> None:
    env = {
        **os.environ,
        "SPACESCTL_URL": "http://127.0.0.1:9",
        "SPACESCTL_TOKEN": "spx_x",
        "XDG_CONFIG_HOME": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-c", _PROBE, json.dumps(words)],
        env=env,
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert "typer" in loaded
    assert loaded.isdisjoint(HEAVY), sorted(loaded & set(HEAVY))


def test_help_works_with_a_broken_profile_and_a_broken_config(tmp_path: Path) -> None:
    home = tmp_path / "home" / "spacesctl"
    home.mkdir(parents=True)
    (home / "profile.toml").write_text("this is = = not toml")
    (tmp_path / "config.toml").write_text("neither ] is this")
    env = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path / "home")}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*spacesctl(*words)], env=env, cwd=tmp_path, capture_output=True, text=True, timeout=20, check=False
        )

    assert run("--help").returncode == 0
    assert run("serve", "--help").returncode == 0
    broken = run("list")
    assert broken.returncode == 2
    assert "profile.toml" in broken.stderr
    assert broken.stderr.count("\n") == 1
    served = run("serve")
    assert served.returncode == 2
    assert "config.toml" in served.stderr
