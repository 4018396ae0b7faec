"""What the benches of speech begin with: a model, and espeak-ng speaking what is measured."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from bots import models
from spacesctl.domain.errors import Invalid, Refused

T = TypeVar("T")


async def recorded(
    model: Path | None, make: Callable[[models.Model], T], note: Callable[[str], None]
) -> tuple[models.Model, T]:
    """The model in a folder (None: the shipped one), and what `make` has espeak-ng say for it, in a thread. Raises Invalid for a folder
    that has no model, and Refused without espeak-ng."""
    try:
        used = await asyncio.to_thread(models.find, model)
    except models.ModelError as error:
        raise Invalid("--model", str(error)) from error
    note("espeak-ng speaks")
    try:
        return used, await asyncio.to_thread(make, used)
    except OSError as error:
        raise Refused("no_espeak", "espeak-ng is not installed here: on Debian `apt install espeak-ng`") from error
