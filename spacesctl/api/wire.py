"""The base of all types of the wire, and how they become JSON and come back.

Requests refuse what they do not know. Answers and events are read leniently: a field of a newer server is passed over, and a field
with a default may be missing. Words of a closed list (`domain.words`) are the exception: another word is another version of the API.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final, Generic, TypeVar, get_args

import msgspec
from msgspec import UNSET, Meta, UnsetType

__all__ = [
    "FILE",
    "LINES",
    "UNSET",
    "Answer",
    "Given",
    "Meta",
    "Page",
    "Time",
    "UnsetType",
    "Wire",
    "dump",
    "load",
    "load_value",
    "plain",
    "time",
]

T = TypeVar("T")
LINES: Final = {"text": "lines"}
"""`Meta(extra=LINES)`: a text of a request that may have newlines and tabs. Without it a text is one line: see `api.request_texts`."""
FILE: Final = {"text": "file"}
"""`Meta(extra=FILE)`: the content of a text file."""
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


class Time(datetime):
    """An instant in UTC. On the wire: RFC 3339 with milliseconds and `Z`."""

    @classmethod
    def of(cls, at: datetime) -> Time:
        """The same instant, in whole milliseconds."""
        at = at.astimezone(UTC)
        return cls(at.year, at.month, at.day, at.hour, at.minute, at.second, at.microsecond // 1000 * 1000, UTC)

    @classmethod
    def read(cls, text: str) -> Time:
        """Raises ValueError when the text is no instant of RFC 3339."""
        if _INSTANT.fullmatch(text) is None:
            raise ValueError("must be an instant such as 2026-12-01T18:00:00Z, with a time zone")
        try:
            at = datetime.fromisoformat(text)
        except ValueError as error:  # such as the 30th of February, 24:00, or a leap second
            raise ValueError("is a time that no clock and calendar shows") from error
        try:
            return cls.of(at)
        except OverflowError as error:  # in UTC it lies beyond the years that there are
            raise ValueError("is too far away") from error

    def __str__(self) -> str:
        # Not `%Y`, which leaves out the zeros of early years.
        return f"{self.year:04}-{self:%m-%dT%H:%M:%S}.{self.microsecond // 1000:03d}Z"


def time(at: datetime | None) -> Time | None:
    """An instant for the wire; None stays None."""
    return Time.of(at) if at is not None else None


class Wire(msgspec.Struct, frozen=True, kw_only=True):
    """The base of all."""


class Given(Wire, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The base of requests. An unknown field is refused: misspelt (`listener` for `listeners`), it would silently do nothing."""


class Answer(Wire, frozen=True, kw_only=True):
    """The base of answers and events. The server sends every field, also one that is null."""


class Page(Answer, Generic[T], frozen=True, kw_only=True):
    """A page of a list. `next` is the `cursor` of the next page; null on the last."""

    data: list[T]
    next: str | None = None


def _encoded(value: object) -> str:
    if isinstance(value, Time):
        return str(value)
    raise NotImplementedError(f"{type(value).__name__} is not a type of the wire")


def decoded(kind: type, value: object) -> object:
    """msgspec's hook for types that it does not know."""
    if kind is Time or Time in get_args(kind):
        if not isinstance(value, str):
            raise ValueError("must be a text such as 2026-12-01T18:00:00Z")
        return Time.read(value)
    raise NotImplementedError(f"{kind} is not a type of the wire")


_encoder = msgspec.json.Encoder(enc_hook=_encoded)


def dump(value: object) -> bytes:
    """JSON of a value of the wire."""
    return _encoder.encode(value)


def load(text: bytes | str, kind: type[T]) -> T:
    """A value of the wire from JSON. Raises `msgspec.ValidationError` and `msgspec.DecodeError`, both ValueErrors."""
    return msgspec.json.decode(text, type=kind, dec_hook=decoded)


def load_value(value: object, kind: type[T]) -> T:
    """A value of the wire from parsed JSON. Raises `msgspec.ValidationError`."""
    return msgspec.convert(value, kind, dec_hook=decoded)


def plain(value: object) -> object:
    """A value of the wire as parsed JSON: dicts, lists, texts, numbers."""
    return msgspec.to_builtins(value, enc_hook=_encoded)
