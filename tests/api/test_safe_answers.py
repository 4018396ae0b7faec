"""Every answer says that it is what it is called, and every private one that nobody may keep it."""

from __future__ import annotations

import re

import pytest

from spacesctl.server.http.front import refusals
from tests import conform
from tests.api.harness import Api, As
from tests.conform import the_document

pytestmark = pytest.mark.anyio
OPERATIONS = [(method.upper(), path) for path, methods in the_document()["paths"].items() for method in methods]


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=[" ".join(one) for one in OPERATIONS])
async def test_every_operation(method: str, path: str, api: Api) -> None:
    place = re.sub(r"\{[^}]+\}", "x", path)
    if place == "/v1/bots/assignments":
        return  # a stream that has no end; the wire's goldens have its headers
    for who in api.nobody, api.owner:
        answer = await who.call(method, place)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "no-store" in answer.headers["cache-control"]


async def test_real_answers_and_those_that_may_be_kept(api: Api) -> None:
    host = await api.account("host")
    made = await host.ok("POST", "/v1/spaces", {"title": "Hours", "scheduled_start": "2099-01-01T00:00:00Z"})
    for path, kept in (
        (f"/v1/spaces/{made['id']}", None), ("/v1/accounts/me", None), ("/v1/messages", None), ("/openapi.json", None),
        (f"/v1/spaces/{made['id']}.ics", "public, max-age=300"), (f"/s/{made['id']}", "no-cache"), ("/web/space.js", "no-cache"),
    ):  # fmt: skip
        for who in api.nobody, host:
            answer = await who.call("GET", path)
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["cache-control"] == (kept or "no-store"), path
    assert conform.faults == []


async def test_errors_that_nobody_foresaw(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("spacesctl.server.http.routes.pages.Health", fail)
    answer = await As(api, None).call("GET", "/healthz")
    assert (answer.status_code, answer.headers["cache-control"]) == (500, "no-store")
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("refusal", [refusals.malformed(), refusals.hosts(), refusals.too_many_lines(1)])
def test_refusals_before_the_application(refusal: refusals.Refusal) -> None:
    head = refusal.answer([]).partition(b"\r\n\r\n")[0].lower()
    assert head.count(b"x-content-type-options: nosniff") == 1
    assert head.count(b"cache-control: no-store") == 1
