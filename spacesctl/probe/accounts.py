"""Accounts that the demo and the benches make."""

from __future__ import annotations

from spacesctl.api.accounts import MadeAccount
from spacesctl.domain.errors import Unavailable


def token_of(made: MadeAccount) -> str:
    """The token of an account that was just made. Raises Unavailable when the answer has none."""
    if made.token is None:
        raise Unavailable(f"the server made {made.handle} without a token")
    return made.token
