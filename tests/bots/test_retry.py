"""Which errors pass, how often a call is tried again, and what is logged of an error."""

from __future__ import annotations

import asyncio

import pytest

from bots import retry
from spacesctl.domain.errors import Gone, NotAllowed, SpacesError, TooMany, Unavailable
from spacesctl.support.backoff import Backoff

REFUSED = NotAllowed("@rex said it", reason="grant")


@pytest.fixture(autouse=True)
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "new_backoff", lambda: Backoff((0.0,)))


class Call:
    """Fails with these errors, one each time, and then works."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.tries = 0

    async def __call__(self) -> str:
        self.tries += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


@pytest.mark.parametrize(
    ("error", "passes", "name"),
    [
        (Unavailable("away"), True, "unavailable"),
        (TooMany("acts", 3), True, "too_many"),
        (ConnectionResetError("by peer"), True, "ConnectionResetError"),
        (TimeoutError(), True, "TimeoutError"),
        (REFUSED, False, "not_allowed"),
        (Gone("Space", "s", "ended"), False, "gone"),
        (KeyError("rex"), False, "KeyError"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_error_passes_or_not_and_its_name_quotes_nothing(error: Exception, passes: bool, name: str) -> None:
    assert retry.is_passing(error) is passes
    assert retry.name_of(error) == name


def test_a_call_is_made_again_until_it_works() -> None:
    call = Call(Unavailable("away"), OSError("reset"))
    assert asyncio.run(retry.insist(call)) == "done"
    assert call.tries == 3


@pytest.mark.parametrize(
    ("errors", "tries", "raised"),
    [
        ([Unavailable("away")] * retry.TRIES, retry.TRIES, Unavailable),
        ([OSError("reset")] * retry.TRIES, retry.TRIES, OSError),
        ([Unavailable("away"), REFUSED], 2, NotAllowed),
    ],
    ids=["always away", "always reset", "refused"],
)
def test_it_gives_up_after_some_tries_and_at_once_when_refused(
    errors: list[Exception], tries: int, raised: type[SpacesError | OSError]
) -> None:
    call = Call(*errors)
    with pytest.raises(raised):
        asyncio.run(retry.insist(call))
    assert call.tries == tries
