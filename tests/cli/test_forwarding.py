"""`webhook` and `notifications` as people read them: empty lists, refusals, what a receiver that is broken looks like."""

from __future__ import annotations

import json

import pytest

from tests.cli.inside import Person, refused
from tests.cli.test_webhook import receiver
from tests.running import wait_until

NO_RECEIVER = "http://127.0.0.1:9/in"


def test_nothing_is_forwarded_until_somebody_asks(host: Person) -> None:
    for words, told in (
        (["webhook", "list"], "no webhooks\n"),
        (["notifications", "list"], "your messages are not forwarded\n"),
    ):
        done = host.run(*words)
        assert (done.stdout, done.stderr) == ("", told)
        assert host.json(*words) == []


def test_a_webhook_is_told_with_its_secret_once_and_removed(host: Person, ann: Person) -> None:
    with receiver() as (url, _):
        made = host.json("webhook", "add", f"{url}/in", "--event", "spaces.create")
        assert made["secret"].startswith("whsec_")
        listed = host.says("webhook", "list")
        assert made["secret"] not in listed
        assert f"{url}/in" in listed
        assert host.json("webhook", "test", made["id"])["status"] == 204
        refused(ann.run("webhook", "remove", made["id"]), 3, "no webhook")
        assert host.json("webhook", "remove", made["id"]) == {"id": made["id"], "deleted": True}
        refused(host.run("webhook", "remove", made["id"]), 3, "no webhook")


def test_a_webhook_that_nobody_answers_is_told(host: Person) -> None:
    ref = host.json("webhook", "add", NO_RECEIVER)["id"]
    refused(host.run("webhook", "test", ref), 5, "not delivered: ")
    done = host.run("webhook", "test", ref, "--json")
    assert (done.returncode, json.loads(done.stdout)["delivered"]) == (5, False)
    assert host.run("webhook", "deliveries", ref).stderr == "nothing was sent yet\n"
    host.live()
    wait_until(lambda: any(row["attempts"] for row in host.json("webhook", "deliveries", ref)))
    shown = host.says("webhook", "deliveries", ref)
    assert "spaces.create" in shown
    assert "PROBLEM" in shown


def test_a_webhook_that_was_switched_off_says_why(host: Person) -> None:
    with receiver() as (url, got):
        ref = host.json("webhook", "add", f"{url}/gone", "--event", "spaces.create")["id"]
        host.live()
        wait_until(lambda: got)
        wait_until(lambda: host.json("webhook", "list")[0]["reason"])
    done = host.run("webhook", "list")
    assert done.stderr == f"{ref} is off: it answered 410, gone for good\n"


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["add", "not an address"], 2, "URL: "),
        (["add", NO_RECEIVER, "--event", "spaces.explode"], 2, "event"),
        (["add", NO_RECEIVER, "--all"], 5, "admin"),
        (["test", "a/b"], 3, ""),
        (["deliveries", "AAAA"], 3, "no webhook"),
    ],
    ids=["no address", "no event", "all of the server", "an odd id", "no webhook"],
)
def test_a_webhook_that_cannot_be_is_refused(host: Person, words: list[str], code: int, told: str) -> None:
    refused(host.run("webhook", *words), code, told)
    assert host.json("webhook", "list") == []


def test_an_address_is_taken_from_stdin_tried_and_removed(host: Person, ann: Person) -> None:
    with receiver() as (url, got):
        address = url.replace("http://", "json://user:s3cret@")
        said = host.says("notifications", "add", stdin=address + "\n")
        assert "messages to you also go to json://127.0.0.1" in said
        [row] = host.json("notifications", "list")
        assert host.json("notifications", "test", row["id"])["delivered"] is True
        assert len(got) == 1
    done = host.run("notifications", "test", row["id"])
    assert done.returncode == 5
    assert "the service did not accept it" in done.stderr
    refused(ann.run("notifications", "remove", row["id"]), 3, "no ")
    assert host.json("notifications", "remove", row["id"]) == {"id": row["id"], "deleted": True}
    refused(host.run("notifications", "test", row["id"]), 3, "no ")


def test_a_refused_test_is_json_too(host: Person) -> None:
    row = host.json("notifications", "add", stdin="json://127.0.0.1:9/\n")
    done = host.run("notifications", "test", row["id"], "--json")
    assert (done.returncode, json.loads(done.stdout)["delivered"]) == (5, False)
