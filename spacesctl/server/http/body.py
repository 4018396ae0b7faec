"""Bodies of requests."""

from __future__ import annotations

import difflib
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

UNKNOWN_FIELD = "unknown_field"
"""The kind of the error; its context has the `name`, and the nearest known one as `near` (None if none is near)."""


class Body(BaseModel):
    """The body of a request. An unknown field is refused: misspelt (`listener` for `listeners`), it would silently do nothing."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _knows_all_fields(cls, given: Any) -> Any:
        unknown = [name for name in given if name not in cls.model_fields] if isinstance(given, dict) else []
        if unknown:
            near = difflib.get_close_matches(str(unknown[0]), cls.model_fields, 1)
            context = {"name": str(unknown[0]), "near": near[0] if near else None}
            raise PydanticCustomError(UNKNOWN_FIELD, "is unknown", context)
        return given
