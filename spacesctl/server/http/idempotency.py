"""`Idempotency-Key` on creates: the same key with the same request returns the first answer and creates nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

from fastapi import Header
from fastapi.responses import Response
from msgspec import structs

from spacesctl.api.wire import Answer, Given, dump, plain
from spacesctl.application.once import Keep, Once
from spacesctl.domain.principals import Person
from spacesctl.domain.words import ChatPolicy
from spacesctl.server.http.services import Services

IdempotencyKey = Annotated[str | None, Header(max_length=128)]
T = TypeVar("T", bound=Answer)
Made = TypeVar("Made")
_LATER = frozenset({"cohosts", "delay", "with_numbers", "chat"})
"""Fields that earlier versions did not have: empty, they are as if they were not there, so that a request can be repeated after an
upgrade."""


def _is_left_out(value: object) -> bool:
    return value is None or value is False or value in ([], ChatPolicy.OFF)


def keeping(once: Once, shown: Callable[[Made], Answer]) -> Keep[Made]:
    """What a create calls to keep its answer, as `shown` makes it."""
    return once.keeping(lambda made: plain(shown(made)))


async def answer_once(
    app: Services, caller: Person, key: str | None, route: str, body: Given, do: Callable[[Once], Awaitable[T]]
) -> T | Response:
    """The answer of `do`, which keeps it in its own transaction; or that of an earlier request with this key. Further requests with the
    key wait meanwhile. Raises Conflict when the key was used for another request.
    """
    # With the defaults, so that it is the same whether a field was given or left out; earlier versions made it so, too.
    fields = {name: one for name, one in structs.asdict(body).items() if name not in _LATER or not _is_left_out(one)}
    digest = hashlib.sha256(route.encode() + b" " + dump(fields)).hexdigest()
    once = Once(caller.account_id or "", key, digest)
    async with app.in_flight.alone(app.db, once) as found:
        if found is not None:
            return Response(
                dump(found.answer),
                found.status,
                {"Idempotent-Replayed": "true", "Cache-Control": "no-store"},
                "application/json",
            )
        return await do(once)
