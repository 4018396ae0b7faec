"""`notifications` from a terminal, against a real server that sends with the real library."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_webhook import receiver
from tests.running import running_server, wait_until


@pytest.mark.slow
def test_messages_also_go_to_an_address_that_is_never_shown_again(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('notify_schemes = ["json"]\n')
    with receiver() as (url, got), running_server(tmp_path / "data", "--no-bots", "--config", str(config)) as server:
        host, ann = (server.account(handle)["token"] for handle in ("host", "ann"))
        address = url.replace("http://", "json://user:s3cret@")
        made = server.run(ann, "notifications", "add", "--json", stdin=address + "\n")
        assert made.returncode == 0, made.stderr
        with server.client(host) as spaces:
            spaces.post("/v1/dms", {"to": "@ann", "text": "hello ann"})
        wait_until(lambda: len(got) == 1)
        assert json.loads(got[0][1])["message"] == "hello ann"
        ref = json.loads(made.stdout)["id"]
        assert "accepted it" in server.run(ann, "notifications", "test", ref).stdout
        listed = server.run(ann, "notifications", "list")
        assert "json://127.0.0.1/" in listed.stdout
        assert "s3cret" not in made.stdout + listed.stdout
        assert server.run(ann, "notifications", "remove", ref).returncode == 0


def test_an_address_in_the_command_line_is_warned_about_and_one_that_is_not_allowed_refused(tmp_path: Path) -> None:
    with running_server(tmp_path / "data", "--no-bots") as server:
        ann = server.account("ann")["token"]
        warned = server.run(ann, "notifications", "add", "tgram://123456789:abcdefg_hijklmnop/12315544/")
        assert "history" in warned.stderr
        refused = server.run(ann, "notifications", "add", stdin="syslog://\n")
        assert refused.returncode == 2
        assert "tgram://" in refused.stderr
        assert server.run(ann, "notifications", "add").returncode == 2, "stdin has none"
