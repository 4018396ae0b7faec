"""`Idempotency-Key` on creates: the same key with the same request returns the first answer and creates nothing."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

from fastapi import Header
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain.principals import Person
from spacesctl.live.now import utc_now
from spacesctl.server.http.services import Services
from spacesctl.store import idempotency

IdempotencyKey = Annotated[str | None, Header(max_length=128)]


class Once:
    """One create request. `answered` returns the earlier answer, if any; `keep` stores this one in the transaction of
    the create.
    """

    def __init__(self, caller: Person, key: str | None, route: str, body: BaseModel) -> None:
        self._account_id = caller.account_id or ""
        self._key = key
        self._request = hashlib.sha256(f"{route} {body.model_dump_json()}".encode()).hexdigest()

    async def answered(self, app: Services) -> JSONResponse | None:
        """The stored answer, or None. Raises Conflict when the key was used for another request."""
        if self._key is None:
            return None
        async with app.db.read() as db:
            found = await idempotency.recall(db, self._account_id, self._key, self._request)
        return None if found is None else JSONResponse(found[1], found[0], {"Idempotent-Replayed": "true"})

    async def keep(self, db: AsyncConnection, status: int, answer: dict[str, Any]) -> None:
        """Store the answer. It must contain no secret, since it is stored in plain text."""
        if self._key is not None:
            await idempotency.remember(db, self._account_id, self._key, self._request, status, answer, utc_now())
