"""A server on this machine is asked directly, whatever the environment says of proxies: by people, by bots, by doctors."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.running import running_server, wait_until

NONE = "http://127.0.0.1:9"
BROKEN = "::::"


@pytest.mark.slow
@pytest.mark.parametrize(
    "proxy", [NONE, *(pytest.param(one, marks=pytest.mark.slow) for one in (BROKEN, "socks5://127.0.0.1:9"))]
)
def test_bots_and_commands_reach_their_server_past_any_proxy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, proxy: str
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy)
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")
    with running_server(tmp_path / "data") as server:
        made = server.run(server.owner_token, "create", "T", "--start", "--json")
        assert made.returncode == 0, made.stderr
        space = made.stdout.partition('"id":"')[2][:13]
        wait_until(lambda: "no live captions" not in server.run("", "captions", space).stderr, 30)
        assert (
            server.run("", "listen", space, "--output", str(tmp_path / "heard.ogg"), "--seconds", "0.5").returncode == 0
        )
        assert server.run(server.owner_token, "end", space, "--yes").returncode == 0
