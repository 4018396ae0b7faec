"""`Idempotency-Key` on creates: the same key with the same request answers what the first one did, and makes nothing."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

from fastapi import Header
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.domain.accounts import Caller
from spacesctl.live.now import utc_now
from spacesctl.server.http.services import Services
from spacesctl.store import records

IdempotencyKey = Annotated[str | None, Header(max_length=128)]


class Once:
    """One create. `answered` is the earlier answer if there is one; `keep` remembers this one, in the create's own transaction."""

    def __init__(self, caller: Caller, key: str | None, route: str, body: BaseModel) -> None:
        self._account_id = caller.account_id or ""
        self._key = key
        self._request = hashlib.sha256(f"{route} {body.model_dump_json()}".encode()).hexdigest()

    async def answered(self, app: Services) -> JSONResponse | None:
        """Raises Conflict when the key was used for another request."""
        if self._key is None:
            return None
        async with app.db.read() as db:
            found = await records.recall(db, self._account_id, self._key, self._request)
        return None if found is None else JSONResponse(found[1], found[0], {"Idempotent-Replayed": "true"})

    async def keep(self, db: AsyncConnection, status: int, answer: dict[str, Any]) -> None:
        """`answer` must hold no secret: it is stored as it is."""
        if self._key is not None:
            await records.remember(db, self._account_id, self._key, self._request, status, answer, utc_now())
