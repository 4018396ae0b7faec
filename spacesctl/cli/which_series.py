"""Which series a command is about: by its id, the beginning of its id, or its title or how that begins. What is found is said."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from spacesctl.cli.output import note
from spacesctl.cli.which import LEAST
from spacesctl.domain.errors import Invalid, NotFound
from spacesctl.domain.ids import is_space_id

if TYPE_CHECKING:
    from spacesctl.api.series import Series
    from spacesctl.client.http import Client


def one(spaces: Client, ref: str, *, sure: bool = False) -> str:
    """The id of the caller's series that is meant. A whole id costs no request. `sure` is for what cannot be undone: it takes no beginning
    of a title. Raises NotFound, and Invalid when several are meant."""
    if is_space_id(ref):
        return ref
    rows = list(spaces.series.list())
    found = _named(rows, ref.strip(), sure=sure)
    if not found:
        error = NotFound("series", f"{ref!r} of yours")
        error.hint = "`schedule list` shows them"
        raise error
    if len(found) > 1:
        shown = "; ".join(f"{row.id} '{row.title}'" for row in found)
        raise Invalid("SERIES", f"{ref!r} may be {len(found)} series: {shown}", hint="give more of the id")
    note(f"on the series '{found[0].title}' ({found[0].id})")
    return found[0].id


def _named(rows: Iterable[Series], text: str, *, sure: bool) -> list[Series]:
    wanted = text.casefold()
    rows = list(rows)
    exact = [row for row in rows if row.title.casefold() == wanted or (len(text) >= LEAST and row.id.startswith(text))]
    if exact or sure or not wanted:
        return exact
    return [row for row in rows if row.title.casefold().startswith(wanted)]
