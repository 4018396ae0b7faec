"""Schemathesis (https://schemathesis.io) against a server: its requests are right and wrong ones, made from the schemas of the document."""

from __future__ import annotations

from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.plain_requests import STREAMS
from tests.conform import the_document

EXAMPLES = 10
"""Requests to each operation, by each caller: as many right ones as wrong ones."""
CHECKS: list[Any] = [
    not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance,
]  # fmt: skip
LEFT_OUT = {
    **dict.fromkeys(STREAMS, "it never ends"),
    "DELETE /v1/accounts/{ref}/tokens": "it would take the token away with which all others are asked",
}
HEAD_TOO_LARGE = 431
"""Answered by what stands before all operations, so none of them declares it."""


@schemathesis.serializer("application/sdp", "application/trickle-ice-sdpfrag", "audio/*")
def as_it_is(context: schemathesis.SerializationContext, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


def operations() -> list[Any]:
    every: Any = schemathesis.openapi.from_dict(the_document()).get_all_operations()
    found = [one.ok() for one in every]
    return [one for one in found if f"{one.method.upper()} {one.path}" not in LEFT_OUT]


def faults(url: str, token: str) -> list[str]:
    """What is wrong with the answers to this caller."""
    headers = {"Authorization": f"Bearer {token}"}
    found: list[str] = []
    with requests.Session() as session:
        for operation in operations():
            for mode in (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE):
                try:
                    _try(operation, mode, url, headers, session)
                except Unsatisfiable:  # any text is right in a path, so there is no wrong one
                    if mode is schemathesis.GenerationMode.POSITIVE:
                        found.append(f"{operation.label}: there is no right request")
                except BaseExceptionGroup as group:
                    found += [f"{operation.label} ({mode.value}): {error!r}"[:600] for error in group.exceptions]
                except Exception as error:
                    found.append(f"{operation.label} ({mode.value}): {error!r}"[:600])
        mine = session.get(f"{url}/v1/accounts/me", headers=headers, timeout=10)
    return found if mine.status_code == 200 else [*found, "the token was lost on the way"]


def _try(
    operation: Any, mode: schemathesis.GenerationMode, url: str, headers: dict[str, str], session: requests.Session
) -> None:
    @settings(
        max_examples=EXAMPLES // 2, derandomize=True, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(operation.as_strategy(generation_mode=mode))
    def judged(case: Any) -> None:
        answer = case.call(base_url=url, headers=headers, session=session, timeout=20)
        if answer.status_code != HEAD_TOO_LARGE:
            case.validate_response(answer, checks=CHECKS)

    judged()
