"""`Idempotency-Key` on creates: the same key with the same request returns the first answer and creates nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Header
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from spacesctl.application.once import Once
from spacesctl.domain.principals import Person
from spacesctl.server.http.services import Services

IdempotencyKey = Annotated[str | None, Header(max_length=128)]


async def answer_once(
    app: Services, caller: Person, key: str | None, route: str, body: BaseModel, do: Callable[[Once], Awaitable[Any]]
) -> Any:
    """The answer of `do`, which keeps it in its own transaction; or that of an earlier request with this key. Further requests with the
    key wait meanwhile. Raises Conflict when the key was used for another request.
    """
    digest = hashlib.sha256(f"{route} {body.model_dump_json()}".encode()).hexdigest()
    once = Once(caller.account_id or "", key, digest)
    async with app.in_flight.alone(app.db, once) as found:
        if found is not None:
            return JSONResponse(found[1], found[0], {"Idempotent-Replayed": "true"})
        return await do(once)
