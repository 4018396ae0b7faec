"""Whatever is put into a request to any operation of the OpenAPI document: no answer is a fault of the server's, each is inside its schema,
and each 400 says which field.

Nothing is left out. Three operations never end, and are given up once their answer has begun; what would leave the machine (tests of
webhooks and of notifications) meets a network that is not there; what ends or deletes a thing of the scene is tried as a dry run, or,
where there is none (`GONE_FOR_GOOD`), gets no right path.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from spacesctl.support.clock import REAL
from tests import conform
from tests.api import plain_values as values
from tests.api.harness import memory_equals_store
from tests.api.plain_requests import BODIES, Made, Operation, Place, every_operation, send
from tests.api.plain_scene import Stage, staged

QUICK, AT_LENGTH = 12, 150
"""Requests to each operation."""
CALLERS = ("host", "host", "host", "member", "admin", "bot", "nobody")
BUSY = 503
"""The one answer above 499 that a request may get: such as more rule files than are compiled at once."""
GONE_FOR_GOOD = {
    "DELETE /v1/recordings/{recording_id}": "the files are gone, which no dry run can try",
    "DELETE /v1/spaces/{space_id}/whip/{session_id}": "a session of the engine's ends, which is no row",
    "DELETE /v1/spaces/{space_id}/whep/{session_id}": "the same",
}
NO_DRY_RUN = {
    "POST /v1/clips", "POST /v1/probe", "POST /v1/webhooks/{webhook_id}/test", "POST /v1/notifications/{outlet_id}/test",
    "POST /v1/spaces/{space_id}/whip", "POST /v1/spaces/{space_id}/whep", "PATCH /v1/spaces/{space_id}/whip/{session_id}",
    "PATCH /v1/spaces/{space_id}/whep/{session_id}",
}  # fmt: skip
"""They change nothing that another request here needs."""
FREELY = {"PATCH", "PUT"} | {f"POST /v1/{kind}" for kind in ("posts", "spaces", "series", "dms", "reports")}
"""Tried for good as often as not: what they change stays there."""


class Theatre:
    """A loop of its own, and the scene on it: one for all tests of the module."""

    def __init__(self, folder: Path) -> None:
        self._runner = asyncio.Runner()
        self._staged = staged(folder)
        self.stage: Stage = self._runner.run(self._staged.__aenter__())

    def judge(self, operation: Operation, made: Made) -> None:
        self._runner.run(self._judge(operation, made))

    async def _judge(self, operation: Operation, made: Made) -> None:
        asked = made.asked(operation, self.stage)
        began = REAL.monotonic()
        got = await send(self.stage, asked)
        assert got.error is None, (str(asked), got.error)
        assert 200 <= got.status < 500 or got.status == BUSY, (str(asked), got.status, got.body[:500])
        told, conform.faults[:] = list(conform.faults), []
        assert not told, (str(asked), told)
        assert REAL.monotonic() - began < 8, str(asked)
        if got.status == 400:
            problem = json.loads(got.body)
            assert problem.get("field") or problem.get("errors"), (str(asked), problem)
            assert "\n" not in problem["detail"], (str(asked), problem)

    def agrees(self) -> None:
        self._runner.run(memory_equals_store(self.stage.api))

    def close(self) -> None:
        self._runner.run(self._staged.__aexit__(None, None, None))
        self._runner.close()


@pytest.fixture(scope="module")
def theatre() -> Iterator[Theatre]:
    with tempfile.TemporaryDirectory() as folder:
        made = Theatre(Path(folder) / "data")
        yield made
        made.close()


def _put_in(operation: Operation) -> st.SearchStrategy[dict[Place, str]]:
    places = list(operation.places())
    if not places:
        return st.just({})

    def value(place: Place) -> st.SearchStrategy[tuple[Place, str]]:
        return st.tuples(
            st.just(place), st.sampled_from(values.JSON_VALUES if place[0] == "body" else values.IN_ADDRESSES)
        )

    return st.lists(st.sampled_from(places).flatmap(value), min_size=0, max_size=3).map(dict)


@st.composite
def requests(draw: st.DrawFn, operation: Operation) -> Made:
    put_in = draw(_put_in(operation))
    if str(operation) in GONE_FOR_GOOD and not any(kind == "path" for kind, _ in put_in):
        put_in[("path", (operation.variables[-1],))] = draw(st.sampled_from(values.IN_ADDRESSES))
    headers = draw(st.lists(st.tuples(st.sampled_from(values.HEADERS), st.sampled_from(values.IN_HEADERS)), max_size=2))
    whole = (
        draw(st.sampled_from(values.whole_bodies(operation.valid_body)))
        if operation.media and draw(st.integers(0, 3)) == 0
        else None
    )
    freely = draw(st.booleans()) and bool({operation.method, str(operation)} & FREELY)
    if operation.method not in ("GET", "HEAD", "OPTIONS") and str(operation) not in NO_DRY_RUN and not freely:
        headers = [("dry-run", b"true"), *(one for one in headers if one[0] != "dry-run")]
    return Made(
        who=draw(st.sampled_from(CALLERS)), choice=draw(st.integers(0, 5)), put_in=put_in, headers=tuple(dict(headers).items()),
        whole=whole, twice=draw(st.sampled_from([None, None, *operation.queries])), only=draw(st.booleans()),
    )  # fmt: skip


def test_every_body_of_the_document_has_a_right_one_with_every_field() -> None:
    kinds = {
        found.route.body for all_ in conform.operations().values() for found in all_ if found.route.body is not None
    }
    assert {kind.__name__: sorted(kind.__struct_encode_fields__) for kind in kinds} == {
        name: sorted(body) for name, body in BODIES.items()
    }


def test_what_is_tried_in_another_way_is_in_the_document() -> None:
    known = {str(one) for one in every_operation()}
    assert GONE_FOR_GOOD.keys() | NO_DRY_RUN <= known


def _try(theatre: Theatre, operation: Operation, examples: int, *, always_alike: bool) -> None:
    @settings(
        max_examples=examples, derandomize=always_alike, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(requests(operation))
    def judged(made: Made) -> None:
        theatre.judge(operation, made)

    judged()
    theatre.agrees()


@pytest.mark.timeout(60)
@pytest.mark.parametrize("operation", every_operation(), ids=str)
def test_no_input_makes_a_fault_of_the_servers(theatre: Theatre, operation: Operation) -> None:
    _try(
        theatre, operation, 1 if operation.path == "/metrics" else QUICK, always_alike=True
    )  # the engine that takes notes says nothing


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("operation", every_operation(), ids=str)
def test_no_input_makes_a_fault_of_the_servers_at_length(theatre: Theatre, operation: Operation) -> None:
    _try(theatre, operation, 5 if operation.path == "/metrics" else AT_LENGTH, always_alike=False)
