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
    """Keeps what it gets; answers with an error where the path says so."""

    got: list[tuple[dict[str, str], bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append((dict(self.headers), body))
        self.send_response({"/broken": 500, "/gone": 410}.get(self.path, 204))
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
        renewed = server.run(token, "webhook", "renew", row["id"], "--yes")
        assert renewed.stdout.startswith("whsec_")
        assert renewed.stdout != made.stdout
        assert "until" in renewed.stderr
        with server.client(token) as spaces:
            spaces.post("/v1/spaces", {"title": "T"})
            wait_until(lambda: len(got) == 2)
            ping, create = (Webhook(secret).verify(body, headers) for headers, body in got)
            assert (ping["type"], create["type"], create["data"]["space"]["title"]) == ("ping", "spaces.create", "T")
            place = f"/v1/webhooks/{row['id']}/deliveries"
            wait_until(lambda: spaces.get(place)["data"][0]["state"] == "delivered")
            broken = spaces.post("/v1/webhooks", {"url": f"{url}/broken"})
        assert "spaces.create" in server.run(token, "webhook", "deliveries", row["id"]).stdout
        failed = server.run(token, "webhook", "test", broken["id"])
        assert failed.returncode == 5
        assert "it answered 500" in failed.stderr
        assert server.run(token, "webhook", "remove", row["id"]).returncode == 0
        assert server.run(token, "webhook", "test", row["id"]).returncode == 3
