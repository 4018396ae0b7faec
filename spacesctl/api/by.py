"""Who did something: a person, a rule in a host's name, or the server itself."""

from __future__ import annotations

from typing import Literal

from spacesctl.api.wire import Answer


class By(Answer, frozen=True, kw_only=True, omit_defaults=True):
    """Who did it. A person has `id` and `handle` of the account; a rule its `id` in the rule file, the account `for_host` in whose name
    it acts and the bot `bot_id`; the server (`system`) a `reason`. Fields that do not apply are left out.
    """

    kind: Literal["person", "rule", "system"]
    id: str | None = None
    handle: str | None = None
    for_host: str | None = None
    bot_id: str | None = None
    reason: str | None = None
