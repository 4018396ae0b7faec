"""The door: every text of every request is looked at, and one with a hostile character is refused by its name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from spacesctl.api.request_texts import fault_of
from spacesctl.api.wire import Given, load
from spacesctl.server.http.app import ROUTERS
from spacesctl.server.http.body import parse
from spacesctl.server.http.wire_route import WireRoute
from tests.api.harness import Api
from tests.cli.hostile_server import specimen

FOUND = json.loads((Path(__file__).parents[1] / "found" / "hostile-text.json").read_text())
REQUESTS: list[type[Given]] = sorted(
    {one.body for router in ROUTERS for one in router.routes if isinstance(one, WireRoute) and one.body is not None},
    key=lambda kind: kind.__name__,
)
MARK = "texthere"
FORMED = {"lang": "de"}
"""Fields that have a form of their own, which no hostile text has."""


def text_places(kind: type[Given]) -> Iterator[tuple[str, dict[str, Any]]]:
    """For each text of a request: its path, and the request with `MARK` there alone."""
    whole = msgspec.to_builtins(specimen(kind, "x"), enc_hook=str)
    whole |= {name: text for name, text in FORMED.items() if name in whole}

    def walk(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
        if isinstance(value, dict):
            for name, one in value.items():
                yield from walk(one, (*path, name))
        elif isinstance(value, list):
            for number, one in enumerate(value):
                yield from walk(one, (*path, number))
        elif value == "x":
            yield path

    for path in walk(whole, ()):
        made = json.loads(json.dumps(whole))
        place: Any = made
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = MARK
        yield ".".join(map(str, path)), made


PLACES = [(kind, path, made) for kind in REQUESTS for path, made in text_places(kind)]


@pytest.mark.parametrize(("kind", "path", "made"), PLACES, ids=[f"{kind.__name__}.{path}" for kind, path, _ in PLACES])
def test_no_field_of_a_request_takes_a_hostile_text(kind: type[Given], path: str, made: dict[str, Any]) -> None:
    for text, problem in (
        ("a\x1bb", "has the character U+001B"), ("a\u202eb", "has the character U+202E"), ("a\x9bb", "has the character U+009B"),
        ("a\u2067", "has the character U+2067"), ("a\u2028b", "has the character U+2028"),
    ):  # fmt: skip
        found = fault_of(load(json.dumps(made).replace(MARK, json.dumps(text)[1:-1]), kind))
        assert found is not None
        assert found.field == path
        assert found.problem.startswith(problem)
        assert text not in found.problem
    for text in "می\u200cخواهم", "👩\u200d💻":
        assert fault_of(load(json.dumps(made).replace(MARK, text), kind)) is None
    if "rules" not in path and kind.__name__ != "NewRules":  # a file of comments alone is one
        assert fault_of(load(json.dumps(made).replace(MARK, "\u200b"), kind)) is not None


def test_there_are_places() -> None:
    paths = {f"{kind.__name__}.{path}" for kind, path, _ in PLACES}
    assert {
        "NewSpace.title",
        "NewSpace.topics.0",
        "NewReport.note",
        "NewCaptions.captions.0.words.0.w",
        "AboutMe.name",
    } <= paths
    assert len(paths) > 50


def test_only_these_may_have_several_lines() -> None:
    several = set()
    for kind, path, made in PLACES:
        if fault_of(load(json.dumps(made).replace(MARK, "a\\n\\tb"), kind)) is None:
            several.add(f"{kind.__name__}.{path}")
    assert several == {
        "AboutMe.description", "NewInvites.message", "NewMessage.text", "NewPost.text", "NewReport.note", "ReportDecision.note",
        "NewNote.text", "NewAppeal.text", "NewRules.text", "NewSpace.rules", "NewSeries.rules", "SeriesChange.rules",
    }  # fmt: skip


def test_a_rule_file_may_come_from_windows() -> None:
    kind = next(kind for kind in REQUESTS if kind.__name__ == "NewRules")
    parse(json.dumps({"text": "schema = 1\r\n\r\n"}).encode(), kind)


@pytest.mark.parametrize("one", FOUND, ids=lambda one: ascii(one["text"]))
async def test_what_was_found_is_refused_or_kept_whole(api: Api, one: dict[str, str]) -> None:
    host = await api.account("host")
    if one["right"].startswith("refused"):
        for method, path, body, field in (
            ("POST", "/v1/spaces", {"title": one["text"]}, "title"),
            ("PATCH", "/v1/accounts/me", {"name": one["text"]}, "name"),
            ("POST", "/v1/posts", {"text": one["text"]}, "text"),
        ):
            problem = await host.refused(method, path, body)
            assert (problem["status"], problem["code"], problem["field"]) == (400, "invalid", field)
            assert "has the character U+" in problem["detail"] or "has nothing visible" in problem["detail"]
            assert one["text"] not in problem["detail"]
    else:
        made = await host.ok("POST", "/v1/spaces", {"title": one["text"]})
        assert made["title"] == one["text"]
        named = await host.ok("PATCH", "/v1/accounts/me", {"name": one["text"]})
        assert named["name"] == one["text"]
