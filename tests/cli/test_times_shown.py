"""Times for people are those of their clock; programs get RFC 3339."""

from __future__ import annotations

import re

import pytest

from tests.cli.inside import Person

RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
ON_A_CLOCK = re.compile(r"(today|tomorrow|yesterday|\d [A-Z][a-z]{2}|[A-Z][a-z]{2}) (\d{4} )?\d\d:\d\d, ")


@pytest.fixture
def busy(host: Person, ann: Person) -> tuple[Person, dict[str, str]]:
    """A host with something of everything that has a time."""
    later = host.json("create", "Later", "--at", "tomorrow 18:00", "--invite", ann.handle)["id"]
    live = host.live()
    series = host.json("create", "Daily", "--cron", "0 9 * * *", "--tz", "Europe/Rome", "--duration", "30m")["id"]
    ann.says("dm", host.handle, "hello")
    ann.says("post", "a post")
    host.says("follow", ann.handle)
    host.says("account", "token", "me", "--label", "phone", "--expires", "30d")
    host.says("webhook", "add", "http://127.0.0.1:9/hook")
    return host, {"later": later, "live": live, "series": series}


def test_no_command_shows_people_a_time_in_utc(busy: tuple[Person, dict[str, str]]) -> None:
    host, ids = busy
    commands = [
        ["list"], ["show", ids["later"]], ["show", ids["live"]], ["inbox"], ["feed"], ["schedule", "list"],
        ["schedule", "show", ids["series"]], ["account", "tokens"],
    ]  # fmt: skip
    for words in commands:
        done = host.run(*words)
        assert done.returncode == 0, done.stderr
        assert not RFC3339.search(done.stdout + done.stderr), words
        assert ON_A_CLOCK.search(done.stdout), (words, done.stdout)


def test_programs_get_rfc_3339(busy: tuple[Person, dict[str, str]]) -> None:
    host, ids = busy
    start = host.json("show", ids["later"])["scheduled_start"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", start)


def test_a_start_is_given_in_words_and_shown_in_the_same(host: Person) -> None:
    place = host.json("create", "Hours", "--at", "tomorrow 18:00")["id"]
    assert "starts     tomorrow 18:00, in " in host.says("show", place)
    host.says("edit", place, "--at", "in 2h")
    assert re.search(r"starts     (today|tomorrow) \d\d:\d\d, in (1|2) h", host.says("show", place))
    refused = host.run("edit", place, "--at", "18 Uhr")
    assert refused.returncode == 2
    assert "'18 Uhr' is not a time" in refused.stderr
    assert "tomorrow 18:00" in refused.stderr
