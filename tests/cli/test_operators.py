"""What operators try and publish, from a terminal against a real server: a test of Coop, the EU's template for figures."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from tests.api.coop_receiver import KEY, public_pem
from tests.cli.inside import ok, refused
from tests.cli.test_webhook import receiver
from tests.running import running_server

SETTINGS = """[coop]
url = "{url}"
api_key = "{key}"
public_key = '''
{pem}'''
report_type = "type-report"
space_type = "type-space"
user_type = "type-user"
uphold = "act-uphold"
dismiss = "act-dismiss"
allow_private = true
"""


def test_coop_is_tried_and_what_came_back_is_said(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    with receiver() as (url, got):
        config.write_text(SETTINGS.format(url=url, key=KEY, pem=public_pem()))
        config.chmod(0o600)
        with running_server(tmp_path / "data", "--no-bots", "--config", str(config)) as server:
            done = ok(server.run(server.owner_token, "coop", "test", "--json"))
            assert (done["delivered"], done["status"]) == (True, 204)
            headers, body = got[-1]
            sent = json.loads(body)
            assert (headers["X-API-KEY"], sent["reportedItem"]["id"]) == (KEY, done["id"])
            assert "test" in sent["reportedForReason"]["reason"]
            assert "it answered 204" in server.run(server.owner_token, "coop", "test").stdout
            refused(server.run(server.account("ann")["token"], "coop", "test"), 5, "admin")
            shown = ok(server.run(server.owner_token, "coop", "show", "--json"))
            assert (shown["waiting"], shown["delivered"]) == (0, 0)
    with running_server(tmp_path / "data", "--no-bots", "--config", str(config)) as server:
        gone = server.run(server.owner_token, "coop", "test")
        refused(gone, 5, "not delivered: it cannot be reached")
        assert KEY not in gone.stderr
    with running_server(tmp_path / "data", "--no-bots") as server:
        refused(server.run(server.owner_token, "coop", "test"), 3, "Coop")


def test_the_parts_of_the_template_are_written(tmp_path: Path) -> None:
    days = ("--from", "2026-01-01", "--to", "2026-12-31")
    with running_server(tmp_path / "data", "--no-bots") as server:
        out, owner = tmp_path / "report", server.owner_token
        done = server.run(
            owner, "audit", "report", "--template", "dsa15", *days, "--out", str(out), "--service", "Rooms"
        )
        assert done.returncode == 0, done.stderr
        files = [Path(line) for line in done.stdout.splitlines()]
        assert [one.name for one in files] == [
            "4_notices.csv",
            "6_own_initiative_TC.csv",
            "7_appeals_and_recidivism.csv",
            "8_automated_means.csv",
        ]
        for one in files:
            text = one.read_bytes().decode()
            assert text.count("\r\n") == text.count("\n"), "RFC 4180"
            rows = list(csv.DictReader(text.splitlines()))
            assert {(row["Service"], row["Reporting period"]) for row in rows} == {("Rooms", "2026-01-01/2026-12-31")}
        assert server.run(owner, "audit", "report", "--template", "dsa15", *days).stdout.startswith(
            "section,figure,detail,value"
        )
        refused(server.run(owner, "audit", "report", "--template", "dsa24", *days, "--out", str(out)), 2, "dsa15")
