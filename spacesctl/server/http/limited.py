"""Which limits a route counts against, declared beside it: `@limited("post")`. What is declared is counted and documented, and no change
goes without: a `WireRoute` without a limit cannot be made, unless it only reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from fastapi.requests import HTTPConnection
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from spacesctl.domain.errors import SpacesError, TooMany
from spacesctl.domain.principals import ANONYMOUS, Person
from spacesctl.server.http.rates import Limits, Spent, blocks
from spacesctl.server.http.services import Services, client_host, services
from spacesctl.store import idempotency

Endpoint = TypeVar("Endpoint", bound=Callable[..., object])
Cost = Callable[[Any], int]
"""How many requests a request counts as, by its body; 0 is not counted."""
READS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Limit:
    """A limit of `[limits]`, and by what it counts."""

    setting: str
    by: Literal["account", "address"] = "account"
    cost: Cost = lambda body: 1


def limited(
    setting: str, by: Literal["account", "address"] = "account", cost: Cost | None = None
) -> Callable[[Endpoint], Endpoint]:
    """Declares that requests to an endpoint count against this setting. May be used several times."""
    if setting not in Limits.model_fields:
        raise TypeError(f"there is no limit {setting}")
    limit = Limit(setting, by) if cost is None else Limit(setting, by, cost)

    def mark(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, "limits", (limit, *declared(endpoint)))  # noqa: B010  # functions have no such attribute for the type checker
        return endpoint

    return mark


def declared(endpoint: object) -> tuple[Limit, ...]:
    """The limits of an endpoint, as they stand above it."""
    found: tuple[Limit, ...] = getattr(endpoint, "limits", ())
    return found


def rule_blocks(body: Any) -> int:
    """What the rule file of a request costs, if it has one."""
    text = body.text if hasattr(body, "text") else body.rules
    return blocks(len(text.encode())) if isinstance(text, str) else 0


async def count(limits: Sequence[Limit], connection: HTTPConnection, given: Mapping[str, Any]) -> list[Spent]:
    """Count a request with these arguments. Raises TooMany, and then nothing is counted. A request whose answer is kept under its
    `Idempotency-Key` is let through.
    """
    app = services(connection)
    caller = next((one for one in given.values() if isinstance(one, Person)), ANONYMOUS)
    spent: list[Spent] = []
    try:
        for limit in limits:
            cost = limit.cost(given.get("body"))
            spent.append(
                _count_one(app, limit, caller, client_host(connection), cost)
            )  # the first ones count if one raises
    except TooMany:
        give_back(spent)
        if await _is_answered(app, caller, given.get("idempotency_key")):
            return []
        raise
    return spent


def _count_one(app: Services, limit: Limit, caller: Person, host: str, cost: int) -> Spent:
    if cost == 0:
        return Spent()
    if limit.by == "address":
        return app.rates.by_address(limit.setting, host)
    return app.rates.by_account(limit.setting, caller, cost)


async def _is_answered(app: Services, caller: Person, key: str | None) -> bool:
    if key is None or caller.account_id is None:
        return False
    async with app.db.read() as db:
        return await idempotency.is_kept(db, caller.account_id, key)


def give_back(spent: Sequence[Spent]) -> None:
    """Uncount a request."""
    for one in spent:
        one.give_back()


@contextmanager
def given_back_on_failure(spent: Sequence[Spent]) -> Iterator[None]:
    """A request that fails for our trouble (5xx, or an error that becomes one) is uncounted; one that is refused stays counted."""
    try:
        yield
    except (SpacesError, HTTPException) as error:
        if _status(error) >= 500:
            give_back(spent)
        raise
    except BaseException:  # also canceled, by the time limit of dry runs
        give_back(spent)
        raise


def settle(spent: Sequence[Spent], answer: Response) -> None:
    """Uncount a request that was answered before, or whose answer says that we failed."""
    if answer.status_code >= 500 or "idempotent-replayed" in answer.headers:
        give_back(spent)


def _status(error: SpacesError | HTTPException) -> int:
    return error.status if isinstance(error, SpacesError) else error.status_code
