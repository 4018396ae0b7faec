"""The OpenAPI document: every operation says what it takes, what it answers, how it fails and who may ask."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from spacesctl.api.events import EPHEMERAL, EVENTS
from spacesctl.api.webhook_messages import MESSAGES
from spacesctl.domain.webhook_types import PING, TYPES
from tests import conform
from tests.api.harness import Api
from tests.conform import the_document

pytestmark = pytest.mark.anyio
REF = "#/components/schemas/"
ANY_SHAPE: tuple[dict[str, str], ...] = {"type": "object"}, {}


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in the_document()["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


OPERATIONS = [pytest.param(operation, id=name) for name, operation in operations()]


def schemas(value: object, where: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema of the document, with its place."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("schema", "items", "additionalProperties") and isinstance(inner, dict):
                yield f"{where}/{key}", inner
            if key == "properties":
                yield from ((f"{where}/{name}", one) for name, one in inner.items())
            yield from schemas(inner, f"{where}/{key}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from schemas(inner, f"{where}/{number}")


async def test_it_is_served(api: Api) -> None:
    served = await api.nobody.ok("GET", "/openapi.json")
    assert served["paths"].keys() == the_document()["paths"].keys()


def test_no_schema_is_free_form() -> None:
    free = [
        where
        for where, schema in schemas(the_document())
        if schema in ANY_SHAPE or schema.get("additionalProperties") in (True, {})
    ]
    assert free == []


def test_every_reference_leads_somewhere() -> None:
    known = the_document()["components"]["schemas"]
    refs = {schema["$ref"].removeprefix(REF) for _, schema in schemas(the_document()) if "$ref" in schema}
    assert refs <= known.keys()
    assert len(refs) > 100


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_says_what_it_answers(operation: dict[str, Any]) -> None:
    good = {status: told for status, told in operation["responses"].items() if status.startswith("2")}
    assert good
    for status, told in good.items():
        for media, content in told.get("content", {}).items():
            if media == "application/json":
                assert content["schema"].get("$ref", "").startswith(REF), (status, content)
            else:
                assert content.get("schema") or media.startswith(("audio/", "text/")), (status, media)
    assert any("content" in told for told in good.values()) or set(good) <= {"200", "204", "304"}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_says_how_it_fails(operation: dict[str, Any]) -> None:
    bad = {status: told for status, told in operation["responses"].items() if status.startswith(("4", "5"))}
    assert {"500", "503"} <= set(bad)
    for told in bad.values():
        [content] = told["content"].values()
        assert content["schema"]["$ref"].removeprefix(REF) in {"Problem", "XProblem", "XInvalid", "Readiness"}
    assert "422" not in bad, "FastAPI's own; it is a 400 here"


@pytest.mark.parametrize("operation", OPERATIONS)
def test_who_may_ask_is_declared_where_a_token_counts(operation: dict[str, Any]) -> None:
    assert ("security" in operation) == ("401" in operation["responses"])


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_body_has_a_named_type_that_knows_its_fields(operation: dict[str, Any]) -> None:
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        if media == "application/json":
            name = content["schema"]["$ref"].removeprefix(REF)
            assert the_document()["components"]["schemas"][name]["additionalProperties"] is False


def test_each_event_and_each_webhook_message_is_described() -> None:
    kinds = the_document()["components"]["schemas"]["SpaceEvent"]["oneOf"]
    assert {one["properties"]["type"]["const"] for one in kinds} == {*EVENTS, *EPHEMERAL}
    assert the_document()["webhooks"].keys() == MESSAGES.keys() == {*TYPES, PING}


def test_fields_carry_the_texts_of_the_code() -> None:
    fields = the_document()["components"]["schemas"]["NewSpace"]["properties"]
    assert fields["speakers"]["description"] == "Who may speak without being approved."
    assert the_document()["components"]["schemas"]["NewSpace"]["description"] == "A Space to create."


@pytest.mark.parametrize(
    ("status", "media", "body", "told"),
    [
        (418, "application/problem+json", b"{}", "which it does not declare"),
        (200, "text/html", b"<html>", "and declares"),
        (200, "application/json", b'{"id": 1}', "of another type"),
        (200, "application/json", b'{"status": "ok", "version": "1", "mood": "good"}', "other fields"),
    ],
    ids=["a status", "a media type", "a type", "a field"],
)
def test_what_is_not_declared_is_noticed(status: int, media: str, body: bytes, told: str) -> None:
    before = list(conform.faults)
    conform.check("GET", "/healthz", status, media, body)
    said = conform.faults[len(before) :]
    del conform.faults[len(before) :]
    assert [told in one for one in said] == [True]
