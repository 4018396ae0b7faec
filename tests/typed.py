"""What tests say to the type checker more than once."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from typing import TypeVar

Value = TypeVar("Value")


def sure(value: Value | None) -> Value:
    """What may be missing, where it must not be."""
    assert value is not None
    return value


def generator(values: Iterator[Value]) -> Generator[Value, None, None]:
    """An iterator that is one, and can be closed."""
    assert isinstance(values, Generator)
    return values


def async_generator(values: AsyncIterator[Value]) -> AsyncGenerator[Value, None]:
    """The same of an asynchronous one."""
    assert isinstance(values, AsyncGenerator)
    return values
