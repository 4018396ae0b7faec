"""Stored documents and events have a version number for their format. Old versions are converted to the current format when read.

A change of format gets a new number here, and a function that converts from the version before. Nothing is rewritten in place: a
document is stored in the current format when it is next saved, and events stay as they were written.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic import TypeAdapter

from spacesctl.domain.errors import Unavailable
from spacesctl.domain.series import Series
from spacesctl.domain.space import Space

Lift = Callable[[dict[str, Any]], dict[str, Any]]

SPACE_VERSION: Final = 5
SERIES_VERSION: Final = 2
EVENT_VERSION: Final = 1

_SPACE: TypeAdapter[Space] = TypeAdapter(Space)
_SERIES: TypeAdapter[Series] = TypeAdapter(Series)


def _renamed(value: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {names.get(name, name): one for name, one in value.items()}


def _to_version_2(doc: dict[str, Any]) -> dict[str, Any]:
    """`gagged` people are `server_muted`; `record` and `recordings` are `recording_mode` and `recording_count`."""
    people = {account_id: _renamed(person, {"gagged": "server_muted"}) for account_id, person in doc["people"].items()}
    return {**_renamed(doc, {"record": "recording_mode", "recordings": "recording_count"}), "people": people}


def _to_version_3(doc: dict[str, Any]) -> dict[str, Any]:
    """`hands` was a list of account ids; each has a topic, a note and a voice clip now."""
    return {**doc, "hands": {account_id: {} for account_id in doc["hands"]}}


def _to_version_4(doc: dict[str, Any]) -> dict[str, Any]:
    """`hosted_before` is new. Who created the Space counts without it; of others who gave it over nothing was kept."""
    return doc


_SPACE_LIFTS: Final[Mapping[int, Lift]] = {1: _to_version_2, 2: _to_version_3, 3: _to_version_4, 4: lambda doc: doc}
"""Version 5 has what concerns the chat: without it there is none, and nothing was written."""
_SERIES_LIFTS: Final[Mapping[int, Lift]] = {1: lambda doc: doc}
"""Version 2 has `cohosts`, which is empty without it."""
_EVENT_LIFTS: Final[Mapping[tuple[str, int], Lift]] = {}
"""By event type and version, because most changes affect one type of event."""


def space(doc: str, version: int, space_id: str = "") -> Space:
    """A Space from its stored document. Raises Unavailable when it cannot be read."""
    try:
        if version == SPACE_VERSION:
            return _SPACE.validate_json(doc)
        body = _lifted(json.loads(doc), version, SPACE_VERSION, _SPACE_LIFTS.__getitem__)
        return _SPACE.validate_json(json.dumps(body))
    except (ValueError, LookupError, TypeError) as error:
        raise _unreadable("Space", space_id, version, SPACE_VERSION) from error


def space_doc(value: Space) -> str:
    """The document of a Space, of version `SPACE_VERSION`."""
    return _SPACE.dump_json(value).decode()


def series(doc: str, version: int, series_id: str = "") -> Series:
    """A series from its stored document. Raises Unavailable when it cannot be read."""
    try:
        if version == SERIES_VERSION:
            return _SERIES.validate_json(doc)
        body = _lifted(json.loads(doc), version, SERIES_VERSION, _SERIES_LIFTS.__getitem__)
        return _SERIES.validate_json(json.dumps(body))
    except (ValueError, LookupError, TypeError) as error:
        raise _unreadable("series", series_id, version, SERIES_VERSION) from error


def series_doc(value: Series) -> str:
    """The document of a series, of version `SERIES_VERSION`."""
    return _SERIES.dump_json(value).decode()


def event_body(kind: str, body: dict[str, Any], version: int) -> dict[str, Any]:
    """The body of a stored event in today's shape. Raises Unavailable for a later version."""
    try:
        return _lifted(body, version, EVENT_VERSION, lambda number: _EVENT_LIFTS.get((kind, number), _unchanged))
    except ValueError as error:
        raise _unreadable("event", kind, version, EVENT_VERSION) from error


def _lifted(body: dict[str, Any], version: int, newest: int, lift_of: Callable[[int], Lift]) -> dict[str, Any]:
    if not 1 <= version <= newest:
        raise ValueError(f"version {version}")
    for number in range(version, newest):
        body = lift_of(number)(body)
    return body


def _unreadable(kind: str, name: str, version: int, newest: int) -> Unavailable:
    """To read a later version as today's would lose what it added, when it is saved next."""
    why = "a later version of spacesctl wrote it" if version > newest else "it is damaged"
    return Unavailable(f"the stored {kind} {name} cannot be read: {why} (version {version}, known up to {newest})")


def _unchanged(body: dict[str, Any]) -> dict[str, Any]:
    return body


def evidence(body: dict[str, Any]) -> dict[str, Any]:
    """What a report is based on: people of its room that are `gagged` are `muted`."""
    room = body.get("room")
    if room is None:
        return body
    return {**body, "room": {**room, "people": [_renamed(one, {"gagged": "muted"}) for one in room["people"]]}}
