"""`doctor` and `config show`, run as somebody would."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.running import running_server, spacesctl


def run(home: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SPACESCTL_")}
    return subprocess.run(
        spacesctl(*words), cwd=home, env={**kept, "XDG_CONFIG_HOME": str(home), **env},
        capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip


def findings(done: subprocess.CompletedProcess[str]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for one in json.loads(done.stdout):
        found.setdefault(one["name"], []).append(one)
    return found


@pytest.mark.slow
def test_a_running_server_is_asked_and_its_port_for_sound_answers_this_process_both_ways(tmp_path: Path) -> None:
    with running_server(tmp_path / "data", "--no-bots", udp="127.0.0.1:0") as server:
        env = {"SPACESCTL_URL": server.url, "SPACESCTL_TOKEN": server.owner_token}
        done = run(tmp_path, "doctor", "--json", "--data", str(server.data), **env)
        without = run(tmp_path, "doctor", "--json", SPACESCTL_URL=server.url)
    found = findings(done)
    assert {
        "config",
        "data folder",
        "database",
        "disk",
        "clock",
        "udp buffers",
        "tls",
        "model",
        "server",
    } <= found.keys()
    [udp] = found["udp"]
    [tcp] = found["tcp"]
    for one in (udp, tcp):
        assert one["level"] == "ok"
        assert one["said"].startswith(f"{server.udp} answers; it sees this process as 127.0.0.1:")
    assert found["database"][0]["said"].endswith("undamaged")
    assert "operator's token" in findings(without)["udp"][0]["said"]


@pytest.mark.slow
def test_without_a_server_one_is_started_for_the_test_and_ended(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('http = "127.0.0.1:9"\nudp = "127.0.0.1:0"\nannounce = ["127.0.0.1"]\n')
    done = run(tmp_path, "doctor", "--json")
    found = findings(done)
    assert (done.returncode, found["udp"][0]["level"]) == (0, "ok")
    assert "announce from config.toml" in found["config"][0]["said"]


@pytest.mark.slow
def test_an_announced_address_from_which_nothing_comes_back_is_told(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('http = "127.0.0.1:9"\nudp = "127.0.0.1:0"\nannounce = ["127.0.0.2"]\n')
    found = findings(run(tmp_path, "doctor", "--json"))
    [udp], [tcp] = found["udp"], found["tcp"]
    assert (udp["level"], tcp["level"]) == ("warn", "warn")
    assert "announce" in udp["todo"]
    assert "ice_tcp" in tcp["todo"]


@pytest.mark.slow
def test_without_ice_over_tcp_nothing_is_asked_there(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('http = "127.0.0.1:9"\nudp = "127.0.0.1:0"\nice_tcp = false\n')
    found = findings(run(tmp_path, "doctor", "--json"))
    assert found["udp"][0]["level"] == "ok"
    assert "tcp" not in found


@pytest.mark.slow
def test_a_taken_port_and_a_broken_configuration_fail_with_what_to_do(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        (tmp_path / "config.toml").write_text(f'http = "127.0.0.1:9"\nudp = "127.0.0.1:{port}"\n')
        done = run(tmp_path, "doctor", "--json")
    assert (done.returncode, findings(done)["server"][0]["level"]) == (1, "fail")
    (tmp_path / "config.toml").write_text("colour = 1\n")
    done = run(tmp_path, "doctor")
    assert done.returncode == 1
    assert "fail  config: config.toml: unknown setting colour" in done.stdout
    assert "Traceback" not in done.stderr


def test_settings_are_shown_with_who_says_so_and_no_token(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('http = "127.0.0.1:9"\n[limits]\ndm = "off"\n')
    (tmp_path / ".env").write_text("SPACESCTL_BOTS=no\n")
    done = run(
        tmp_path, "config", "show", "--origin", "--json", SPACESCTL_TOKEN="spx_secret", SPACESCTL_LOG_LEVEL="debug"
    )
    rows = {row["name"]: (row["value"], row["origin"]) for row in json.loads(done.stdout)}
    assert rows["serve.http"] == ("127.0.0.1:9", "config.toml")
    assert rows["serve.bots"] == (False, ".env")
    assert rows["serve.log_level"] == ("debug", "environment")
    assert rows["serve.limits.dm"] == ("off", "config.toml")
    assert rows["serve.udp"] == ("0.0.0.0:8420", "default")
    assert rows["token"] == ("set", "environment")
    assert "spx_secret" not in done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("words", [["doctor"], ["config", "show"]])
def test_an_address_without_a_server_elsewhere_fails_in_one_line(tmp_path: Path, words: list[str]) -> None:
    done = run(tmp_path, "--url", "http://192.0.2.77:1", *words, "--json")
    assert "Traceback" not in done.stderr
    assert done.returncode == (1 if words == ["doctor"] else 0)


@pytest.mark.slow
def test_a_server_of_other_settings_says_itself_what_it_runs_with(tmp_path: Path) -> None:
    """The settings of this folder are another server's: their data folder is not looked at."""
    (tmp_path / "config.toml").write_text('http = "127.0.0.1:9"\ndata = "elsewhere"\n')
    with running_server(tmp_path / "data", "--no-bots", udp="127.0.0.1:0") as server:
        found = findings(
            run(tmp_path, "doctor", "--json", SPACESCTL_URL=server.url, SPACESCTL_TOKEN=server.owner_token)
        )
        plain = findings(run(tmp_path, "doctor", "--json", SPACESCTL_URL=server.url))
    [told] = found["running"]
    for word in (f"data {server.data}", f"http {server.url}", f"udp {server.udp}", "tls none", "database sqlite"):
        assert word in told["said"]
    assert server.owner_token not in told["said"]
    assert found["database"][0]["said"].endswith("undamaged")
    assert found["data folder"][0]["said"].startswith(str(server.data))
    assert "running" not in plain, "without an operator's token what this folder says"
    assert plain["database"][0]["said"].startswith("none yet")
