"""`webhook` from a terminal, against a real server and a real receiver."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from standardwebhooks import Webhook

from tests.running import running_server, wait_until


class Handler(BaseHTTPRequestHandler):
    """Keeps what it gets; answers 500 where the path says so."""

    got: list[tuple[dict[str, str], bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append((dict(self.headers), body))
        self.send_response(500 if self.path == "/broken" else 204)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def receiver() -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    Handler.got = []
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", Handler.got
        server.shutdown()
        thread.join()


def test_a_webhook_is_added_tried_told_and_removed(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("webhooks_allow_private = true\n")
    with receiver() as (url, got), running_server(tmp_path / "data", "--no-bots", "--config", str(config)) as server:
        token = server.account("host")["token"]
        made = server.run(token, "webhook", "add", f"{url}/in", "--event", "spaces.create")
        secret = made.stdout.strip()
        assert secret.startswith("whsec_")
        assert "shown once" in made.stderr
        [row] = json.loads(server.run(token, "webhook", "list", "--json").stdout)
        assert (row["url"], row["events"], row["state"]) == (f"{url}/in", ["spaces.create"], "active")
        assert "204" in server.run(token, "webhook", "test", row["id"]).stdout
        server.run(token, "create", "T")
        wait_until(lambda: len(got) == 2)
        ping, create = (Webhook(secret).verify(body, headers) for headers, body in got)
        assert (ping["type"], create["type"], create["data"]["space"]["title"]) == ("ping", "spaces.create", "T")
        wait_until(
            lambda: (
                json.loads(server.run(token, "webhook", "deliveries", row["id"], "--json").stdout)[0]["state"]
                == "delivered"
            )
        )
        assert "spaces.create" in server.run(token, "webhook", "deliveries", row["id"]).stdout
        broken = json.loads(server.run(token, "webhook", "add", f"{url}/broken", "--json").stdout)
        failed = server.run(token, "webhook", "test", broken["id"])
        assert failed.returncode == 5
        assert "it answered 500" in failed.stderr
        assert server.run(token, "webhook", "remove", row["id"], broken["id"]).returncode == 2, "one at a time"
        assert server.run(token, "webhook", "remove", row["id"]).returncode == 0
        assert server.run(token, "webhook", "test", row["id"]).returncode == 3
        refused = server.run(token, "webhook", "add", f"{url}/in", "--event", "nonsense")
        assert refused.returncode == 2
        assert "spaces.start" in refused.stderr


def test_addresses_that_are_not_public_are_refused_by_default(tmp_path: Path) -> None:
    with running_server(tmp_path / "data", "--no-bots") as server:
        token = server.account("host")["token"]
        for url in ("http://127.0.0.1:9/", "https://127.0.0.1:9/"):
            done = server.run(token, "webhook", "add", url)
            assert done.returncode == 2
            assert "webhooks_allow_private" in done.stderr
